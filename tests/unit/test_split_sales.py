"""Which sales are learned from, and which judge."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.split_sales import Scheme, fold_numbers, home_numbers, homes_in_both, rolling_origins, split_sales
from domain.property import PROPERTY_FIELDS
from tests.fakes.sales import some_sales

SCHEMES = ("random", "spatial", "temporal")
PLACE = ("latitude", "longitude")


def with_resales(sales: pd.DataFrame, homes: int) -> pd.DataFrame:
    """`sales`, and once more the sales of the first `homes`, years later and dearer."""
    again = sales.head(homes).assign(price=sales["price"] * 1.2, sold_on=sales["sold_on"] + pd.Timedelta(days=900))
    return pd.concat([sales, again], ignore_index=True)


def with_relistings(sales: pd.DataFrame, seed: int) -> pd.DataFrame:
    """`sales` in random order, each of them once more as another hand might write it; `home` says which is which."""
    random = np.random.default_rng(seed)
    sales = sales.assign(home=np.arange(len(sales)))
    later = pd.to_timedelta(random.integers(-600, 600, len(sales)), unit="D")
    renamed = sales.assign(id=sales["id"] + "b", sold_on=sales["sold_on"] + later)
    ways: list[pd.DataFrame] = [
        sales,
        renamed,
        renamed.assign(price=sales["price"] * 1.3),
        renamed.assign(net_usable_area=sales["net_usable_area"] * 1.008, net_area=sales["net_area"] * 0.993),
        renamed.assign(sector=sales["sector"].str.upper() + " (centro)", n_bathroom=sales["n_bathroom"] + 1),
        renamed.assign(latitude=sales["latitude"].round(5), longitude=sales["longitude"].round(5)),
        sales.assign(latitude=sales["latitude"] + 0.0007, net_usable_area=sales["net_usable_area"] * 1.2),
    ]
    way = random.integers(0, len(ways), len(sales))
    again = [written[way == number] for number, written in enumerate(ways)]
    listed = pd.concat([sales, *again], ignore_index=True)
    shuffled: pd.DataFrame = listed.iloc[random.permutation(len(listed))].reset_index(drop=True)
    return shuffled


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_homes_listed_again_never_straddle_a_split(scheme: Scheme, seed: int) -> None:
    split = split_sales(with_relistings(some_sales(120, seed=seed, dated=True), seed), scheme, 0.3, seed)
    assert not set(split.train["home"]) & set(split.test["home"])
    assert len(split.test)


@pytest.mark.parametrize("scheme", ["random", "spatial"])
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_homes_listed_again_are_in_one_fold(scheme: Literal["random", "spatial"], seed: int) -> None:
    sales = with_relistings(some_sales(120, seed=seed, dated=True), seed)
    folds = pd.Series(fold_numbers(sales, 5, seed, scheme))
    assert (folds.groupby(sales["home"]).nunique() == 1).all()
    assert set(folds) == set(range(5))


def test_homes_listed_again_in_a_given_holdout_are_told_of() -> None:
    sales = with_relistings(some_sales(120, dated=True), seed=0)
    first = ~sales["home"].duplicated()
    assert homes_in_both(sales[first], sales[~first]) == 120
    assert homes_in_both(sales[first].drop(columns="id").head(60), some_sales(30, seed=9)) == 0


@settings(max_examples=40)
@given(
    days=st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=1, max_size=60),
    origins=st.integers(1, 8),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 50),
)
def test_each_origin_learns_only_from_what_was_sold_before_all_that_it_values(
    days: list[int | None], origins: int, fraction: float, seed: int
) -> None:
    homes = some_sales(max(len(days) // 2, 1), seed=seed)
    sales = pd.concat([homes, homes, homes.head(1)], ignore_index=True).iloc[: len(days)]
    since = np.array([np.timedelta64("NaT", "D") if day is None else np.timedelta64(day, "D") for day in days])
    sales["sold_on"] = (np.datetime64("2024-01-01") + since).astype("datetime64[us]")
    home = home_numbers(sales)
    rounds = rolling_origins(sales, origins, fraction)
    assert len(rounds) <= origins
    valued_until = pd.Timestamp("2023-01-01")
    for origin in rounds:
        learned, valued = sales[origin.train], sales[origin.test]
        assert len(learned)
        assert len(valued)
        assert learned["sold_on"].notna().all()
        assert learned["sold_on"].max() < valued["sold_on"].min()
        assert not set(home[origin.train]) & set(home[origin.test])
        assert valued_until < valued["sold_on"].min()
        valued_until = valued["sold_on"].max()


def test_origins_value_the_latest_sales_in_windows_of_about_one_size() -> None:
    sales = some_sales(400, dated=True)
    rounds = rolling_origins(sales, 4, 0.4)
    assert [origin.test.sum() for origin in rounds] == pytest.approx([40] * 4, abs=3)
    tested = np.logical_or.reduce([origin.test for origin in rounds])
    assert sales.loc[tested, "sold_on"].min() > sales.loc[~tested, "sold_on"].max()
    assert [origin.train.sum() for origin in rounds] == sorted({origin.train.sum() for origin in rounds})


def test_without_dates_or_with_one_day_alone_there_is_no_origin() -> None:
    sales = some_sales(50)
    for sold_on in (pd.NaT, pd.Timestamp("2024-05-01")):
        assert rolling_origins(sales.assign(sold_on=pd.Series([sold_on] * 50)), 4, 0.4) == []
    assert rolling_origins(sales, 4, 0.4) == []


def test_homes_that_are_sold_again_are_not_valued_by_an_origin_that_knows_them() -> None:
    early = some_sales(50).assign(sold_on=pd.Timestamp("2024-01-01"))
    late = pd.concat([early.head(30), some_sales(20, seed=1)]).assign(sold_on=pd.Timestamp("2024-06-01"))
    (origin,) = rolling_origins(pd.concat([early, late], ignore_index=True), 4, 0.5)
    assert origin.train.sum() == 50
    assert origin.test.sum() == 20


@pytest.mark.parametrize("count", [100, 1000])
def test_spatial_folds_share_no_block_and_are_of_like_size(count: int) -> None:
    sales = some_sales(count)
    folds = fold_numbers(sales, 5, 0, "spatial")
    sizes = np.bincount(folds, minlength=5)
    assert sizes.min() > 0.1 * count
    corners = [np.quantile(sales[name], np.linspace(0, 1, 9)[1:-1]) for name in ("latitude", "longitude")]
    row, column = (np.searchsorted(corner, sales[name]) for corner, name in zip(corners, PLACE, strict=True))
    assert (pd.Series(folds).groupby([row, column]).nunique() == 1).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_sale_is_on_exactly_one_side(scheme: Scheme) -> None:
    sales = some_sales(200, dated=True)
    split = split_sales(sales, scheme, 0.25, seed=0)
    assert sorted([*split.train["id"], *split.test["id"]]) == sorted(sales["id"])
    assert split.scheme == scheme


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=20)
@given(homes=st.integers(1, 100), seed=st.integers(0, 20))
def test_sales_of_one_home_never_straddle_a_split(scheme: Scheme, homes: int, seed: int) -> None:
    sales = with_resales(some_sales(100, seed=seed, dated=True), homes)
    split = split_sales(sales, scheme, 0.25, seed)
    in_train, in_test = (set(side[list(PROPERTY_FIELDS)].itertuples(index=False)) for side in (split.train, split.test))
    assert not in_train & in_test


@settings(max_examples=20)
@given(homes=st.integers(1, 100), seed=st.integers(0, 20))
def test_sales_of_one_home_are_in_one_fold(homes: int, seed: int) -> None:
    sales = with_resales(some_sales(100, seed=seed, dated=True), homes)
    folds = fold_numbers(sales, 5, seed)
    homes_and_folds = {(home, fold) for home, fold in zip(home_numbers(sales), folds, strict=True)}
    assert len(homes_and_folds) == len(set(home_numbers(sales)))


@pytest.mark.parametrize("count", [10, 11, 203])
def test_folds_are_about_equally_large(count: int) -> None:
    sizes = np.bincount(fold_numbers(some_sales(count), 5, seed=0), minlength=5)
    assert sizes.sum() == count
    assert sizes.max() - sizes.min() <= 1


@settings(max_examples=20)
@given(fraction=st.floats(0.05, 0.95), seed=st.integers(0, 5))
def test_a_random_holdout_has_the_size_asked_for(fraction: float, seed: int) -> None:
    split = split_sales(some_sales(200), "random", fraction, seed)
    assert abs(len(split.test) - fraction * 200) <= 1


def test_a_temporal_holdout_is_later_than_all_that_is_learned_from() -> None:
    split = split_sales(some_sales(200, dated=True), "temporal", 0.25, seed=0)
    assert split.train["sold_on"].max() < split.test["sold_on"].min()
    assert len(split.test) == 50


def test_late_sales_of_homes_sold_before_are_neither_learned_from_nor_judged_by() -> None:
    sales = with_resales(some_sales(100, dated=True), 60)
    split = split_sales(sales, "temporal", 0.25, seed=0)
    assert split.train["sold_on"].max() < split.test["sold_on"].min()
    assert split.left_out == len(sales) - len(split.train) - len(split.test) > 0


def test_undated_sales_are_never_in_a_temporal_holdout() -> None:
    sales = some_sales(200, dated=True)
    sales.loc[::20, "sold_on"] = pd.NaT
    assert split_sales(sales, "temporal", 0.25, seed=0).test["sold_on"].notna().all()


def test_a_spatial_holdout_shares_no_place_with_the_training() -> None:
    sales = some_sales(400)
    split = split_sales(sales, "spatial", 0.25, seed=0)
    corners = [np.quantile(sales[name], np.linspace(0, 1, 9)[1:-1]) for name in ("latitude", "longitude")]

    def blocks(side: pd.DataFrame) -> set[tuple[int, int]]:
        rows, columns = (
            np.searchsorted(corner, side[name]).tolist()
            for corner, name in zip(corners, ("latitude", "longitude"), strict=True)
        )
        return set(zip(rows, columns, strict=True))

    assert not blocks(split.train) & blocks(split.test)


def test_auto_is_temporal_where_dates_are_known_and_random_elsewhere() -> None:
    dated = some_sales(100, dated=True)
    half_dated = dated.assign(sold_on=dated["sold_on"].where(dated.index % 2 == 0))
    same_day = dated.assign(sold_on=pd.Timestamp("2024-05-01"))
    assert split_sales(dated, "auto", 0.25, 0).scheme == "temporal"
    for sales in (some_sales(100), half_dated, same_day):
        assert split_sales(sales, "auto", 0.25, 0).scheme == "random"


def test_the_same_seed_makes_the_same_split_and_another_one_another() -> None:
    sales = some_sales(200)
    first, again, other = (split_sales(sales, "random", 0.25, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.test, again.test)
    assert set(first.test["id"]) != set(other.test["id"])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sales_of_a_single_home_leave_nothing_to_judge_by(scheme: Scheme) -> None:
    sales = pd.concat([some_sales(1, dated=True)] * 30, ignore_index=True)
    assert split_sales(sales, scheme, 0.25, 0).test.empty
