"""Whether a new version is good enough to take the place of the one in service."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from application.promotion_gate import Judged, judge_promotion
from domain.promotion_gate import GateCheck, GateDecision, Margins
from domain.ratio_study import error_metrics, ratio_study

Vector = NDArray[np.float64]
NO_BOUND = Margins(gross=1e9)


def judged(prices: Vector, errors: Vector, width: float = 0.25) -> Judged:
    """Values that are off by `errors` in logs, with intervals of `width` to either side."""
    values = prices * np.exp(errors)
    return Judged(values, values * np.exp(-width), values * np.exp(width))


class Market:
    """Sales and the errors that any model makes on them, beside those of its own."""

    def __init__(self, count: int, seed: int = 0, sectors: int = 4) -> None:
        self.random = np.random.default_rng(seed)
        self.prices = np.exp(self.random.normal(12, 0.5, count))
        self.sectors = [f"sector {number}" for number in self.random.integers(0, sectors, count)]
        self.luck = 0.12 * self.random.normal(size=count)

    def model(self, own: float = 0.06) -> Judged:
        return judged(self.prices, self.luck + own * self.random.normal(size=len(self.prices)))

    def decision(self, candidate: Judged, serving: Judged, margins: Margins | None = None) -> GateDecision:
        return judge_promotion(candidate, serving, self.prices, self.sectors, level=0.9, margins=margins, seed=1)


def names(checks: tuple[GateCheck, ...]) -> list[str]:
    return [check.name for check in checks]


@pytest.mark.parametrize("count", [1, 2, 10, 300])
def test_the_same_model_passes(count: int) -> None:
    market = Market(count)
    model = market.model()
    decision = market.decision(model, model)
    assert decision.passed
    assert all(check.worsening == check.low == check.high == 0 for check in decision.checks)


def test_a_better_model_passes_and_says_in_what_it_was_compared() -> None:
    market = Market(400)
    decision = market.decision(market.model(own=0.01), market.model(own=0.15))
    assert decision.passed
    assert decision.failed == ()
    assert decision.reason("v3") == (
        "not worse than v3 beyond the margins in MdAPE, coverage, COD, PRB, "
        "MdAPE in sector 0, MdAPE in sector 1, MdAPE in sector 2, MdAPE in sector 3"
    )


def test_a_clearly_worse_model_fails_in_each_figure_that_is_worse() -> None:
    market = Market(400)
    decision = market.decision(market.model(own=0.25), market.model(own=0.03))
    assert not decision.passed
    assert names(decision.failed)[:3] == ["MdAPE", "coverage", "COD"]


def test_the_reason_gives_the_figures() -> None:
    check = GateCheck("MdAPE", "%", 9.41, 8.07, None, 1.34, 0.9, 1.8, 0.0001, 0.5, passed=False)
    coverage = replace(check, name="coverage", candidate=84.0, serving=89.5, target=90.0, worsening=5.5, margin=2.0)
    prb = replace(check, name="PRB", unit="", candidate=-0.09, serving=-0.045, target=0.0, worsening=0.045, margin=0.02)
    passed = replace(check, name="COD", passed=True)
    assert GateDecision((check, passed)).reason("v3") == (
        "MdAPE 9.4 % against 8.1 % of v3 (worse by 1.3 points, margin 0.5)"
    )
    assert GateDecision((coverage, prb)).reason() == (
        "coverage 84.0 % against 89.5 % of the version in service (farther from 90 % by 5.5 points, margin 2.0); "
        "PRB -0.090 against -0.045 of the version in service (farther from 0 by 0.045, margin 0.020)"
    )


def test_figures_are_those_of_the_ratio_study() -> None:
    market = Market(101)
    candidate, serving = market.model(), market.model()
    decision = market.decision(candidate, serving)
    found = {check.name: (check.candidate, check.serving) for check in decision.checks}
    for side, model in enumerate((candidate, serving)):
        study = ratio_study(model.values, market.prices)
        within = (model.low <= market.prices) & (market.prices <= model.high)
        assert found["MdAPE"][side] == pytest.approx(100 * error_metrics(model.values, market.prices).mdape)
        assert found["coverage"][side] == pytest.approx(100 * within.mean())
        assert found["COD"][side] == pytest.approx(study.cod)
        assert found["PRB"][side] == pytest.approx(study.prb)


def test_intervals_that_became_too_narrow_fail_by_their_coverage_alone() -> None:
    market = Market(500)
    model = market.model()
    narrow = replace(model, low=model.values * 0.9, high=model.values * 1.1)
    decision = market.decision(narrow, model)
    assert names(decision.failed) == ["coverage"]
    assert "farther from 90 % by" in decision.reason("v3")


def test_intervals_that_became_too_wide_fail_too() -> None:
    market = Market(500)
    model = market.model()
    wide = replace(model, low=model.values * 0.01, high=model.values * 100)
    assert names(market.decision(wide, model).failed) == ["coverage"]


def test_values_that_flatter_dear_homes_fail_by_prb() -> None:
    market = Market(1000)
    model = market.model()
    tilted = replace(model, values=model.values * np.exp(0.05 * (np.log2(market.prices) - 17.3)))
    assert "PRB" in names(market.decision(tilted, model).failed)
    assert "farther from 0 by 0.0" in market.decision(tilted, model).reason("v3")


def test_a_model_worse_in_one_large_sector_fails_there_and_says_so() -> None:
    market = Market(1500, sectors=12)
    serving = market.model()
    in_sector = np.array(market.sectors) == "sector 7"
    worse = judged(market.prices, np.log(serving.values / market.prices) * np.where(in_sector, 1.6, 1.0))
    decision = market.decision(worse, serving, Margins(cod_relative=0.2, coverage_points=5, mdape_relative=0.2))
    assert names(decision.failed) == ["MdAPE in sector 7"]
    assert decision.reason("v3").startswith("MdAPE in sector 7 1")


def test_small_sectors_are_not_judged_by_themselves() -> None:
    market = Market(100, sectors=20)
    decision = market.decision(market.model(), market.model())
    assert names(decision.checks) == ["MdAPE", "coverage", "COD", "PRB"]


def test_sectors_are_known_however_they_are_spelled() -> None:
    market = Market(60)
    spelled = ["Ñuñoa", " nunoa"] * 30
    decision = judge_promotion(market.model(), market.model(), market.prices, spelled, level=0.9)
    assert names(decision.checks)[4:] == ["MdAPE in nunoa"]


@pytest.mark.parametrize("count", [20, 50])
def test_noise_alone_hardly_ever_refuses_a_model(count: int) -> None:
    passed = []
    for seed in range(60):
        market = Market(count, seed)
        passed.append(market.decision(market.model(), market.model()).passed)
    assert np.mean(passed) > 0.9


def test_twice_the_error_is_nearly_always_refused() -> None:
    refused = []
    for seed in range(30):
        market = Market(50, seed)
        serving = market.model()
        worse = judged(market.prices, 2 * np.log(serving.values / market.prices))
        refused.append(not market.decision(worse, serving, NO_BOUND).passed)
    assert np.mean(refused) > 0.95


def test_a_handful_of_sales_refuses_what_is_grossly_worse() -> None:
    prices = np.array([1e5, 2e5, 3e5, 4e5, 5e5, 6e5])
    good = judged(prices, np.array([0.05, -0.05, 0.06, -0.06, 0.3, 0.02]))
    bad = judged(prices, np.array([0.3, -0.2, 0.02, -0.25, 0.01, 0.3]))
    sectors = ["a"] * len(prices)
    assert judge_promotion(bad, good, prices, sectors, level=0.9, margins=NO_BOUND).passed
    assert "MdAPE" in names(judge_promotion(bad, good, prices, sectors, level=0.9).failed)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), count=st.integers(1, 150))
def test_one_seed_makes_one_decision_in_whatever_order_the_sales_come(seed: int, count: int) -> None:
    market = Market(count, seed, sectors=2)
    candidate, serving = market.model(), market.model()
    decision = market.decision(candidate, serving)
    assert market.decision(candidate, serving) == decision
    order = np.random.default_rng(seed).permutation(count)
    market.prices, market.sectors = market.prices[order], [market.sectors[row] for row in order]
    new, old = (Judged(model.values[order], model.low[order], model.high[order]) for model in (candidate, serving))
    assert market.decision(new, old) == decision


def test_another_seed_draws_other_sales() -> None:
    market = Market(100)
    candidate, serving = market.model(), market.model()
    one, other = (
        judge_promotion(candidate, serving, market.prices, market.sectors, level=0.9, seed=seed) for seed in (1, 2)
    )
    assert [check.worsening for check in one.checks] == [check.worsening for check in other.checks]
    assert [check.low for check in one.checks] != [check.low for check in other.checks]


def test_without_a_slope_there_is_no_prb_to_compare() -> None:
    prices = np.full(40, 1e5)
    model = judged(prices, np.zeros(40))
    assert "PRB" not in names(judge_promotion(model, model, prices, ["a"] * 40, level=0.9).checks)


def test_what_cannot_be_compared_is_an_error() -> None:
    market = Market(10)
    model = market.model()
    with pytest.raises(ValueError, match="at least one sale"):
        judge_promotion(model, model, market.prices[:9], market.sectors, level=0.9)
    with pytest.raises(ValueError, match="positive and finite"):
        judge_promotion(replace(model, values=-model.values), model, market.prices, market.sectors, level=0.9)
