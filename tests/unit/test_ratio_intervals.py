"""Bootstrap intervals of a ratio study, and the interval of its PRB."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from domain import ratio_intervals
from domain.ratio_intervals import bootstrap_intervals, median_interval
from domain.ratio_study import RatioStudy, error_metrics, price_related_bias_interval, ratio_study

Vector = NDArray[np.float64]
NAMES = ["median", "cod", "prd", "prb", "mdape"]


def market(count: int, seed: int = 0) -> tuple[Vector, Vector]:
    chance = np.random.default_rng(seed)
    prices = np.exp(chance.normal(12, 0.5, count))
    return prices * np.exp(chance.normal(0, 0.15, count)), prices


class TestBootstrap:
    def test_the_same_seed_gives_the_same_intervals_and_another_seed_others(self) -> None:
        sales = market(60)
        assert bootstrap_intervals(*sales, seed=1) == bootstrap_intervals(*sales, seed=1)
        assert bootstrap_intervals(*sales, seed=1) != bootstrap_intervals(*sales, seed=2)

    @given(st.permutations(range(40)))
    @settings(max_examples=20)
    def test_the_order_of_sales_does_not_matter(self, order: list[int]) -> None:
        values, prices = market(40)
        assert bootstrap_intervals(values[order], prices[order], 0, 50) == bootstrap_intervals(values, prices, 0, 50)

    @given(st.sampled_from([0.125, 0.5, 4.0]))
    @settings(max_examples=10)
    def test_the_currency_does_not_matter(self, rate: float) -> None:
        values, prices = market(40)
        here, there = (bootstrap_intervals(c * values, c * prices, 0, 50) for c in (1.0, rate))
        for name in NAMES:
            assert here[name] == pytest.approx(there[name], rel=1e-9)

    def test_each_figure_is_the_studys_own_figure_of_each_resample(self) -> None:
        values, prices = market(30)
        order = np.lexsort((prices, values / prices))
        chance = np.random.default_rng(3)
        drawn = [order[picked] for picked in chance.integers(30, size=(60, 30))]
        studies = [ratio_study(values[picked], prices[picked]) for picked in drawn]
        intervals = bootstrap_intervals(values, prices, seed=3, draws=60, level=0.9)
        assert list(intervals) == NAMES
        for name, interval in intervals.items():
            figures = [getattr(study, name) for study in studies]
            assert interval == pytest.approx(tuple(np.quantile(figures, [0.05, 0.95])), rel=1e-9), name

    def test_draws_in_many_blocks_are_those_in_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sales = market(50)
        at_once = bootstrap_intervals(*sales, seed=0, draws=100)
        monkeypatch.setattr(ratio_intervals, "CELLS_AT_ONCE", 350)
        for name, interval in bootstrap_intervals(*sales, seed=0, draws=100).items():
            assert interval == pytest.approx(at_once[name], rel=1e-9), name

    def test_a_higher_level_is_wider_and_more_sales_are_narrower(self) -> None:
        few, many = market(100), market(1_600)
        (low, high), (lower, higher) = (bootstrap_intervals(*few, 0, level=level)["cod"] for level in (0.8, 0.95))
        assert lower < low < high < higher
        assert np.diff(bootstrap_intervals(*many, 0)["cod"]) < np.diff(bootstrap_intervals(*few, 0)["cod"]) / 2

    def test_intervals_hold_the_truth_about_as_often_as_they_say(self) -> None:
        """100 markets of 100 sales each, with a median ratio of 1: 95 should hold it, a few more or less by chance."""
        held = 0
        for seed in range(100):
            low, high = bootstrap_intervals(*market(100, seed), seed=seed, draws=200)["median"]
            held += low <= 1 <= high
        assert 88 <= held <= 99

    def test_a_large_market_is_drawn_less_often(self) -> None:
        assert ratio_intervals._affordable(1_000, 20_000) == 1_000
        assert ratio_intervals._affordable(1_000, 40_000) == 500
        assert ratio_intervals._affordable(1_000, 1_000_000) == 200
        assert ratio_intervals._affordable(50, 1_000_000) == 50

    def test_few_sales_say_nothing_of_their_own_spread(self) -> None:
        assert bootstrap_intervals(*market(9), seed=0) == {}

    def test_a_prb_that_no_resample_has_is_missing(self) -> None:
        assert list(bootstrap_intervals([90.0] * 20, [100.0] * 20, seed=0)) == ["median", "cod", "prd", "mdape"]

    @pytest.mark.parametrize(("draws", "level"), [(0, 0.9), (10, 0.0), (10, 1.0)])
    def test_no_draws_or_no_level_are_refused(self, draws: int, level: float) -> None:
        with pytest.raises(ValueError, match="draws"):
            bootstrap_intervals(*market(20), seed=0, draws=draws, level=level)


class TestIntervalOfThePrb:
    def test_it_is_that_of_a_fitted_line(self) -> None:
        values, prices = market(40)
        ratio = values / prices
        middle = np.median(ratio)
        line = stats.linregress(np.log2((values / middle + prices) / 2), ratio / middle - 1)
        reach = stats.t.ppf(0.975, 38) * line.stderr
        assert price_related_bias_interval(values, prices) == pytest.approx((line.slope - reach, line.slope + reach))

    def test_two_sales_have_a_slope_and_no_interval(self) -> None:
        study = ratio_study([90.0, 240.0], [100.0, 200.0])
        assert study.prb is not None
        assert (study.prb_low, study.prb_high) == (None, None)

    def test_homes_all_alike_have_neither(self) -> None:
        assert price_related_bias_interval([100.0] * 5, [100.0] * 5) is None


class TestTheStudyWithIntervals:
    def test_a_seed_asks_for_intervals(self) -> None:
        sales = market(40)
        assert ratio_study(*sales).intervals is None
        assert ratio_study(*sales, seed=4).intervals == bootstrap_intervals(*sales, seed=4)

    def test_relative_errors_are_those_of_the_error_metrics(self) -> None:
        study, errors = ratio_study(*market(40)), error_metrics(*market(40))
        assert (study.pe10, study.pe20, study.mdape) == (errors.pe10, errors.pe20, errors.mdape)

    def test_it_is_stored_and_read_again(self) -> None:
        study = ratio_study(*market(40), seed=0)
        assert msgspec.json.decode(msgspec.json.encode(study), type=RatioStudy) == study

    def test_a_study_of_an_older_version_is_read_without_what_it_did_not_know(self) -> None:
        old = (
            b'{"count":25,"median":0.99,"mean":1.01,"weighted_mean":0.985,"cod":8.25,"prd":1.025,"prb":-0.02,'
            b'"mki":0.98,"ki":-0.004}'
        )
        study = msgspec.json.decode(old, type=RatioStudy)
        assert (study.prb_low, study.vei, study.mdape, study.intervals) == (None, None, None, None)


class TestAMediansInterval:
    def test_holds_the_median_and_narrows_with_more(self) -> None:
        chance = np.random.default_rng(2)
        few, many = (median_interval(chance.exponential(size=count), seed=1) for count in (40, 4_000))
        assert few
        assert many
        assert few[0] < np.log(2) < few[1]
        assert many[0] < np.log(2) < many[1]
        assert many[1] - many[0] < (few[1] - few[0]) / 5

    def test_depends_on_the_seed_and_not_on_the_order(self) -> None:
        amounts = [float(each * each) for each in range(30)]
        assert median_interval(amounts, 1) == median_interval(amounts[::-1], 1) != median_interval(amounts, 2)

    def test_is_none_of_few(self) -> None:
        assert median_interval([1.0] * 9, 0) is None
        assert median_interval([1.0] * 10, 0) == (1.0, 1.0)
