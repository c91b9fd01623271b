"""Thinning sales for a map: what stays of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from application.thin_evenly import thinned_evenly

Vector = NDArray[np.float64]


def a_market(count: int, seed: int, sectors: int) -> tuple[Vector, Vector, NDArray[np.int32]]:
    """Places about the middles of sectors, most of them in the first ones."""
    random = np.random.default_rng(seed)
    sector = (sectors * random.random(count) ** 3).astype(np.int32)
    middles = random.uniform(-1, 1, (2, sectors))
    return (*(middles[:, sector] + random.normal(0, 0.02, (2, count))), sector)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 60), st.integers(0, 100), st.integers(1, 400))
def test_as_many_as_may_be_are_left_of_every_sector_and_the_same_each_time(
    count: int, sectors: int, seed: int, most: int
) -> None:
    latitude, longitude, sector = a_market(count, seed, sectors)
    left = thinned_evenly(latitude, longitude, sector, most)
    assert len(left) == min(count, most)
    assert (np.diff(left) > 0).all()
    if len(np.unique(sector)) <= most:
        assert set(sector[left]) == set(sector)
    assert left.tolist() == thinned_evenly(latitude, longitude, sector, most).tolist()


def test_a_hamlet_far_from_the_town_stays_on_the_map_though_both_are_one_sector() -> None:
    random = np.random.default_rng(0)
    latitude, longitude = random.normal(0, 0.01, (2, 20_000))
    latitude[:3] += 5
    left = thinned_evenly(latitude, longitude, np.zeros(20_000, dtype=np.int32), 100)
    assert (left < 3).any()


def test_where_more_was_sold_more_is_left() -> None:
    latitude, longitude, sector = a_market(20_000, 1, 8)
    left = thinned_evenly(latitude, longitude, sector, 2000)
    sold, shown = np.bincount(sector), np.bincount(sector[left])
    assert sold.max() > 10 * sold.min()
    assert shown / len(left) == pytest.approx(sold / len(sector), rel=0.25)


def test_of_many_homes_at_one_point_as_many_are_left_as_anywhere() -> None:
    point = np.full(500, 12.5)
    assert len(thinned_evenly(point, point, np.zeros(500, dtype=np.int32), 7)) == 7
