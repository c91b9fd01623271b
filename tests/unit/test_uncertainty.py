"""Intervals, percentiles, forecast standard deviation and confidence: which errors bound them, and their laws."""

import math
import pickle
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.uncertainty import (
    Confidence,
    ErrorBand,
    ErrorDistribution,
    Interval,
    confidence_level,
    confidence_score,
)

few = settings(max_examples=25)
scores = st.lists(st.floats(-8, 8), min_size=1, max_size=25).map(sorted).map(tuple)
values = st.floats(1, 1e9)
spreads = st.floats(1e-6, 3)
levels = st.integers(1, 99).map(lambda percent: percent / 100)
shares = st.integers(1, 199).map(lambda half_percent: half_percent / 200)


@st.composite
def distributions(draw: st.DrawFn) -> ErrorDistribution:
    ends = sorted(draw(st.sets(values, max_size=2)))
    bands = tuple(ErrorBand(end, draw(scores)) for end in (*ends, math.inf))
    return ErrorDistribution(bands, fsd_factor=draw(st.floats(0, 5)), allowance=draw(st.floats(1, 2)))


def one_band(*ascending: float, fsd_factor: float = 1.0, allowance: float = 1.0) -> ErrorDistribution:
    return ErrorDistribution((ErrorBand(math.inf, ascending),), fsd_factor, allowance)


def hundredths(count: int) -> ErrorDistribution:
    """The scores 0.01, 0.02, ... around zero, so that each rank shows."""
    return one_band(*((rank - (count + 1) / 2) / 100 for rank in range(1, count + 1)))


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
        interval = errors.interval(200_000.0, 0.5, level)
        ascending = errors.bands[0].scores
        assert interval.low == pytest.approx(200_000 * math.exp(0.5 * min(ascending[low_rank - 1], 0)), rel=1e-12)
        assert interval.high == pytest.approx(200_000 * math.exp(0.5 * max(ascending[high_rank - 1], 0)), rel=1e-12)
        assert interval.level == level

    def test_ranks_are_exact_for_every_number_of_sales_and_every_whole_level(self) -> None:
        for count in (*range(1, 40), 99, 1_000):
            errors = hundredths(count)
            ascending = errors.bands[0].scores
            for percent in range(1, 100):
                upper = math.ceil(Fraction((count + 1) * (100 + percent), 200))
                tail = errors.tails(percent / 100)[0]
                assert tail.high == max(ascending[min(upper, count) - 1], 0)
                assert tail.low == min(ascending[max(count + 1 - upper, 1) - 1], 0)

    @pytest.mark.parametrize(("count", "highest"), [(1, 0.0), (19, 0.9), (99, 0.98)])
    def test_few_errors_speak_for_low_levels_only(self, count: int, highest: float) -> None:
        assert hundredths(count).highest_level(1e5) == pytest.approx(highest)


class TestBands:
    errors = ErrorDistribution((ErrorBand(100.0, (-1.0, 1.0)), ErrorBand(math.inf, (-2.0, -2.0, 2.0))), 1.0)

    @pytest.mark.parametrize(("value", "factor"), [(1.0, 1), (100.0, 1), (100.1, 2), (1e9, 2)])
    def test_a_home_is_judged_by_the_errors_of_homes_of_its_value(self, value: float, factor: int) -> None:
        interval = self.errors.interval(value, 0.1, 0.3)
        assert interval.high == pytest.approx(value * math.exp(0.1 * factor))

    def test_its_band_is_that_of_its_value_at_the_reference_price_level(self) -> None:
        at_reference = self.errors.interval(110.0, 0.1, 0.3, band_value=99.0)
        assert at_reference.high == pytest.approx(110 * math.exp(0.1))
        assert self.errors.percentiles(110.0, 0.1, [0.65], band_value=99.0) == (at_reference.high,)

    def test_each_band_tells_the_highest_level_of_its_own(self) -> None:
        assert self.errors.highest_level(50.0) == pytest.approx(1 / 3)
        assert self.errors.highest_level(500.0) == pytest.approx(1 / 2)

    def test_tails_name_the_bands_they_are_of(self) -> None:
        assert self.errors.tails(0.3) == ((100.0, -1.0, 1.0), (math.inf, -2.0, 2.0))


class TestLaws:
    @few
    @given(distributions(), values, spreads, levels)
    def test_an_interval_holds_the_value(
        self, errors: ErrorDistribution, value: float, spread: float, level: float
    ) -> None:
        interval = errors.interval(value, spread, level)
        assert 0 < interval.low <= value <= interval.high < math.inf

    @few
    @given(distributions(), values, spreads, levels, levels)
    def test_surer_means_wider(
        self, errors: ErrorDistribution, value: float, spread: float, one: float, other: float
    ) -> None:
        narrow, wide = (errors.interval(value, spread, level) for level in sorted((one, other)))
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high

    @few
    @given(distributions(), values, spreads, st.lists(shares, min_size=1, max_size=8).map(sorted))
    def test_percentiles_ascend(
        self, errors: ErrorDistribution, value: float, spread: float, asked: list[float]
    ) -> None:
        found = errors.percentiles(value, spread, asked)
        assert len(found) == len(asked)
        assert list(found) == sorted(found)

    @few
    @given(distributions(), values, spreads, levels)
    def test_the_ends_of_an_interval_are_the_percentiles_of_its_tails(
        self, errors: ErrorDistribution, value: float, spread: float, level: float
    ) -> None:
        interval = errors.interval(value, spread, level)
        assert errors.percentiles(value, spread, [(1 - level) / 2, (1 + level) / 2]) == (interval.low, interval.high)

    @few
    @given(distributions(), values, spreads, levels)
    def test_more_spread_means_wider(
        self, errors: ErrorDistribution, value: float, spread: float, level: float
    ) -> None:
        narrow, wide = errors.interval(value, spread, level), errors.interval(value, 1.5 * spread, level)
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high
        assert errors.fsd(spread) <= errors.fsd(1.5 * spread)

    @few
    @given(scores, values, spreads, levels)
    def test_an_allowance_for_what_lies_ahead_widens_everything(
        self, seen: tuple[float, ...], value: float, spread: float, level: float
    ) -> None:
        without, with_it = one_band(*seen), one_band(*seen, allowance=1.3)
        narrow, wide = without.interval(value, spread, level), with_it.interval(value, spread, level)
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high
        assert with_it.fsd(spread) == pytest.approx(1.3 * without.fsd(spread))

    @few
    @given(distributions())
    def test_it_survives_being_stored(self, errors: ErrorDistribution) -> None:
        assert pickle.loads(pickle.dumps(errors)) == errors  # noqa: S301 (its own bytes)


class TestPlainCases:
    def test_a_model_that_was_never_wrong_is_sure(self) -> None:
        errors = one_band(*(0.0,) * 30, fsd_factor=0.0)
        assert errors.interval(200.0, 0.1, 0.9) == Interval(200.0, 200.0, 0.9)
        assert Confidence.of(errors.fsd(0.1)).score == 100

    def test_a_model_that_always_values_too_high_still_shows_its_value(self) -> None:
        interval = one_band(-3.0, -2.0, -1.0).interval(200.0, 0.1, 0.5)
        assert interval.low < 200.0 == interval.high

    def test_the_middle_of_the_prices_expected_need_not_be_the_value(self) -> None:
        assert one_band(-2.0, -1.0, -1.0, 0.0).percentiles(200.0, 0.1, [0.5]) == (200 * math.exp(-0.1),)

    def test_errors_beyond_all_measure_do_not_overflow(self) -> None:
        interval = one_band(-1e6, 1e6).interval(1e9, 3.0, 0.9)
        assert 0 < interval.low < interval.high < math.inf


class TestConfidence:
    @pytest.mark.parametrize(
        ("fsd", "score", "level"),
        [
            (0.0, 100, "high"),
            (0.14, 86, "high"),
            (0.15, 85, "medium"),
            (0.3, 70, "medium"),
            (0.31, 69, "low"),
            (1.0, 0, "low"),
            (2.5, 0, "low"),
        ],
    )
    def test_the_score_falls_with_the_fsd_and_the_level_with_the_score(
        self, fsd: float, score: int, level: str
    ) -> None:
        assert Confidence.of(fsd) == Confidence(fsd, score, level)  # type: ignore[arg-type]

    @pytest.mark.parametrize(("fsd", "score", "level"), [(0.05, 85, "medium"), (0.2, 80, "medium"), (0.4, 60, "low")])
    def test_what_is_limited_is_never_of_high_confidence(self, fsd: float, score: int, level: str) -> None:
        assert Confidence.of(fsd, ["unknown_sector"]) == Confidence(fsd, score, level, ("unknown_sector",))  # type: ignore[arg-type]

    @few
    @given(st.floats(0, 3), st.floats(0, 3))
    def test_who_is_less_sure_never_scores_higher(self, one: float, other: float) -> None:
        surer, less_sure = (confidence_score(fsd) for fsd in sorted((one, other)))
        ranks = ("low", "medium", "high")
        assert surer >= less_sure
        assert ranks.index(confidence_level(surer)) >= ranks.index(confidence_level(less_sure))


class TestMisuse:
    @pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 90, math.nan])
    def test_a_level_is_a_probability(self, level: float) -> None:
        for ask in (lambda: hundredths(10).interval(100.0, 0.1, level), lambda: hundredths(10).tails(level)):
            with pytest.raises(ValueError, match="between 0 and 1"):
                ask()
        with pytest.raises(ValueError, match="between 0 and 1"):
            hundredths(10).percentiles(100.0, 0.1, [0.5, level])

    @pytest.mark.parametrize(
        ("value", "spread"), [(0.0, 0.1), (-1.0, 0.1), (1.0, 0.0), (math.nan, 0.1), (1.0, math.nan)]
    )
    def test_values_and_spreads_are_positive(self, value: float, spread: float) -> None:
        with pytest.raises(ValueError, match="positive"):
            hundredths(10).interval(value, spread, 0.9)
        with pytest.raises(ValueError, match="positive"):
            hundredths(10).percentiles(value, spread, [0.9])

    @pytest.mark.parametrize("ascending", [(), (0.1, 0.0), (math.nan,), (0.0, math.nan, 0.1), (0.0, math.inf)])
    def test_errors_are_known_and_in_order(self, ascending: tuple[float, ...]) -> None:
        with pytest.raises(ValueError, match="ascending"):
            ErrorBand(math.inf, ascending)

    @pytest.mark.parametrize("ends", [(), (1.0,), (2.0, 1.0, math.inf), (math.inf, math.inf)])
    def test_every_value_has_one_band(self, ends: tuple[float, ...]) -> None:
        with pytest.raises(ValueError, match="no upper end"):
            ErrorDistribution(tuple(ErrorBand(end, (0.0,)) for end in ends), 1.0)

    @pytest.mark.parametrize("end", [0.0, -1.0, math.nan])
    def test_a_band_ends_above_nothing(self, end: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            ErrorBand(end, (0.0,))

    @pytest.mark.parametrize(("factor", "allowance"), [(-1.0, 1.0), (math.inf, 1.0), (1.0, 0.9), (1.0, math.nan)])
    def test_nothing_is_narrowed_by_an_allowance(self, factor: float, allowance: float) -> None:
        with pytest.raises(ValueError, match="is at least"):
            one_band(0.0, fsd_factor=factor, allowance=allowance)
