"""Values and prices of the same sales, checked once, and what a ratio study orders homes by."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


def sale_pairs(values: ArrayLike, prices: ArrayLike) -> tuple[Vector, Vector]:
    """Both as arrays of shape (n,), n at least 1. Raises ValueError unless all are positive and finite."""
    value = np.asarray(values, dtype=np.float64)
    price = np.asarray(prices, dtype=np.float64)
    if value.ndim != 1 or value.shape != price.shape or not len(price):
        raise ValueError(f"values and prices are two equally long vectors, not of shapes {value.shape}, {price.shape}")
    for amounts in (value, price):
        if not (np.isfinite(amounts).all() and (amounts > 0).all()):
            raise ValueError("values and prices are positive and finite")
    return value, price


def market_value_proxy(values: ArrayLike, prices: ArrayLike) -> Vector:
    """(V / m + P) / 2, shape (n,), in the currency of the prices; m is the median ratio.

    Homes ordered by price alone make every appraisal look regressive, by value alone progressive: each has errors of
    its own, and those sort homes too. The mean of both is the standard's remedy.
    """
    value, price = sale_pairs(values, prices)
    proxy: Vector = (value / np.median(value / price) + price) / 2
    return proxy


def percentile_groups(amounts: ArrayLike, count: int) -> NDArray[np.intp]:
    """The group of each amount, shape (n,): 0 for the smallest to `count` - 1 for the largest.

    Group g ends with the amount of rank floor(g (n - 1) / count + 1), as in appendix E.5 of the 2026 draft of the IAAO
    Standard on Ratio Studies (the percentiles that numpy calls linear). Equal amounts share the lower group, so that
    the order of sales decides nothing; with many ties or few amounts, groups may be empty. Raises ValueError for what
    is no vector of finite amounts.
    """
    amount = np.asarray(amounts, dtype=np.float64)
    if amount.ndim != 1 or not len(amount) or not np.isfinite(amount).all():
        raise ValueError("amounts are a vector of at least one, all finite")
    # In whole numbers: 0.7 (n - 1) can fall short of an integer by a rounding.
    last_of_each = np.arange(1, count) * (len(amount) - 1) // count
    return np.searchsorted(np.sort(amount)[last_of_each], amount, side="left")
