"""How good values are: errors relative to the sale price, and the ratio study of mass appraisal.

Formulas follow the IAAO Standard on Ratio Studies (2013); r = value / price and m = median(r) throughout. All functions
take the values V and the prices P of the same n sales, arrays of shape (n,) in one currency, all positive and finite;
else they raise ValueError.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


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
    """median, mean and weighted mean ratio; COD in per cent; PRD; PRB, MKI and KI.

    prb: None where it has no slope. mki: None where all prices are equal.
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


def error_metrics(values: ArrayLike, prices: ArrayLike) -> ErrorMetrics:
    """The errors of `values` against `prices`."""
    value, price = _pairs(values, prices)
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


def ratio_study(values: ArrayLike, prices: ArrayLike) -> RatioStudy:
    """Level, uniformity and vertical equity of `values`."""
    value, price = _pairs(values, prices)
    ratio = value / price
    weighted_mean = float(value.sum() / price.sum())
    gini_value, gini_price = _gini(value, price), _gini(price, price)
    return RatioStudy(
        count=len(price),
        median=float(np.median(ratio)),
        mean=float(ratio.mean()),
        weighted_mean=weighted_mean,
        cod=coefficient_of_dispersion(value, price),
        prd=float(ratio.mean()) / weighted_mean,
        prb=price_related_bias(value, price),
        mki=gini_value / gini_price if price.min() < price.max() else None,
        ki=gini_value - gini_price,
    )


def coefficient_of_dispersion(values: ArrayLike, prices: ArrayLike) -> float:
    """COD = 100 mean|r - m| / m, per cent."""
    value, price = _pairs(values, prices)
    ratio = value / price
    median = np.median(ratio)
    return float(100 * np.abs(ratio - median).mean() / median)


def price_related_bias(values: ArrayLike, prices: ArrayLike) -> float | None:
    """PRB: the least-squares slope of (r - m) / m on log2 of the market value proxy (V / m + P) / 2.

    None where all proxies are equal, so that no slope exists.
    """
    value, price = _pairs(values, prices)
    ratio = value / price
    median = np.median(ratio)
    size = np.log2((value / median + price) / 2)
    size = size - size.mean()
    spread = float((size**2).sum())
    if spread <= 1e-12 * len(size):
        return None
    return float((size * (ratio - median) / median).sum()) / spread


def _gini(amounts: Vector, order: Vector) -> float:
    """G = (2 sum i x_i / sum x - (n + 1)) / n, with x ranked by `order` from 1 to n.

    Ties share the mean of their ranks: which of two homes sold at one price comes first must not change the verdict.
    """
    count = len(amounts)
    _, place, ties = np.unique(order, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    return float((2 * (ranks * amounts).sum() / amounts.sum() - (count + 1)) / count)


def _pairs(values: ArrayLike, prices: ArrayLike) -> tuple[Vector, Vector]:
    value = np.asarray(values, dtype=np.float64)
    price = np.asarray(prices, dtype=np.float64)
    if value.ndim != 1 or value.shape != price.shape or not len(price):
        raise ValueError(f"values and prices are two equally long vectors, not of shapes {value.shape}, {price.shape}")
    for amounts in (value, price):
        if not (np.isfinite(amounts).all() and (amounts > 0).all()):
            raise ValueError("values and prices are positive and finite")
    return value, price
