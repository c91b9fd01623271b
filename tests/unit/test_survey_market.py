"""What the sales of a market say of its extent."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.survey_market import survey_market
from domain.great_circle import great_circle_km
from domain.property import NUMBER_FIELDS, Property, normalised
from tests.fakes.sales import SECTORS, some_sales


def checked(sales: pd.DataFrame) -> pd.DataFrame:
    return sales.assign(type=sales["type"].map(normalised), sector=sales["sector"].map(normalised))


def home_of(sales: pd.DataFrame, row: int) -> Property:
    cells = sales.iloc[row]
    return Property(cells["type"], cells["sector"], *(cells[name] for name in NUMBER_FIELDS))


def nearest(sales: pd.DataFrame, home: Property) -> float:
    places = zip(sales["latitude"].tolist(), sales["longitude"].tolist(), strict=True)
    return min(great_circle_km(home.latitude, home.longitude, *place) for place in places)


def test_it_finds_what_was_seen() -> None:
    sales = checked(some_sales(300))
    extent = survey_market(sales)

    assert extent.types == ("casa", "departamento")
    assert set(extent.sectors) == {normalised(name) for name in SECTORS}
    assert set(extent.ranges) == {"net_usable_area", "net_area", "n_rooms", "n_bathroom"}
    assert extent.ranges["n_rooms"].lowest == sales["n_rooms"].min()
    assert extent.ranges["net_area"].highest == sales["net_area"].max()
    assert extent.highest_usable_share == (sales["net_usable_area"] / sales["net_area"]).max()
    assert extent.whole.sales == 300


def test_sectors_lie_where_their_sales_lie() -> None:
    extent = survey_market(checked(some_sales(600)))

    for name, (latitude, longitude, _) in SECTORS.items():
        sector = extent.sectors[normalised(name)]
        assert great_circle_km(sector.latitude, sector.longitude, latitude, longitude) < 0.3
        assert 2.0 < sector.radius_km < 3.2
    assert sum(sector.sales for sector in extent.sectors.values()) == 600


def test_the_whole_market_lies_in_its_circle() -> None:
    sales = some_sales(200)
    whole = survey_market(checked(sales)).whole
    assert all(whole.holds(*place) for place in zip(sales["latitude"], sales["longitude"], strict=True))


def test_spacing_is_that_of_homes_and_not_of_sales() -> None:
    sales = checked(some_sales(100))
    sold_twice = pd.concat([sales, sales.assign(id=None, price=1.0)], ignore_index=True)
    assert survey_market(sold_twice).spacing == survey_market(sales).spacing
    spacing = survey_market(sales).spacing
    assert 0 < spacing.median < spacing.q90 < spacing.q99


def test_one_sale_and_sales_at_one_point_are_markets_too() -> None:
    one = survey_market(checked(some_sales(1)))
    assert (one.spacing.q99, one.whole.sales) == (0, 1)
    tower = survey_market(checked(some_sales(50)).assign(latitude=90.0, longitude=10.0))
    assert tower.spacing.q99 == 0
    assert tower.whole.radius_km < 0.001


def test_a_market_across_the_180th_meridian_is_small() -> None:
    sales = checked(some_sales(100))
    sales["longitude"] = (180 + np.linspace(-0.05, 0.05, 100) + 180) % 360 - 180
    sales["latitude"] = -16.8
    assert survey_market(sales).whole.radius_km < 6


def test_no_sale_is_no_market() -> None:
    with pytest.raises(ValueError, match="no sale"):
        survey_market(checked(some_sales(5)).iloc[:0])


def test_the_order_of_the_sales_says_nothing() -> None:
    sales = checked(some_sales(150))
    assert survey_market(sales.sample(frac=1, random_state=1)) == survey_market(sales)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.integers(0, 1000), st.sampled_from([0.0, 1.0, 300.0]))
def test_a_home_that_was_sold_is_never_refused(count: int, seed: int, scatter: float) -> None:
    random = np.random.default_rng(seed)
    sales = checked(some_sales(count, seed=seed))
    for name in ("latitude", "longitude"):
        sales[name] = (sales[name] + scatter * random.normal(0, 0.1, count)).clip(-90, 90)
    for name in ("net_usable_area", "net_area"):
        sales[name] *= np.exp(random.normal(0, 2, count))
    extent = survey_market(sales)
    for row in range(count):
        home = home_of(sales, row)
        judgement = extent.judge(home, nearest(sales, home), 0.0)
        assert judgement.refusal is None
        assert judgement.extrapolation == 0
        assert set(judgement.limiting_factors) <= {"few_sales_in_sector"}


def test_homes_left_out_of_a_market_are_hardly_ever_refused() -> None:
    for count in (12, 40, 300):
        sales = checked(some_sales(2 * count, seed=count))
        known, asked = sales.iloc[:count], sales.iloc[count:]
        extent = survey_market(known)
        refused = 0
        for row in range(count):
            home = home_of(asked, row)
            own = known[known["sector"] == home.sector]
            away = nearest(own, home) if len(own) else None
            refused += extent.judge(home, nearest(known, home), away).refusal is not None
        assert refused <= 0.01 * count
