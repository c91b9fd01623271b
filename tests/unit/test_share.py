"""Shares with their intervals, held against published and computed figures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from domain.share import Share


def test_wilsons_interval_of_a_published_example() -> None:
    share = Share.of(15, 148)  # Newcombe, Statistics in Medicine 1998, table I
    assert (share.share, share.low, share.high) == pytest.approx((0.1014, 0.0624, 0.1605), abs=5e-5)


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.05, 0.5, 0.68, 0.9, 0.99]))
@settings(max_examples=30)
def test_it_is_scipys(hits: int, count: int, promised: float) -> None:
    hits = min(hits, count)
    share, interval = Share.of(hits, count), stats.binomtest(hits, count).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert 0 <= share.low <= share.share <= share.high <= 1
    assert share.chance_of_so_few(promised) == pytest.approx(
        stats.binom.cdf(hits, count, promised), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("hits", "probable"), [(0, 0.0), (9_990, 1.0), (10_000, 1.0)])
def test_neither_the_impossible_nor_the_certain_is_lost_to_a_rounding(hits: int, probable: float) -> None:
    assert Share.of(hits, 10_000).chance_of_so_few(0.5) == probable
