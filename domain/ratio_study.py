"""How good values are: errors relative to the sale price, and the ratio study of mass appraisal.

Formulas follow the IAAO Standard on Ratio Studies (2013); r = value / price and m = median(r) throughout. All functions
take the values V and the prices P of the same n sales, arrays of shape (n,) in one currency, all positive and finite;
else they raise ValueError.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.ratio_intervals import bootstrap_intervals
from domain.sale_pairs import Vector, market_value_proxy, sale_pairs
from domain.student_t import central_t
from domain.vertical_equity import vertical_equity

__all__ = [
    "ErrorMetrics",
    "RatioStudy",
    "Vector",
    "coefficient_of_dispersion",
    "error_metrics",
    "price_related_bias",
    "price_related_bias_interval",
    "price_related_differential",
    "ratio_study",
]


@dataclass(frozen=True, slots=True)
class ErrorMetrics:
    """Errors of values against prices.

    rmse, mae: in the currency. mape, mdape: mean and median of |value - price| / price. pe10, pe20: the share of sales
    for which that is at most 0.10 and 0.20. r2: the coefficient of determination, None where all prices are equal.
    """

    count: int
    rmse: float
    mae: float
    mape: float
    mdape: float
    pe10: float
    pe20: float
    r2: float | None


@dataclass(frozen=True, slots=True)
class RatioStudy:
    """median, mean and weighted mean ratio; COD in per cent; PRD; PRB, MKI and KI; VEI in per cent; relative errors.

    prb: None where it has no slope; prb_low, prb_high: its 95 per cent interval. mki: None where all prices are equal.
    vei, vei_significance: None of fewer than 20 sales. pe10, pe20, mdape: as in `ErrorMetrics`. intervals: (low, high)
    at 95 per cent by name of figure, from a bootstrap, None where none was asked for. Studies stored by older versions
    have None for all that they do not know: for every figure from prb_low on.
    """

    count: int
    median: float
    mean: float
    weighted_mean: float
    cod: float
    prd: float
    prb: float | None
    mki: float | None
    ki: float
    prb_low: float | None = None
    prb_high: float | None = None
    vei: float | None = None
    vei_significance: float | None = None
    pe10: float | None = None
    pe20: float | None = None
    mdape: float | None = None
    intervals: dict[str, tuple[float, float]] | None = None


def error_metrics(values: ArrayLike, prices: ArrayLike) -> ErrorMetrics:
    """The errors of `values` against `prices`."""
    value, price = sale_pairs(values, prices)
    error = value - price
    share = np.abs(error) / price
    # Compared, not subtracted: the mean of equal prices can differ from them by a rounding.
    spread = float(((price - price.mean()) ** 2).sum()) if price.min() < price.max() else 0.0
    return ErrorMetrics(
        count=len(price),
        rmse=float(np.sqrt((error**2).mean())),
        mae=float(np.abs(error).mean()),
        mape=float(share.mean()),
        mdape=float(np.median(share)),
        pe10=float((share <= 0.10).mean()),
        pe20=float((share <= 0.20).mean()),
        r2=1 - float((error**2).sum()) / spread if spread > 0 else None,
    )


def ratio_study(values: ArrayLike, prices: ArrayLike, seed: int | None = None) -> RatioStudy:
    """Level, uniformity and vertical equity of `values`; with `bootstrap_intervals` if there is a seed."""
    value, price = sale_pairs(values, prices)
    ratio = value / price
    gini_value, gini_price = _gini(value, price), _gini(price, price)
    prb_low, prb_high = price_related_bias_interval(value, price) or (None, None)
    equity = vertical_equity(value, price)
    errors = error_metrics(value, price)
    return RatioStudy(
        count=len(price),
        median=float(np.median(ratio)),
        mean=float(ratio.mean()),
        weighted_mean=float(value.sum() / price.sum()),
        cod=coefficient_of_dispersion(value, price),
        prd=price_related_differential(value, price),
        prb=price_related_bias(value, price),
        mki=gini_value / gini_price if price.min() < price.max() else None,
        ki=gini_value - gini_price,
        prb_low=prb_low,
        prb_high=prb_high,
        vei=equity.vei if equity else None,
        vei_significance=equity.significance if equity else None,
        pe10=errors.pe10,
        pe20=errors.pe20,
        mdape=errors.mdape,
        intervals=None if seed is None else bootstrap_intervals(value, price, seed),
    )


def coefficient_of_dispersion(values: ArrayLike, prices: ArrayLike) -> float:
    """COD = 100 mean|r - m| / m, per cent."""
    value, price = sale_pairs(values, prices)
    ratio = value / price
    median = np.median(ratio)
    return float(100 * np.abs(ratio - median).mean() / median)


def price_related_differential(values: ArrayLike, prices: ArrayLike) -> float:
    """PRD = mean(r) / (sum V / sum P): above 1 where dear homes are appraised lower than cheap ones."""
    value, price = sale_pairs(values, prices)
    return float((value / price).mean()) / float(value.sum() / price.sum())


def price_related_bias(values: ArrayLike, prices: ArrayLike) -> float | None:
    """PRB: the least-squares slope of (r - m) / m on log2 of the market value proxy (V / m + P) / 2.

    None where all proxies are equal, so that no slope exists.
    """
    line = _bias_line(*sale_pairs(values, prices))
    return line.slope if line else None


def price_related_bias_interval(
    values: ArrayLike, prices: ArrayLike, level: float = 0.95
) -> tuple[float, float] | None:
    """The interval of the PRB at `level`: its slope -+ t times its standard error, by n - 2 degrees of freedom.

    None where there is no slope, and of fewer than three sales.
    """
    value, price = sale_pairs(values, prices)
    line = _bias_line(value, price)
    if line is None or len(price) < 3:
        return None
    reach = central_t(level, len(price) - 2) * line.standard_error
    return line.slope - reach, line.slope + reach


@dataclass(frozen=True, slots=True)
class _BiasLine:
    """The slope of the PRB; its standard error, 0 of fewer than three sales."""

    slope: float
    standard_error: float


def _bias_line(value: Vector, price: Vector) -> _BiasLine | None:
    ratio = value / price
    median = np.median(ratio)
    size = np.log2(market_value_proxy(value, price))
    size = size - size.mean()
    spread = float((size**2).sum())
    if spread <= 1e-12 * len(size):
        return None
    shift = (ratio - median) / median
    slope = float((size * shift).sum()) / spread
    left = shift - shift.mean() - slope * size
    return _BiasLine(slope, math.sqrt(float((left**2).sum()) / max(len(size) - 2, 1) / spread))


def _gini(amounts: Vector, order: Vector) -> float:
    """G = (2 sum i x_i / sum x - (n + 1)) / n, with x ranked by `order` from 1 to n.

    Ties share the mean of their ranks: which of two homes sold at one price comes first must not change the verdict.
    """
    count = len(amounts)
    _, place, ties = np.unique(order, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    return float((2 * (ranks * amounts).sum() / amounts.sum() - (count + 1)) / count)
