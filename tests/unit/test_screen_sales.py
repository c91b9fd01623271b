"""Sales that no model should learn from are found, told apart, and nothing else is touched."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.sales.layout import M2_PER_FT2
from application.screen_sales import screen_homes, screen_prices
from application.screening.neighbours import nearest_others
from application.screening.suspects import Screening
from application.screening.thresholds import ScreeningThresholds
from config.settings import ScreeningSettings
from tests.fakes.sales import some_sales

THRESHOLDS = ScreeningThresholds()
SALES = 900


def market(count: int = SALES, *, seed: int = 0) -> pd.DataFrame:
    """A town of nine sectors of their own price levels, of flats and houses, with prices that rose by half in 8 years.

    Places are some 2 km apart by sector; prices scatter by 15 per cent.
    """
    random = np.random.default_rng(seed)
    sector = random.integers(0, 9, count)
    house = random.random(count) < 0.3
    rooms = random.integers(1, 6, count) + house
    usable = np.exp(3.2 + 0.25 * rooms + random.normal(0, 0.15, count)).round(1)
    day = random.integers(0, 8 * 365, count)
    log_price = 7 + 0.9 * np.log(usable) + 0.2 * (sector % 4) + 0.1 * house + 0.05 * day / 365
    return pd.DataFrame(
        {
            "type": np.where(house, "house", "flat"),
            "sector": [f"sector {number}" for number in sector],
            "net_usable_area": usable,
            "net_area": (usable * np.where(house, 2.0, 1.1) * np.exp(random.normal(0, 0.1, count))).round(1),
            "n_rooms": rooms.astype(float),
            "n_bathroom": np.maximum(1, rooms // 2).astype(float),
            "latitude": (47.0 + 0.03 * (sector // 3) + random.normal(0, 0.003, count)).round(6),
            "longitude": (8.0 + 0.04 * (sector % 3) + random.normal(0, 0.004, count)).round(6),
            "price": np.exp(log_price + random.normal(0, 0.15, count)).round(),
            "sold_on": (np.datetime64("2015-01-01") + day).astype("datetime64[us]"),
        }
    )


def with_planted(slip: Callable[[pd.DataFrame], pd.DataFrame], rows: list[int]) -> pd.DataFrame:
    """The market, with the slip in these rows."""
    sales = market()
    wrong = slip(sales.loc[rows].copy())
    sales.loc[rows, wrong.columns] = wrong
    return sales


def times(factor: float, *columns: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{column: rows[column] * factor for column in columns})


def changed(sales: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    sales = sales.copy()
    for column, value in columns.items():
        sales[column] = value
    return sales


def found(screening: Screening) -> dict[int, str]:
    return {objection.row: objection.reason for objection in screening.objections}


def screened(sales: pd.DataFrame) -> dict[int, str]:
    """What both screenings find, one after the other, as in training; by row."""
    homes = found(screen_homes(sales, THRESHOLDS))
    stay = np.array([row for row in range(len(sales)) if row not in homes])
    prices = found(screen_prices(sales.iloc[stay].reset_index(drop=True), THRESHOLDS))
    return homes | {int(stay[row]): reason for row, reason in prices.items()}


FEW = [3, 300, 600]
MANY = list(range(7, SALES, 25))  # 4 %


class TestPlantedErrors:
    @pytest.mark.parametrize("rows", [FEW, MANY], ids=["few", "many"])
    @pytest.mark.parametrize(
        ("slip", "reason"),
        [
            (times(1 / M2_PER_FT2, "net_usable_area", "net_area"), "area_unit"),
            (times(1 / M2_PER_FT2, "net_usable_area"), "area_unit"),
            (times(M2_PER_FT2, "net_usable_area", "net_area"), "area_unit"),
            (times(40, "net_usable_area"), "impossible_area"),
            (times(1 / 60, "net_usable_area"), "impossible_area"),
            (lambda rows: rows.assign(latitude=0.0, longitude=0.0), "impossible_place"),
            (lambda rows: rows.assign(latitude=rows["longitude"], longitude=rows["latitude"]), "impossible_place"),
            (lambda rows: rows.assign(longitude=-rows["longitude"]), "impossible_place"),
            (times(1000, "price"), "price_currency_or_unit"),
            (times(0.001, "price"), "price_currency_or_unit"),
            (times(100, "price"), "price_currency_or_unit"),
        ],
    )
    def test_are_found_with_their_reason(
        self, slip: Callable[[pd.DataFrame], pd.DataFrame], reason: str, rows: list[int]
    ) -> None:
        result = screened(with_planted(slip, rows))

        assert sum(result.get(row) == reason for row in rows) >= 0.95 * len(rows)
        assert len(set(result) - set(rows)) < 0.02 * SALES

    @pytest.mark.parametrize("factor", [10, 1 / 10, 4, 1 / 4])
    def test_prices_that_no_market_made_are_found(self, factor: float) -> None:
        result = screened(with_planted(times(factor, "price"), FEW))

        assert result == dict.fromkeys(FEW, "non_market_price")

    def test_a_factor_that_many_prices_share_is_taken_for_another_currency(self) -> None:
        result = screened(with_planted(times(18.5, "price"), MANY))

        assert set(result) == set(MANY)
        assert list(result.values()).count("price_currency_or_unit") > 0.9 * len(MANY)

    def test_a_home_in_the_sea_is_found(self) -> None:
        result = screened(with_planted(lambda rows: rows.assign(latitude=[46.0, 48.0, 51.0]), FEW))

        assert result == dict.fromkeys(FEW, "impossible_place")

    def test_a_home_amid_another_sector_is_found(self) -> None:
        sales = market()
        row = int(np.flatnonzero(sales["sector"] == "sector 0")[0])
        sales.loc[row, "sector"] = "sector 8"

        screening = screen_homes(sales, THRESHOLDS)

        assert found(screening) == {row: "impossible_place"}
        assert "amid homes of sector 0" in screening.objections[0].explanation

    def test_a_sale_listed_again_is_found_whatever_its_id_and_the_first_one_stays(self) -> None:
        sales = market().assign(id=[f"s{row}" for row in range(SALES)])
        both = pd.concat([sales, sales.iloc[FEW].assign(id="again")], ignore_index=True)

        screening = screen_homes(both, THRESHOLDS)

        assert found(screening) == dict.fromkeys(range(SALES, SALES + len(FEW)), "duplicate")
        assert (
            screening.objections[0].explanation == "the same home, price and date as another row (id s3), which is kept"
        )

    @pytest.mark.parametrize(("column", "value"), [("price", 1.0), ("sold_on", pd.Timestamp("2001-01-01"))])
    def test_a_home_sold_again_is_no_duplicate(self, column: str, value: object) -> None:
        again = changed(market().iloc[FEW], {column: value})
        both = pd.concat([market(), again], ignore_index=True)

        assert "duplicate" not in screen_homes(both, THRESHOLDS).by_reason


class TestExplanations:
    def test_give_the_figures(self) -> None:
        sales = with_planted(times(1 / 6, "price"), [3])

        (objection,) = screen_prices(sales, THRESHOLDS).objections

        before, _, after = objection.explanation.partition(" is ")
        assert before == f"{sales['price'][3]:,.12g}"
        assert after.endswith(" times less than its neighbours and features suggest")
        assert 4 < float(after.split()[0]) < 9

    def test_tell_how_many_share_a_factor(self) -> None:
        sales = with_planted(times(18.5, "price"), MANY)

        screening = screen_prices(sales, THRESHOLDS)

        others = screening.by_reason["price_currency_or_unit"] - 1
        assert f"and {others} other sales are off by about 1" in screening.objections[0].explanation

    def test_the_share_and_the_counts_are_of_the_sales_given(self) -> None:
        screening = screen_prices(with_planted(times(1000, "price"), FEW), THRESHOLDS)

        assert screening.share == len(FEW) / SALES
        assert screening.by_reason == {"price_currency_or_unit": len(FEW)}

    def test_of_a_part_of_the_sales_can_be_told_of_all_of_them(self) -> None:
        sales = with_planted(times(1000, "price"), FEW)
        part = np.flatnonzero(np.arange(SALES) % 2 == 0)

        screening = screen_prices(sales.iloc[part].reset_index(drop=True), THRESHOLDS).within(part)

        assert set(found(screening)) == {300, 600}
        assert screening.share == 2 / len(part)


class TestCleanSales:
    @pytest.mark.parametrize("seed", [1, 2])
    @pytest.mark.parametrize("count", [10, 49, 50, 300, SALES])
    def test_stay(self, count: int, seed: int) -> None:
        assert len(screened(market(count, seed=seed))) < 0.02 * count

    def test_of_a_long_rise_of_prices_stay(self) -> None:
        sales = market()
        years = (sales["sold_on"] - sales["sold_on"].min()).dt.days / 365
        risen = sales.assign(price=sales["price"] * np.exp(0.4 * years))

        assert len(screened(risen)) < 0.02 * SALES

    def test_with_large_grounds_are_not_taken_for_square_feet(self) -> None:
        sales = market()
        large = np.exp(np.random.default_rng(0).exponential(0.9, SALES))

        assert len(screened(sales.assign(net_area=sales["net_area"] * large))) < 0.02 * SALES

    def test_of_two_towns_stay(self) -> None:
        sales = market()
        away = np.where(np.arange(SALES) % 10 == 0, 4.0, 0.0)

        assert screen_homes(sales.assign(latitude=sales["latitude"] + away), THRESHOLDS).objections == ()


class TestTablesThatAreNoMarket:
    ODD = pytest.mark.parametrize(
        "change",
        [
            {"price": 5.0},
            {"sector": "one"},
            {"latitude": 0.0, "longitude": 0.0},
            {"latitude": 1.0, "longitude": 2.0},
            {"type": "a", "net_usable_area": 50.0, "net_area": 50.0, "n_rooms": 2.0, "n_bathroom": 1.0},
            {"n_rooms": 0.0, "n_bathroom": 0.0},
            {"sold_on": pd.NaT},
            {"year_built": np.nan, "style": None},
            {"net_usable_area": 1e9, "net_area": 1e-9},
        ],
    )

    @ODD
    @pytest.mark.parametrize("count", [1, 2, 8, 10, 60])
    def test_are_not_taken_apart(self, count: int, change: dict[str, Any]) -> None:
        assert len(screened(changed(market(count), change))) <= max(1, 0.1 * count)

    def test_prices_over_six_orders_of_magnitude_stay(self) -> None:
        sales = market(400)
        prices = 10 ** np.random.default_rng(0).uniform(0, 6, 400)

        assert len(screen_prices(sales.assign(price=prices), THRESHOLDS).objections) < 8

    def test_no_sales_have_nothing_to_object_to(self) -> None:
        none = market().iloc[:0]

        assert screen_homes(none, THRESHOLDS).share == screen_prices(none, THRESHOLDS).share == 0.0

    def test_ten_sales_lose_no_more_than_a_gross_error(self) -> None:
        small = market(30, seed=3)
        gross = small.assign(price=small["price"] * np.where(small.index == 4, 1000, 1))
        slight = small.assign(price=small["price"] * np.where(small.index == 4, 3, 1))

        assert screened(gross) == {4: "price_currency_or_unit"}
        assert screened(slight) == {}

    def test_a_rule_that_would_take_many_takes_none_and_says_so(self) -> None:
        sales = market()
        two_currencies = sales.assign(price=sales["price"] * np.where(sales.index % 4 == 0, 1000, 1))

        screening = screen_prices(two_currencies, THRESHOLDS)

        assert screening.objections == ()
        (note,) = screening.notes
        assert re.match(r"price_currency_or_unit: 2\d\d of 900 sales \(2\d%\) are off by 100, 1,000 or more; ", note)

    def test_a_table_stacked_on_itself_loses_its_second_half(self) -> None:
        screening = screen_homes(pd.concat([market(), market()], ignore_index=True), THRESHOLDS)

        assert found(screening) == dict.fromkeys(range(SALES, 2 * SALES), "duplicate")


class TestLaws:
    @settings(max_examples=8, deadline=None)
    @given(st.integers(0, 2**32 - 1))
    def test_homes_are_judged_without_a_look_at_prices(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        sales = some_sales(300, seed=seed % 7).assign(price=1.0 + np.arange(300))
        rows = random.choice(300, 6, replace=False)
        sales.loc[rows[:3], "net_usable_area"] *= 30
        sales.loc[rows[3:], ["latitude", "longitude"]] = 0.0
        other_prices = sales.assign(price=random.permutation(10 ** random.uniform(-3, 9, 300)))

        assert screen_homes(sales, THRESHOLDS) == screen_homes(other_prices, THRESHOLDS)

    @settings(max_examples=3, deadline=None)
    @given(st.integers(0, 2**32 - 1))
    def test_the_order_of_the_sales_does_not_matter_to_what_is_found(self, seed: int) -> None:
        sales = with_planted(times(1000, "price"), FEW).iloc[:700]
        order = np.random.default_rng(seed).permutation(len(sales))

        moved = screened(sales.iloc[order].reset_index(drop=True))

        assert {int(order[row]): reason for row, reason in moved.items()} == screened(sales)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(2, 400), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 6]))
    def test_the_nearest_others_are_the_nearest(self, count: int, wanted: int, seed: int, digits: int) -> None:
        points = np.random.default_rng(seed).normal(0, [1.0, 5.0, 0.1], (count, 3)).round(digits)

        near = nearest_others(points, wanted)

        apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
        np.fill_diagonal(apart, np.inf)
        np.testing.assert_allclose(near.kilometres, np.sort(apart, axis=1)[:, : min(wanted, count - 1)], atol=1e-12)
        assert (near.rows != np.arange(count)[:, None]).all()
        assert all(len(set(row)) == len(row) for row in near.rows.tolist())


def test_the_settings_have_every_threshold_with_the_same_default() -> None:
    configured = ScreeningSettings()

    for threshold in dataclasses.fields(ScreeningThresholds):
        assert getattr(configured, threshold.name) == threshold.default
