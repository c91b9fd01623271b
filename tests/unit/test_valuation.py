"""Intervals: which errors bound them, and how often prices fall within."""

import math
from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.valuation import ErrorDistribution, Interval

log_ratios = st.floats(-2, 2)
distributions = st.lists(log_ratios, min_size=1, max_size=60).map(sorted).map(tuple).map(ErrorDistribution)
values = st.floats(1, 1e9)
levels = st.integers(1, 99).map(lambda percent: percent / 100)


def hundredths(count: int) -> ErrorDistribution:
    """The log ratios 0.01, 0.02, ... around zero, so that each rank shows."""
    return ErrorDistribution(tuple((rank - (count + 1) / 2) / 100 for rank in range(1, count + 1)))


class TestRanks:
    @pytest.mark.parametrize(
        ("count", "level", "low_rank", "high_rank"),
        [
            (9, 0.8, 1, 9),  # (9 + 1) * 0.9 = 9
            (19, 0.9, 1, 19),
            (19, 0.8, 2, 18),
            (39, 0.9, 2, 38),  # 40 * 0.05 is 2, though 40 * (1 - 0.9) / 2 is a hair less in binary
            (24, 0.12, 11, 14),  # 25 * 0.56 is 14, though 25 * 1.12 / 2 is a hair more in binary
            (99, 0.9, 5, 95),
            (100, 0.9, 5, 96),  # 101 * 0.95 = 95.95
            (1000, 0.9, 50, 951),
            (1, 0.5, 1, 1),
            (5, 0.9, 1, 5),  # too few for the level: the widest errors seen
        ],
    )
    def test_the_bounds_are_the_errors_of_the_conformal_ranks(
        self, count: int, level: float, low_rank: int, high_rank: int
    ) -> None:
        errors = hundredths(count)
        interval = errors.interval(200_000.0, level)
        assert interval.low == pytest.approx(200_000 * math.exp(errors.log_ratios[low_rank - 1]), rel=1e-12)
        assert interval.high == pytest.approx(200_000 * math.exp(errors.log_ratios[high_rank - 1]), rel=1e-12)
        assert interval.level == level

    def test_ranks_are_exact_for_every_number_of_sales_and_every_whole_level(self) -> None:
        for count in (*range(1, 150), 500, 10_000):
            errors = hundredths(count)
            for percent in range(1, 100):
                upper = math.ceil(Fraction((count + 1) * (100 + percent), 200))
                interval = errors.interval(1.0, percent / 100)
                assert interval.high == math.exp(errors.log_ratios[min(upper, count) - 1])
                assert interval.low == math.exp(errors.log_ratios[max(count + 1 - upper, 1) - 1])


class TestLaws:
    @given(distributions, values, levels)
    def test_an_interval_holds_the_value(self, errors: ErrorDistribution, value: float, level: float) -> None:
        interval = errors.interval(value, level)
        assert 0 < interval.low <= value <= interval.high

    @given(distributions, values, levels, levels)
    def test_surer_means_wider(self, errors: ErrorDistribution, value: float, one: float, other: float) -> None:
        narrow, wide = errors.interval(value, min(one, other)), errors.interval(value, max(one, other))
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high

    @given(distributions, values, levels, st.sampled_from([0.25, 0.5, 2.0, 4.0, 1024.0]))
    def test_the_currency_does_not_matter(
        self, errors: ErrorDistribution, value: float, level: float, rate: float
    ) -> None:
        there, here = errors.interval(value, level), errors.interval(rate * value, level)
        assert (here.low, here.high) == (rate * there.low, rate * there.high)

    @given(values, levels)
    def test_a_model_that_was_never_wrong_is_sure(self, value: float, level: float) -> None:
        assert ErrorDistribution((0.0,) * 30).interval(value, level) == Interval(value, value, level)

    @given(values)
    def test_a_model_that_always_values_too_high_still_shows_its_value(self, value: float) -> None:
        interval = ErrorDistribution((-0.3, -0.2, -0.1)).interval(value, 0.5)
        assert interval.low < value == interval.high


class TestCoverage:
    @given(st.lists(log_ratios, min_size=20, max_size=60, unique=True), levels)
    def test_of_errors_in_any_order_the_next_one_is_covered_as_often_as_promised(
        self, drawn: list[float], level: float
    ) -> None:
        """Split-conformal inference promises just this: of n + 1 errors, each is as likely the next one."""
        assume(len(drawn) * (1 - level) / 2 >= 1)
        covered = 0
        for left_out in drawn:
            interval = ErrorDistribution(tuple(sorted(set(drawn) - {left_out}))).interval(1.0, level)
            covered += interval.low <= math.exp(left_out) <= interval.high
        assert covered >= round(level * len(drawn), 9)

    @pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
    def test_of_many_simulated_sales_as_many_fall_within_as_promised(self, level: float) -> None:
        chance = np.random.default_rng(7)
        shares = []
        for _ in range(200):
            errors = ErrorDistribution(tuple(np.sort(chance.normal(0.02, 0.15, 400)).tolist()))
            interval = errors.interval(1.0, level)
            prices = np.exp(chance.normal(0.02, 0.15, 500))
            shares.append(((interval.low <= prices) & (prices <= interval.high)).mean())
        assert level - 0.01 < np.mean(shares) < level + 0.01

    @given(distributions, levels)
    def test_at_least_the_level_of_the_errors_it_is_made_of_lie_within(
        self, errors: ErrorDistribution, level: float
    ) -> None:
        interval = errors.interval(1.0, level)
        seen = [math.exp(ratio) for ratio in errors.log_ratios]
        within = bisect_right(seen, interval.high) - sum(ratio < interval.low for ratio in seen)
        assert within >= math.floor(round(level * len(seen), 9))


class TestMisuse:
    @pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 90, math.nan])
    def test_a_level_is_a_probability(self, level: float) -> None:
        with pytest.raises(ValueError, match="between 0 and 1"):
            hundredths(10).interval(100.0, level)

    @pytest.mark.parametrize("ratios", [(), (0.1, 0.0), (math.nan,), (0.0, math.nan, 0.1), (0.0, math.inf)])
    def test_errors_are_known_and_in_order(self, ratios: tuple[float, ...]) -> None:
        with pytest.raises(ValueError, match="ascending"):
            ErrorDistribution(ratios)
