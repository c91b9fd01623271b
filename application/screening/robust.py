"""Statistics that a few wrong sales do not move."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]

_NORMAL_MAD = 1.4826  # a normal distribution's SD over its median absolute deviation
_NORMAL_TENTHS = 2.5631  # a normal distribution's last tenth less its first, in SDs
_WIDEST_TAIL = 3.0  # the second over the first: 1 for a normal distribution, 1.6 even for Cauchy's
_BISQUARE = 4.685  # Tukey's tuning constant: 95 % efficient on normal errors
_REWEIGHTINGS = 15
_ROUNDS = 3
_LARGEST_FEATURE = 4.0
_FULL_TRUST = 10.0


def spread(values: Vector, least: float) -> float:
    """The robust SD of `values`, and no less than `least`: by the middle half, or the middle 80 % if that is wider.

    Where it is wider than any tail would make it, it holds two markets, and the middle half is of the larger one.
    """
    middle = max(_NORMAL_MAD * float(np.median(np.abs(values - np.median(values)))), least)
    wide = _by_tenths(values)
    return wide if middle < wide <= _WIDEST_TAIL * middle else middle


def _by_tenths(values: Vector) -> float:
    first, last = np.quantile(values, [0.1, 0.9])
    return float(last - first) / _NORMAL_TENTHS


def local_spread(rest: Vector, near: Rows, least: float) -> Vector:
    """The robust SD of `rest` about each row, shape (n,): that of all, and more where that of the rows `near` is.

    Where neighbours differ more than elsewhere, as in the countryside, more is allowed.
    """
    everywhere = spread(rest, least)
    if not near.shape[1]:
        return np.full(len(rest), everywhere)
    locally = _NORMAL_MAD * np.median(np.abs(rest)[near], axis=1)
    return np.sqrt(np.maximum(locally, everywhere) * everywhere)  # half-way: a few neighbours are a rough measure


def deviations(values: Vector, least: float) -> Vector:
    """How many robust SDs each value is above the median; the SD is taken as no less than `least`."""
    return np.asarray((values - np.median(values)) / spread(values, least))


def residuals(target: Vector, features: Sequence[Vector], groups: Sequence[Rows], near: Rows | None = None) -> Vector:
    """What of `target`, shape (n,), neither the features nor the groups nor the neighbours explain.

    A bisquare regression on the features, then the median of each group (shrunk where it has few members, so that no
    member explains itself), then the median of the rows of `near`, shape (n, k), in turns.
    """
    design = _design(features, len(target))
    explained = np.zeros(len(target))
    rest = target
    for _ in range(_ROUNDS):
        rest = target - design @ _bisquare(design, target - explained)
        explained = np.zeros(len(target))
        for codes in groups:
            explained = explained + _group_medians(rest - explained, codes)
        if near is not None and near.shape[1]:
            explained += np.median((rest - explained)[near], axis=1)
    return np.asarray(rest - explained)


def _design(features: Sequence[Vector], rows: int) -> Vector:
    """An intercept and the features in robust SDs, cut off where a wrong value would pull the fit to itself."""
    columns: list[Vector] = [np.ones(rows)]
    for feature in features:
        scale = max(spread(feature, 1e-9), _by_tenths(feature))
        columns.append(np.clip((feature - np.median(feature)) / scale, -_LARGEST_FEATURE, _LARGEST_FEATURE))
    return np.column_stack(columns)


def _bisquare(design: Vector, target: Vector) -> Vector:
    """Coefficients of an iteratively reweighted least squares fit; a little ridge keeps constant columns harmless."""
    ridge = 1e-6 * len(target) * np.eye(design.shape[1])
    ridge[0, 0] *= 1e-6
    coefficients: Vector = np.zeros(design.shape[1])
    coefficients[0] = np.median(target)
    for step in range(_REWEIGHTINGS):
        rest = np.abs(target - design @ coefficients)
        scale = max(_NORMAL_MAD * float(np.median(rest)), 1e-9)
        # First by absolute size, which any start leads to the middle; then strays are dropped altogether.
        if step < _REWEIGHTINGS // 2:
            weights = scale / np.maximum(rest, scale)
        else:
            weights = np.clip(1 - (rest / (_BISQUARE * scale)) ** 2, 0, None) ** 2
        weighted = design * weights[:, None]
        coefficients = np.linalg.solve(weighted.T @ design + ridge, weighted.T @ target).astype(np.float64)
    return coefficients


def _group_medians(values: Vector, codes: Rows) -> Vector:
    """The median of each row's group, shape (n,), drawn towards nought where the group is small."""
    order = np.lexsort((values, codes))
    members = np.bincount(codes)
    starts = np.cumsum(members) - members
    ordered = values[order]
    low, high = (np.clip(starts + offset, 0, len(values) - 1) for offset in ((members - 1) // 2, members // 2))
    medians = (ordered[low] + ordered[high]) / 2 * members / (members + _FULL_TRUST)
    return np.asarray(medians[codes])
