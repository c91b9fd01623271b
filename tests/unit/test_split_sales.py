"""Which sales are learned from, and which judge."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.split_sales import Scheme, fold_numbers, home_numbers, split_sales
from domain.property import PROPERTY_FIELDS
from tests.fakes.sales import some_sales

SCHEMES = ("random", "spatial", "temporal")


def with_resales(sales: pd.DataFrame, homes: int) -> pd.DataFrame:
    """`sales`, and once more the sales of the first `homes`, years later and dearer."""
    again = sales.head(homes).assign(price=sales["price"] * 1.2, sold_on=sales["sold_on"] + pd.Timedelta(days=900))
    return pd.concat([sales, again], ignore_index=True)


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
