"""How prices moved is told from dated sales, whatever homes came to be sold when."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from application.fit_market_index import fit_market_index, log_levels_of_table
from domain.market_index import ALL_SECTORS, NO_INDEX, MarketIndex

Vector = NDArray[np.float64]
Level = Callable[[Vector, Vector], Vector]
DAYS_PER_MONTH = 30.4375
SCATTER = 0.2


def town(level: Level, count: int = 4000, months: float = 60, seed: int = 0) -> pd.DataFrame:
    """Sales of 20 sectors, dear to dearer, by day; as years go by the homes sold are larger and in dearer sectors.

    `level(months, sector number)` is the log level of prices, in the column `level`. Log prices scatter by 0.2.
    """
    random = np.random.default_rng(seed)
    month = np.sort(random.uniform(0, months, count))
    sector = np.minimum((random.random(count) ** (1 - 0.4 * month / months) * 20).astype(int), 19)
    rooms = random.integers(1, 6, count)
    usable = np.exp(3.3 + 0.25 * rooms + 0.15 * month / months + random.normal(0, 0.2, count))
    house = random.random(count) < 0.3
    latitude, longitude = (
        start + 0.03 * row + random.normal(0, 0.005, count) for start, row in ((45.0, sector // 5), (8.0, sector % 5))
    )
    moved = level(month, sector.astype(float))
    log_price = 8 + 0.85 * np.log(usable) + 0.05 * sector + 0.1 * house + 0.05 * np.sin(300 * latitude) + moved
    return pd.DataFrame(
        {
            "type": np.where(house, "house", "flat"),
            "sector": [f"s{number}" for number in sector],
            "net_usable_area": usable,
            "net_area": usable * np.exp(random.normal(0.1, 0.1, count)),
            "n_rooms": rooms.astype(float),
            "n_bathroom": 1.0 + rooms // 2,
            "latitude": latitude,
            "longitude": longitude,
            "price": np.exp(log_price + random.normal(0, SCATTER, count)),
            "sold_on": (np.datetime64("2012-01-10") + (month * DAYS_PER_MONTH).astype(int)).astype("datetime64[us]"),
            "level": moved,
        }
    )


def steady(slope: float) -> Level:
    return lambda month, _: slope * month


def nothing(month: Vector, _: Vector) -> Vector:
    return 0 * month


def boom_and_bust(month: Vector, _: Vector) -> Vector:
    return np.where(month < 30, 0.012 * month, 0.36 - 0.01 * (month - 30))


def steps(month: Vector, _: Vector) -> Vector:
    return 0.1 * (month // 15)


def cheap_rise_faster(month: Vector, sector: Vector) -> Vector:
    return 0.002 * month + np.where(sector < 10, 0.004, 0.0) * month


def dated(sales: pd.DataFrame, *days: str) -> pd.DataFrame:
    return sales.assign(sold_on=pd.to_datetime(list(days)).astype("datetime64[us]"))


def left_over(index: MarketIndex, sales: pd.DataFrame) -> Vector:
    """What the index leaves of the planted level, about its mean."""
    left = sales["level"].to_numpy() - log_levels_of_table(index, sales)
    return np.asarray(left - left.mean())


def is_flat(index: MarketIndex) -> bool:
    return set(index.drift.values()) == {0.0} and not any(np.any(levels) for levels in index.log_levels.values())


@pytest.mark.parametrize(
    ("level", "within"),
    [(steady(0.0085), 0.01), (steady(-0.004), 0.01), (boom_and_bust, 0.015), (steps, 0.035), (nothing, 0.002)],
)
def test_the_course_of_prices_is_found_under_a_changing_mix_of_homes(level: Level, within: float) -> None:
    sales = town(level)
    assert np.sqrt(np.mean(left_over(fit_market_index(sales), sales) ** 2)) < within


def test_a_steady_drift_is_carried_on() -> None:
    index = fit_market_index(town(steady(0.0085)))
    assert index.drift[ALL_SECTORS] == pytest.approx(0.0085, abs=0.0008)
    assert index.drift_months == 24
    assert index.group_of_sector == {}


def test_prices_that_do_not_move_are_left_alone() -> None:
    found = [fit_market_index(town(nothing, seed=seed)) for seed in range(5)]
    assert sum(is_flat(index) for index in found) >= 4
    assert all(abs(index.drift[ALL_SECTORS]) < 0.001 for index in found)


def test_cheap_sectors_may_drift_apart_from_dear_ones() -> None:
    sales = town(cheap_rise_faster, count=12_000)
    index = fit_market_index(sales)
    later = index.reference + timedelta(days=365)
    assert index.log_level("s1", later) == pytest.approx(12 * 0.006, abs=0.012)
    assert index.log_level("s18", later) == pytest.approx(12 * 0.002, abs=0.012)
    assert index.log_level("no such sector", later) == pytest.approx(12 * 0.0037, abs=0.012)


def features(sales: pd.DataFrame) -> Vector:
    usable = np.log(sales["net_usable_area"])
    return np.column_stack([np.ones(len(sales)), usable, usable**2, sales["n_rooms"], sales["type"] == "house"])


def hedonic(train: pd.DataFrame, log_price: Vector, test: pd.DataFrame) -> Vector:
    """Log values of `test` by a plain model of features and the mean of the sector."""
    slopes = np.linalg.lstsq(features(train), log_price, rcond=None)[0]
    rest = pd.Series(log_price - features(train) @ slopes, index=train.index).groupby(train["sector"]).mean()
    return np.asarray(features(test) @ slopes + test["sector"].map(rest).to_numpy())


@pytest.mark.parametrize("level", [steady(0.0085), steady(-0.004), boom_and_bust])
def test_later_sales_are_valued_nearly_as_well_as_if_their_level_were_known(level: Level) -> None:
    sales = town(level, count=6000)
    train, test = sales.iloc[:4800], sales.iloc[4800:]
    log_price, actual = np.log(train["price"].to_numpy()), np.log(test["price"].to_numpy())
    index = fit_market_index(train)
    raw = hedonic(train, log_price, test)
    indexed = hedonic(train, log_price - log_levels_of_table(index, train), test) + log_levels_of_table(index, test)
    none, ours = (abs(float(np.median(values - actual))) for values in (raw, indexed))
    assert ours < 0.3 * none or ours < 0.02
    oracle = np.median(np.abs(raw - actual - np.median(raw - actual)))
    gap = float(np.median(np.abs(raw - actual)) - oracle)
    closed = float(np.median(np.abs(raw - actual)) - np.median(np.abs(indexed - actual)))
    assert closed > 0.7 * gap


def test_undated_sales_have_no_index() -> None:
    sales = town(steady(0.01), count=300)
    assert fit_market_index(sales.drop(columns="sold_on")) == NO_INDEX
    undated = sales.assign(sold_on=np.datetime64("NaT", "us"))
    assert fit_market_index(undated) == NO_INDEX
    for table in (undated, sales, sales.drop(columns="sold_on")):
        assert (log_levels_of_table(NO_INDEX, table) == 0).all()


def test_a_sale_without_a_date_is_taken_to_be_at_the_mean_level() -> None:
    sales = town(steady(0.0085), count=1000)
    some = np.arange(1000) % 5 == 0
    partly = sales.assign(sold_on=sales["sold_on"].mask(some))
    index = fit_market_index(partly)
    assert index == fit_market_index(sales[~some])
    levels = log_levels_of_table(index, partly)
    assert levels[some] == pytest.approx(levels[~some].mean(), abs=0.01)


def test_levels_of_a_table_are_those_of_single_sales() -> None:
    sales = town(cheap_rise_faster, count=12_000)
    index = fit_market_index(sales)
    some = sales.iloc[::500]
    some = some.assign(sector=["elsewhere", *some["sector"].tolist()[1:]])
    alone = [index.log_level(sector, day.date()) for sector, day in zip(some["sector"], some["sold_on"], strict=True)]
    assert log_levels_of_table(index, some).tolist() == alone


@pytest.mark.parametrize("day", ["1650-02-03", "1969-12-31", "2014-05-06"])
@pytest.mark.parametrize("count", [1, 2, 500])
def test_a_single_day_has_a_single_level(count: int, day: str) -> None:
    index = fit_market_index(town(nothing, count=count).assign(sold_on=np.datetime64(day, "us")))
    assert is_flat(index)
    assert index.reference == date.fromisoformat(day)
    assert index.months == (day[:7],)
    assert index.counts == (count,)


def test_a_single_month_has_a_single_level() -> None:
    assert is_flat(fit_market_index(town(steady(0.2), count=800, months=0.6)))


def test_two_sales_tell_no_drift() -> None:
    assert is_flat(fit_market_index(dated(town(nothing, count=2), "2010-01-01", "2020-01-01")))


@pytest.mark.parametrize("seed", range(10))
def test_ten_sales_tell_no_wild_drift(seed: int) -> None:
    index = fit_market_index(town(nothing, count=10, seed=seed))
    assert np.ptp(index.log_levels[ALL_SECTORS]) < 1.0
    assert abs(index.drift[ALL_SECTORS]) < 0.02


def test_few_sales_that_move_much_tell_a_shrunk_line() -> None:
    found = [fit_market_index(town(steady(0.02), count=80, months=36, seed=seed)) for seed in range(5)]
    drifts = [index.drift[ALL_SECTORS] for index in found]
    assert np.mean(drifts) == pytest.approx(0.02, abs=0.006)
    levels = np.array(found[0].log_levels[ALL_SECTORS])
    assert (np.diff(levels) > 0).all()


def test_years_without_a_sale_are_bridged() -> None:
    sales = town(steady(0.005), months=180)
    early, late = pd.Timestamp("2015-01-01"), pd.Timestamp("2023-01-01")
    gapped = sales[(sales["sold_on"] < early) | (sales["sold_on"] > late)]
    index = fit_market_index(gapped)
    assert "2019-01" not in index.months
    middle = index.log_level("s3", date(2019, 1, 15))
    assert index.log_level("s3", date(2014, 12, 15)) < middle < index.log_level("s3", date(2023, 1, 15))
    assert np.sqrt(np.mean(left_over(index, gapped) ** 2)) < 0.03


@pytest.mark.parametrize("day", ["1800-01-01", "2199-01-01"])
def test_a_slip_in_a_year_does_not_bend_the_market(day: str) -> None:
    sales = town(steady(0.0085))
    wrong = sales.copy()
    wrong.loc[[7, 1007], "sold_on"] = pd.Timestamp(day)
    index = fit_market_index(wrong)
    assert index.drift[ALL_SECTORS] == pytest.approx(0.0085, abs=0.001)
    assert date(2016, 12, 1) < index.reference < date(2017, 2, 1)


def test_a_few_absurd_prices_do_not_bend_the_market() -> None:
    sales = town(steady(0.004))
    wrong = sales.copy()
    wrong.loc[3500::25, "price"] *= 1000.0
    assert fit_market_index(wrong).drift[ALL_SECTORS] == pytest.approx(0.004, abs=0.001)


ODD_TOWNS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "one sector": lambda sales: sales.assign(sector="s"),
    "all prices equal": lambda sales: sales.assign(price=100.0),
    "all at one point": lambda sales: sales.assign(latitude=1.0, longitude=1.0),
    "all alike": lambda sales: sales.assign(**dict.fromkeys(("net_usable_area", "net_area", "n_rooms"), 3.0)),
    "each in its own sector": lambda sales: sales.assign(sector=[f"s{row}" for row in range(len(sales))]),
    "six orders of magnitude": lambda sales: sales.assign(price=10 ** np.linspace(0, 6, len(sales))[::-1]),
}


@pytest.mark.parametrize("count", [1, 10, 150, 2000])
@pytest.mark.parametrize("odd", ODD_TOWNS)
def test_odd_sales_get_an_index_too(odd: str, count: int) -> None:
    sales = ODD_TOWNS[odd](town(nothing, count=count))
    levels = log_levels_of_table(fit_market_index(sales), sales)
    assert np.isfinite(levels).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), count=st.sampled_from([3, 60, 400, 1500]))
def test_the_order_of_sales_does_not_matter(seed: int, count: int) -> None:
    sales = town(boom_and_bust, count=count, seed=seed)
    assert fit_market_index(sales.sample(frac=1, random_state=seed)) == fit_market_index(sales)


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(1e-4, 1e6), count=st.sampled_from([60, 400, 1500]))
def test_the_currency_does_not_matter(factor: float, count: int) -> None:
    sales = town(steady(0.006), count=count)
    once, again = fit_market_index(sales), fit_market_index(sales.assign(price=sales["price"] * factor))
    assert again.drift[ALL_SECTORS] == pytest.approx(once.drift[ALL_SECTORS], abs=1e-7)
    assert again.log_levels[ALL_SECTORS] == pytest.approx(once.log_levels[ALL_SECTORS], abs=1e-6)


def test_levels_are_nought_at_the_last_sale_and_continuous_about_it() -> None:
    sales = town(boom_and_bust)
    index = fit_market_index(sales)
    assert index.reference == sales["sold_on"].max().date()
    days: list[Any] = [index.first_day + timedelta(days=number) for number in range(-100, 3000)]
    levels = np.array([index.log_level("s1", day) for day in days])
    assert index.log_level("s1", index.reference) == 0
    assert np.abs(np.diff(levels)).max() < 0.002
