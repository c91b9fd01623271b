"""Features that are the price under another name."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from application.ports.model_trainer import Extras
from application.refuse_price_leaks import refuse_price_leaks
from application.sales.layout import SalesLayout
from domain.errors import PriceLeak
from tests.fakes.sales import some_sales

NUMBERS: dict[str, Callable[[pd.DataFrame], "pd.Series[float]"]] = {
    "a copy": lambda sales: sales["price"],
    "a scaled copy": lambda sales: sales["price"] * 0.0314 + 7,
    "its negative": lambda sales: -sales["price"],
    "its rank": lambda sales: sales["price"].rank(),
    "its rank, ties broken": lambda sales: sales["price"].rank(method="first"),
    "its logarithm": lambda sales: np.log(sales["price"]),
    "its reciprocal": lambda sales: 1 / sales["price"],
    "rounded to thousands": lambda sales: (sales["price"] / 100).round(),
    "a copy with gaps": lambda sales: sales["price"].where(sales.index % 3 > 0),
    "the price per m2": lambda sales: sales["price"] / sales["net_usable_area"],
    "the price per m2 of the whole area": lambda sales: sales["price"] / sales["net_area"],
}
CATEGORIES: dict[str, Callable[[pd.DataFrame], "pd.Series[str]"]] = {
    "the price as text": lambda sales: sales["price"].astype(int).astype(str),
    "the price with a sign": lambda sales: sales["price"].map("$ {:,.0f}".format),
    "a code for each price": lambda sales: sales["price"].map(lambda price: f"code {hash(price) % 9973:x}x"),
}


def layout(*, numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = ()) -> SalesLayout:
    return SalesLayout({"assessed": "Assessed Value"}, "m2", Extras(numeric, categorical))


@pytest.mark.parametrize("leak", NUMBERS)
def test_a_number_that_determines_the_price_is_refused_by_name(leak: str) -> None:
    sales = some_sales(200).assign(assessed=NUMBERS[leak])
    with pytest.raises(PriceLeak, match=r"assessed.*Assessed Value"):
        refuse_price_leaks(sales, layout(numeric=("assessed",)))


@pytest.mark.parametrize("leak", CATEGORIES)
def test_a_category_that_determines_the_price_is_refused_by_name(leak: str) -> None:
    sales = some_sales(200)
    sales["price"] = (sales["price"] / 500).round() * 500  # so that prices repeat
    with pytest.raises(PriceLeak, match="assessed"):
        refuse_price_leaks(sales.assign(assessed=CATEGORIES[leak]), layout(categorical=("assessed",)))


def test_an_own_column_that_was_mapped_to_the_price_is_refused_too() -> None:
    sales = some_sales(200)
    with pytest.raises(PriceLeak, match="net_area"):
        refuse_price_leaks(sales.assign(net_area=sales["price"]), layout())


def test_every_leak_is_named_at_once() -> None:
    sales = some_sales(200)
    with pytest.raises(PriceLeak, match=r"first.*second"):
        refuse_price_leaks(
            sales.assign(first=sales["price"], second=-sales["price"]), layout(numeric=("first", "second"))
        )


def test_honest_features_pass() -> None:
    random = np.random.default_rng(0)
    sales = some_sales(200).assign(
        year_built=random.integers(1900, 2020, 200).astype(float),
        last_assessment=lambda sales: sales["price"] * np.exp(random.normal(0, 0.05, 200)),
        always_the_same=1.0,
        never_known=np.nan,
        house_number=[f"{number}" for number in range(200)],
        heating=random.choice(["gas", "wood"], 200),
        nothing=None,
    )
    numeric = ("year_built", "last_assessment", "always_the_same", "never_known")
    refuse_price_leaks(sales, layout(numeric=numeric, categorical=("house_number", "heating", "nothing")))


def test_a_handful_of_sales_in_the_order_of_their_areas_is_no_leak() -> None:
    sales = some_sales(10).sort_values("net_usable_area", ignore_index=True)
    sales["price"] = [100.0, 130, 150, 190, 200, 260, 270, 300, 390, 400]
    refuse_price_leaks(sales, layout())


def test_equal_prices_leak_through_nothing() -> None:
    refuse_price_leaks(some_sales(50).assign(price=100.0, flat=100.0), layout(numeric=("flat",)))
