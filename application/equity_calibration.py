"""Bring vertical equity within the standard's ranges, at a stated cost in accuracy."""

import numpy as np

from domain.equity import EquityCalibration, EquityFigures
from domain.ratio_ranges import ACCEPTED, Range
from domain.ratio_study import coefficient_of_dispersion, price_related_bias, price_related_differential
from domain.sale_pairs import Vector, sale_pairs

FEWEST_SALES = 30
# By hundredths and halves of one, the mildest first.
EXPONENTS = sorted((step / 200 for step in range(160, 301)), key=lambda exponent: abs(exponent - 1))
# Kept in hand when there is something to mend: at the very edge, half of all holdouts would fall outside.
RESERVE = 0.2


def fit_equity_calibration(values: Vector, prices: Vector) -> EquityCalibration:
    """The mildest calibration that brings PRD and PRB of out-of-fold `values` within the standard's ranges.

    Both are arrays of shape (n,) in one currency, positive and finite, else ValueError; the values come from models
    that had not seen the sales. Exponents lie between 0.8 and 1.5. A fifth of each range is kept in reserve where that
    can be had; where no exponent brings both in, the one that leaves them least outside, and `reached` is False. The
    level brings the median ratio to 1. Nothing is changed if both are within the ranges already, where no exponent
    helps, where PRB cannot be told, and of fewer than 30 sales.

    One number is fitted to all n sales, so the figures after are a little too kind: judge it on a holdout.
    """
    values, prices = sale_pairs(values, prices)
    before = _figures(values, prices)
    within = _outside(before.prd, before.prb) == 0
    unchanged = EquityCalibration(1.0, float(np.median(values)), 1.0, within, before, before)
    if len(prices) < FEWEST_SALES or before.prb is None or within:
        return unchanged
    exponent = _mildest(values, prices, unchanged.centre)
    if exponent == 1:
        return unchanged
    stretched = _stretched(values, unchanged.centre, exponent)
    level = 1 / float(np.median(stretched / prices))
    after = _figures(level * stretched, prices)
    return EquityCalibration(exponent, unchanged.centre, level, _outside(after.prd, after.prb) == 0, before, after)


def calibrated(values: Vector, calibration: EquityCalibration) -> Vector:
    """`calibration.apply` of many values at once, shape (n,)."""
    if calibration.changes_nothing:
        return values
    return calibration.level * _stretched(values, calibration.centre, calibration.exponent)


def _stretched(values: Vector, centre: float, exponent: float) -> Vector:
    stretched: Vector = centre * (values / centre) ** exponent
    return stretched


def _mildest(values: Vector, prices: Vector, centre: float) -> float:
    """The first exponent that is within the ranges by the reserve, else within them, else least outside."""
    outside: dict[float, float] = {}
    for exponent in EXPONENTS:
        stretched = _stretched(values, centre, exponent)
        prd, prb = price_related_differential(stretched, prices), price_related_bias(stretched, prices)
        if _outside(prd, prb, RESERVE) == 0:
            return exponent
        outside[exponent] = _outside(prd, prb)
    return min(outside, key=outside.__getitem__)


def _outside(prd: float, prb: float | None, reserve: float = 0.0) -> float:
    """How far PRD and PRB are outside their ranges, each in half-widths of its range; 0 if both are within."""
    told: tuple[tuple[float | None, Range], ...] = ((prd, ACCEPTED["prd"]), (prb, ACCEPTED["prb"]))
    total = 0.0
    for figure, accepted in told:
        half_width = (accepted.high - accepted.low) / 2
        kept = reserve * half_width
        if figure is not None:
            total += max(accepted.low + kept - figure, figure - (accepted.high - kept), 0.0) / half_width
    return total


def _figures(values: Vector, prices: Vector) -> EquityFigures:
    error = np.abs(values - prices)
    return EquityFigures(
        mae=float(error.mean()),
        mdape=float(np.median(error / prices)),
        cod=coefficient_of_dispersion(values, prices),
        prd=price_related_differential(values, prices),
        prb=price_related_bias(values, prices),
    )
