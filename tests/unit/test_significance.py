"""Probabilities of the tests of drift, against SciPy's."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from domain.significance import chi_square_tail, holm, kolmogorov_tail, ks_p_value, more_often_p_value


@settings(max_examples=50)
@given(st.floats(0, 6))
def test_kolmogorovs_tail_is_scipys(x: float) -> None:
    assert kolmogorov_tail(x) == pytest.approx(special.kolmogorov(x), abs=1e-13)


@pytest.mark.parametrize(("count", "other", "distance"), [(100, 1500, 0.15), (100, 200, 0.2), (1000, 1000, 0.08)])
def test_the_distance_of_two_samples_is_as_rare_as_scipy_says(count: int, other: int, distance: float) -> None:
    exact = stats.kstwo.sf(distance, round(count * other / (count + other)))
    assert ks_p_value(distance, count, other) == pytest.approx(exact, rel=0.03)


@settings(max_examples=50)
@given(st.floats(0, 500), st.integers(1, 300))
def test_the_tail_of_chi_square_is_scipys(x: float, freedom: int) -> None:
    assert chi_square_tail(x, freedom) == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-9, abs=1e-13)


@settings(max_examples=50)
@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0, 1), st.floats(0, 1))
@example(100_000, 100_000, 0.0, 1.0)  # where the first term of a plain sum would be too small for a number
def test_a_rise_is_as_rare_as_fishers_test_says(count: int, other: int, share: float, other_share: float) -> None:
    hits, other_hits = int(share * count), int(other_share * other)
    exact = stats.hypergeom.sf(hits - 1, count + other, hits + other_hits, count)
    assert more_often_p_value(hits, count, other_hits, other) == pytest.approx(exact, rel=1e-7, abs=1e-200)


def test_many_tests_are_corrected_as_holm_did() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert corrected == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}
