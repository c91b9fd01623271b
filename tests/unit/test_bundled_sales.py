"""The real sales in the box are what `data/README.md` says of them."""

import csv
import hashlib
import re
from datetime import date
from pathlib import Path

import pytest

from domain.property import Property
from domain.sale import Sale

DATA = Path(__file__).parents[2] / "data"
SALES = DATA / "ames_sales.csv"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SALES.open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def sales(rows: list[dict[str, str]]) -> list[Sale]:
    return [
        Sale(
            Property(
                type=row["type"],
                sector=row["sector"],
                net_usable_area=float(row["net_usable_area"]),
                net_area=float(row["net_area"]),
                n_rooms=float(row["n_rooms"]),
                n_bathroom=float(row["n_bathroom"]),
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
            ),
            price=int(row["price"]),
            sold_on=date.fromisoformat(row["sold_on"]),
        )
        for row in rows
    ]


def spread(numbers: list[float]) -> tuple[float, float]:
    return min(numbers), max(numbers)


def test_the_file_is_the_one_that_its_readme_vouches_for() -> None:
    vouched = re.findall(r"SHA-256 ([0-9a-f]{64})", (DATA / "README.md").read_text("utf-8"))
    assert vouched == [hashlib.sha256(SALES.read_bytes()).hexdigest()]


def test_it_holds_2930_sales_each_under_an_id_of_its_own(rows: list[dict[str, str]]) -> None:
    assert [row["id"] for row in rows] == [f"ames-{number:04d}" for number in range(1, 2931)]
    assert all(value.strip() == value != "" for row in rows for value in row.values())


def test_every_row_is_a_sale_by_the_rules_of_the_domain(sales: list[Sale]) -> None:
    assert len({sale.property.sector for sale in sales}) == 28
    assert {sale.property.type for sale in sales} == {"OneFam", "TwoFmCon", "Duplex", "TwnhsE", "Twnhs"}
    assert not [sale for sale in sales if "_" in sale.property.sector]


def test_the_homes_are_in_ames_and_measured_in_square_metres(sales: list[Sale]) -> None:
    homes = [sale.property for sale in sales]
    assert spread([home.latitude for home in homes]) == (41.986498, 42.063388)
    assert spread([home.longitude for home in homes]) == (-93.693153, -93.577427)
    assert spread([home.net_usable_area for home in homes]) == (31.03, 524.16)  # 334 and 5,642 square feet
    assert spread([home.net_area for home in homes]) == (120.77, 19996.91)  # 1,300 and 215,245 square feet
    assert spread([home.n_rooms for home in homes]) == (2, 15)
    assert spread([home.n_bathroom for home in homes]) == (0, 5)


def test_they_sold_from_2006_to_2010_for_prices_in_dollars(sales: list[Sale]) -> None:
    assert spread([sale.price for sale in sales]) == (12_789, 755_000)
    days = [sale.sold_on for sale in sales if sale.sold_on]
    assert (min(days), max(days)) == (date(2006, 1, 1), date(2010, 7, 1))
    assert {day.day for day in days} == {1}
