"""Equity, bought with a stated share of accuracy."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from application.equity_calibration import calibrated, fit_equity_calibration
from domain.equity import EquityCalibration, EquityFigures
from domain.ratio_ranges import ACCEPTED
from domain.ratio_study import error_metrics, ratio_study

Vector = NDArray[np.float64]
FIGURES = EquityFigures(mae=1.0, mdape=0.1, cod=10.0, prd=1.0, prb=0.0)


def power_law(exponent: float, centre: float, level: float) -> EquityCalibration:
    return EquityCalibration(exponent, centre, level, reached=True, before=FIGURES, after=FIGURES)


def market(count: int, exponent: float, noise: float = 0.1, seed: int = 0) -> tuple[Vector, Vector]:
    """Values that grow by `exponent` with prices, and their prices."""
    chance = np.random.default_rng(seed)
    prices = np.exp(chance.normal(12, 0.5, count))
    return 160_000 * (prices / 160_000) ** exponent * np.exp(chance.normal(0, noise, count)), prices


def within(name: str, figure: float | None) -> bool:
    return figure is not None and figure in ACCEPTED[name]


class TestFitting:
    def test_a_regressive_appraisal_is_stretched_into_the_ranges(self) -> None:
        fitted = fit_equity_calibration(*market(1_500, exponent=0.8))
        assert not within("prb", fitted.before.prb)
        assert fitted.reached
        assert 1 < fitted.exponent <= 1.5
        assert within("prd", fitted.after.prd)
        assert within("prb", fitted.after.prb)

    def test_a_progressive_one_is_drawn_together(self) -> None:
        fitted = fit_equity_calibration(*market(1_500, exponent=1.15))
        assert fitted.reached
        assert 0.8 <= fitted.exponent < 1

    def test_it_holds_on_sales_that_it_was_not_fitted_to(self) -> None:
        fitted = fit_equity_calibration(*market(1_500, exponent=0.8))
        values, prices = market(1_500, exponent=0.8, seed=1)
        before, after = ratio_study(values, prices), ratio_study(calibrated(values, fitted), prices)
        assert not within("prb", before.prb)
        assert within("prd", after.prd)
        assert within("prb", after.prb)

    def test_a_fair_appraisal_is_left_alone(self) -> None:
        values, prices = market(1_500, exponent=1.0)
        fitted = fit_equity_calibration(1.05 * values, prices)
        assert fitted.changes_nothing
        assert fitted.reached
        assert fitted.before == fitted.after
        assert calibrated(values, fitted) is values

    def test_the_cost_is_stated_on_the_sales_it_was_fitted_to(self) -> None:
        values, prices = market(800, exponent=0.8)
        fitted = fit_equity_calibration(values, prices)
        for figures, valued in ((fitted.before, values), (fitted.after, calibrated(values, fitted))):
            study, errors = ratio_study(valued, prices), error_metrics(valued, prices)
            assert [figures.mae, figures.mdape] == pytest.approx([errors.mae, errors.mdape])
            assert [figures.cod, figures.prd, figures.prb] == pytest.approx([study.cod, study.prd, study.prb])

    def test_the_median_ratio_is_one_after(self) -> None:
        values, prices = market(800, exponent=0.8)
        fitted = fit_equity_calibration(0.93 * values, prices)
        assert ratio_study(calibrated(0.93 * values, fitted), prices).median == pytest.approx(1)

    def test_no_milder_exponent_would_do_as_well(self) -> None:
        values, prices = market(1_500, exponent=0.8)
        fitted = fit_equity_calibration(values, prices)
        milder = ratio_study(values ** (fitted.exponent - 0.005), prices)
        reserve = 0.2 * 0.05
        assert milder.prb is not None
        assert milder.prd > 1.025 or milder.prb < -0.05 + reserve

    def test_what_is_beyond_mending_is_brought_nearer_and_said_to_be_outside(self) -> None:
        fitted = fit_equity_calibration(*market(1_500, exponent=0.4))
        assert not fitted.reached
        assert fitted.exponent == 1.5
        assert fitted.before.prb is not None
        assert fitted.after.prb is not None
        assert fitted.before.prb < fitted.after.prb < -0.05

    def test_few_sales_and_homes_all_alike_are_left_alone(self) -> None:
        assert fit_equity_calibration(*market(29, exponent=0.5)).changes_nothing
        assert fit_equity_calibration(np.full(50, 90.0), np.full(50, 100.0)).changes_nothing

    def test_amounts_that_are_none_are_refused(self) -> None:
        with pytest.raises(ValueError, match="positive"):
            fit_equity_calibration(np.array([1.0, -1.0]), np.array([1.0, 1.0]))

    @given(st.sampled_from([0.001, 0.5, 40.0, 25_000.0]))
    @settings(max_examples=4)
    def test_the_currency_does_not_matter(self, rate: float) -> None:
        values, prices = market(300, exponent=0.8)
        here, there = fit_equity_calibration(values, prices), fit_equity_calibration(rate * values, rate * prices)
        assert there.exponent == here.exponent
        assert there.level == pytest.approx(here.level)
        assert calibrated(rate * values, there) == pytest.approx(rate * calibrated(values, here))


class TestApplying:
    @given(
        st.lists(st.floats(1, 1e9), min_size=2, max_size=30),
        st.floats(0.8, 1.5),
        st.floats(1e3, 1e7),
        st.floats(0.5, 2),
    )
    @settings(max_examples=50)
    def test_a_dearer_home_is_never_worth_less(
        self, values: list[float], exponent: float, centre: float, level: float
    ) -> None:
        calibration = power_law(exponent, centre, level)
        worth = [calibration.apply(value) for value in sorted(values)]
        assert all(one <= other for one, other in pairwise(worth))

    @given(st.floats(1, 1e9), st.floats(0.8, 1.5), st.floats(0.5, 2))
    @settings(max_examples=50)
    def test_one_home_is_valued_as_in_a_table_of_many(self, value: float, exponent: float, level: float) -> None:
        calibration = power_law(exponent, 200_000.0, level)
        assert calibration.apply(value) == pytest.approx(calibrated(np.array([value]), calibration)[0], rel=1e-12)

    def test_the_centre_moves_by_the_level_alone(self) -> None:
        calibration = power_law(1.2, 200_000.0, 1.01)
        assert calibration.apply(200_000.0) == pytest.approx(202_000.0)
        assert calibration.apply(400_000.0) > 2 * calibration.apply(200_000.0)

    def test_an_unchanged_value_is_the_very_same(self) -> None:
        assert power_law(1.0, 3.0, 1.0).apply(0.1 + 0.2) == 0.1 + 0.2

    @pytest.mark.parametrize("figures", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0)])
    def test_what_would_turn_the_order_of_values_is_refused(self, figures: tuple[float, float, float]) -> None:
        with pytest.raises(ValueError, match="positive"):
            power_law(*figures)

    def test_it_is_stored_and_read_again(self) -> None:
        fitted = fit_equity_calibration(*market(300, exponent=0.8))
        assert msgspec.json.decode(msgspec.json.encode(fitted), type=EquityCalibration) == fitted
