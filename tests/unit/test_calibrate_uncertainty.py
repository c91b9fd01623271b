"""From out-of-fold errors to intervals that hold what they promise, and the study that shows it."""

import math
from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from application.calibrate_uncertainty import (
    MOST_SCORES,
    Vector,
    calibrate,
    fsd_table,
    interval_table,
    out_of_time_allowance,
    study_intervals,
)
from domain.interval_study import IntervalStudy
from domain.uncertainty import ErrorDistribution

levels = st.integers(1, 99).map(lambda percent: percent / 100)


class Market:
    """Made-up sales: cheap homes are hardest to value, and beside that some homes are harder than others."""

    def __init__(self, count: int, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.values: Vector = np.exp(chance.normal(12, 0.5, count))
        cheapness = np.argsort(np.argsort(-self.values)) / count
        self.true_spreads: Vector = (0.04 + 0.12 * cheapness**2) * np.exp(chance.normal(0, 0.4, count))
        # Heavier tails among the cheap, which no spread can tell.
        shape = np.where(cheapness > 0.5, chance.standard_t(4, count) / 1.06, chance.normal(size=count) / 0.8)
        self.log_errors: Vector = 0.01 + self.true_spreads * shape
        self.prices: Vector = self.values * np.exp(self.log_errors)
        self.learned_spreads: Vector = self.true_spreads * np.exp(chance.normal(0, 0.2, count))


@pytest.fixture(scope="module")
def past() -> Market:
    return Market(5_000, seed=1)


@pytest.fixture(scope="module")
def future() -> Market:
    return Market(20_000, seed=2)


def study_of(errors: ErrorDistribution, market: Market, spreads: Vector, level: float = 0.9) -> IntervalStudy:
    low, high = interval_table(errors, market.values, spreads, level)
    return study_intervals(market.values, low, high, market.prices, level, fsd_table(errors, spreads))


class TestWhatIsPromised:
    def test_intervals_hold_overall_and_in_every_tenth_of_the_values(self, past: Market, future: Market) -> None:
        errors = calibrate(past.log_errors, past.learned_spreads, past.values)
        study = study_of(errors, future, future.learned_spreads)
        assert study.coverage == pytest.approx(0.9, abs=0.015)
        assert study.worst_decile is not None
        assert study.worst_decile >= 0.86
        assert study.cheapest_fifth is not None
        assert study.cheapest_fifth >= 0.86
        assert study.fsd_coverage == pytest.approx(0.68, abs=0.02)

    def test_one_width_for_all_fails_where_homes_are_cheap_and_is_too_wide_elsewhere(
        self, past: Market, future: Market
    ) -> None:
        spreads, one = np.full(5_000, 0.1), np.full(20_000, 0.1)
        constant = study_of(calibrate(past.log_errors, spreads, np.ones(5_000)), future, one)
        ours = study_of(calibrate(past.log_errors, past.learned_spreads, past.values), future, future.learned_spreads)
        assert constant.coverage == pytest.approx(0.9, abs=0.015)
        assert constant.worst_decile is not None
        assert constant.worst_decile < 0.8
        assert ours.worst_decile is not None
        assert ours.worst_decile > constant.worst_decile + 0.1
        assert constant.coverage_by_decile is not None
        assert ours.coverage_by_decile is not None
        assert max(ours.coverage_by_decile) < 0.94 < max(constant.coverage_by_decile)

    def test_high_confidence_is_truly_better_than_low(self, past: Market, future: Market) -> None:
        errors = calibrate(past.log_errors, past.learned_spreads, past.values)
        study = study_of(errors, future, future.learned_spreads)
        assert study.by_confidence is not None
        high, medium, low = study.by_confidence
        assert (high.level, medium.level, low.level) == ("high", "medium", "low")
        assert high.sales + medium.sales + low.sales == 20_000
        assert high.mdape is not None
        assert medium.mdape is not None
        assert low.mdape is not None
        assert high.mdape < 0.7 * medium.mdape < 0.7**2 * low.mdape
        assert study.hit_rates is not None
        accepted = [rate.share for rate in study.hit_rates]
        errors_of_accepted = [rate.mdape for rate in study.hit_rates if rate.mdape is not None]
        assert accepted == sorted(accepted)
        assert errors_of_accepted == sorted(errors_of_accepted)

    @pytest.mark.parametrize(("count", "level"), [(9, 0.8), (19, 0.9), (40, 0.9), (99, 0.95), (250, 0.9)])
    def test_small_samples_hold_their_promise_on_average(self, count: int, level: float) -> None:
        """At least the level, and not more than the rounding of two ranks above it."""
        chance = np.random.default_rng(count)
        covered = []
        for _ in range(1_000):
            drawn = chance.standard_t(3, count + 40) * 0.1
            values = np.exp(chance.normal(12, 0.5, count))
            errors = calibrate(drawn[:count], np.full(count, 0.1), values)
            low, high = interval_table(errors, np.full(40, 160_000.0), np.full(40, 0.1), level)
            prices = 160_000 * np.exp(drawn[count:])
            covered.append(((low <= prices) & (prices <= high)).mean())
        # With 1,000 samples of 40 the mean is known to about 0.3 % where samples are small.
        assert level - 0.01 <= np.mean(covered) <= level + 2 / (min(count, 100) + 1) + 0.01

    @settings(max_examples=25)
    @given(st.lists(st.floats(-2, 2), min_size=20, max_size=40, unique=True), levels)
    def test_of_errors_in_any_order_the_next_one_is_covered_as_often_as_promised(
        self, drawn: list[float], level: float
    ) -> None:
        """Split-conformal inference promises just this: of n + 1 errors, each is as likely the next one."""
        assume(len(drawn) * (1 - level) / 2 >= 1)
        covered = 0
        for place, left_out in enumerate(drawn):
            others = np.array(drawn[:place] + drawn[place + 1 :])
            tail = calibrate(others, np.ones(len(others)), np.ones(len(others))).tails(level)[0]
            covered += tail.low <= left_out <= tail.high
        assert covered >= round(level * len(drawn), 9)


class TestTables:
    @settings(max_examples=25)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 600), levels, st.floats(1, 2))
    def test_many_homes_get_what_each_gets_alone_to_the_last_digit(
        self, seed: int, count: int, level: float, allowance: float
    ) -> None:
        market = Market(count, seed)
        errors = calibrate(market.log_errors, market.learned_spreads, market.values, allowance)
        chance = np.random.default_rng(seed)
        values = np.concatenate([market.values[:10], np.exp(chance.normal(12, 2, 20))])
        today, spreads = 1.1 * values, np.exp(chance.normal(-2, 1, len(values)))
        low, high = interval_table(errors, today, spreads, level, band_values=values)
        fsd = fsd_table(errors, spreads)
        for place, (value, spread) in enumerate(zip(values.tolist(), spreads.tolist(), strict=True)):
            interval = errors.interval(float(today[place]), spread, level, band_value=value)
            assert (interval.low, interval.high) == (low[place], high[place])
            assert errors.fsd(spread) == fsd[place]


class TestBands:
    @pytest.mark.parametrize(("count", "bands"), [(1, 1), (5, 1), (399, 1), (400, 2), (999, 4), (5_000, 10)])
    def test_there_are_as_many_as_the_sales_can_fill(self, count: int, bands: int) -> None:
        market = Market(count, seed=3)
        errors = calibrate(market.log_errors, market.true_spreads, market.values)
        assert len(errors.bands) == bands
        sizes = [len(band.scores) for band in errors.bands]
        assert sum(sizes) == count
        assert max(sizes) - min(sizes) <= 1

    def test_equal_values_share_one(self) -> None:
        values = np.repeat([1.0, 2.0, 3.0], [350, 300, 350])
        errors = calibrate(np.linspace(-1, 1, 1_000), np.ones(1_000), values)
        assert [(band.up_to, len(band.scores)) for band in errors.bands] == [(1.0, 350), (2.0, 300), (math.inf, 350)]

    def test_all_values_equal_make_one(self) -> None:
        assert len(calibrate(np.linspace(-1, 1, 1_000), np.ones(1_000), np.ones(1_000)).bands) == 1

    def test_of_very_many_scores_enough_are_kept_and_the_extremes_always(self) -> None:
        log_errors = np.random.default_rng(5).normal(size=200_000)
        values = np.arange(1.0, 200_001)
        errors = calibrate(log_errors, np.ones(200_000), values)
        assert sum(len(band.scores) for band in errors.bands) == MOST_SCORES
        assert errors.bands[0].scores[0] == log_errors[:20_000].min()
        assert errors.bands[-1].scores[-1] == log_errors[180_000:].max()
        assert errors.bands[4].upper(0.95) == pytest.approx(np.quantile(log_errors[80_000:100_000], 0.95), abs=0.02)


class TestFewAndOddSales:
    @pytest.mark.parametrize("count", [1, 2, 5, 20, 99])
    def test_few_errors_give_the_widest_seen(self, count: int) -> None:
        market = Market(count, seed=count)
        errors = calibrate(market.log_errors, market.true_spreads, market.values)
        interval = errors.interval(1e5, 0.1, 0.99)
        farthest = np.abs(market.log_errors / market.true_spreads).max()
        assert 1e5 * math.exp(-0.1 * farthest) * 0.999 <= interval.low <= 1e5 <= interval.high
        assert interval.high <= 1e5 * math.exp(0.1 * farthest) * 1.001

    @pytest.mark.parametrize("count", [1, 20, 500])
    def test_a_model_that_is_never_wrong(self, count: int) -> None:
        errors = calibrate(np.zeros(count), np.full(count, 1e-6), np.linspace(1e5, 2e5, count))
        interval = errors.interval(150_000.0, 1e-6, 0.9)
        assert interval.low == interval.high == 150_000.0
        assert errors.fsd(1e-6) == 0

    def test_errors_that_are_all_equal(self) -> None:
        errors = calibrate(np.full(300, 0.1), np.full(300, 0.1), np.linspace(1e5, 2e5, 300))
        interval = errors.interval(100_000.0, 0.1, 0.9)
        assert interval.low == 100_000.0
        assert interval.high == pytest.approx(100_000 * math.exp(0.1))
        assert errors.fsd(0.1) == pytest.approx(math.expm1(0.1))

    @pytest.mark.parametrize(
        ("log_errors", "spreads", "values"),
        [
            ([], [], []),
            ([0.1], [0.1, 0.1], [1.0, 1.0]),
            ([math.nan], [0.1], [1.0]),
            ([0.1], [0.0], [1.0]),
            ([0.1], [math.inf], [1.0]),
            ([0.1], [0.1], [0.0]),
        ],
    )
    def test_what_cannot_be_calibrated_with(
        self, log_errors: list[float], spreads: list[float], values: list[float]
    ) -> None:
        with pytest.raises(ValueError, match="log_errors"):
            calibrate(np.array(log_errors), np.array(spreads), np.array(values))


class TestOutOfTime:
    known = np.random.default_rng(1).normal(0, 0.1, 5_000)

    @pytest.mark.parametrize(
        ("later", "allowance"),
        [
            (lambda known: known, 1.0),
            (lambda known: 0.5 * known, 1.0),
            (lambda known: 1.2 * known, 1.2),
            (lambda known: 9.0 * known, 2.0),
        ],
    )
    def test_errors_that_grow_with_time_widen_what_is_said_of_the_future(
        self, later: Callable[[Vector], Vector], allowance: float
    ) -> None:
        assert out_of_time_allowance(later(self.known), self.known) == pytest.approx(allowance, abs=0.011)

    def test_a_drift_in_one_direction_counts_as_well(self) -> None:
        assert out_of_time_allowance(self.known + 0.08, self.known) > 1.2

    def test_few_sales_say_little(self) -> None:
        few = self.known[:50]
        assert out_of_time_allowance(1.2 * few, few) == pytest.approx(1.1)

    def test_no_sales_say_nothing(self) -> None:
        assert out_of_time_allowance(np.empty(0), np.empty(0)) == 1.0

    def test_a_model_that_was_never_wrong_before(self) -> None:
        assert out_of_time_allowance(np.full(50, 0.1), np.zeros(50)) == pytest.approx(1.5)
        assert out_of_time_allowance(np.zeros(50), np.zeros(50)) == 1.0

    def test_both_errors_are_of_the_same_sales(self) -> None:
        with pytest.raises(ValueError, match="same sales"):
            out_of_time_allowance(self.known, self.known[1:])


class TestStudy:
    def test_figures_of_a_small_example(self) -> None:
        values = np.array([100.0, 200.0, 300.0, 400.0])
        prices = np.array([100.0, 260.0, 270.0, 400.0])
        fsd = np.array([0.05, 0.2, 0.2, 0.5])
        study = study_intervals(values, 0.8 * values, 1.2 * values, prices, 0.9, fsd)
        assert (study.level, study.coverage) == (0.9, 0.75)
        assert study.mean_width == pytest.approx(0.4)
        assert study.fsd_coverage == 0.75
        assert (study.worst_decile, study.cheapest_fifth, study.coverage_by_decile) == (None, None, None)
        assert study.by_confidence is not None
        high, medium, low = study.by_confidence
        assert (high.sales, high.share, high.mdape, high.coverage, high.fsd_coverage) == (1, 0.25, 0.0, 1.0, 1.0)
        assert (medium.sales, medium.coverage, medium.fsd_coverage) == (2, 0.5, 0.5)
        assert medium.mdape == pytest.approx((60 / 260 + 30 / 270) / 2)
        assert (low.sales, low.coverage) == (1, 1.0)
        assert study.hit_rates is not None
        assert {rate.fsd_at_most: rate.share for rate in study.hit_rates}[0.2] == 0.75

    def test_tenths_are_by_value_the_cheapest_first(self) -> None:
        values = np.arange(1_000.0, 0, -1)
        prices = np.where(values <= 100, 2 * values, values)
        study = study_intervals(values, 0.9 * values, 1.1 * values, prices, 0.9)
        assert study.coverage_by_decile == (0.0, *(1.0,) * 9)
        assert (study.worst_decile, study.cheapest_fifth) == (0.0, 0.5)
        assert (study.fsd_coverage, study.by_confidence, study.hit_rates) == (None, None, None)

    def test_a_level_that_no_home_has_says_so(self) -> None:
        ones = np.ones(60)
        study = study_intervals(ones, ones, ones, ones, 0.9, np.full(60, 0.01))
        assert study.by_confidence is not None
        assert study.by_confidence[2] == replace(study.by_confidence[2], sales=0, share=0.0, mdape=None, coverage=None)

    def test_it_can_be_stored_and_read_again_also_from_before_there_was_more(self, past: Market) -> None:
        errors = calibrate(past.log_errors, past.learned_spreads, past.values)
        study = study_of(errors, past, past.learned_spreads)
        assert msgspec.json.decode(msgspec.json.encode(study), type=IntervalStudy) == study
        before = msgspec.json.decode(b'{"level":0.9,"coverage":0.89,"mean_width":0.4}', type=IntervalStudy)
        assert before == IntervalStudy(0.9, 0.89, 0.4)
