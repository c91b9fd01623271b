"""What homes of one kind cost from month to month, with the mix of homes held fixed."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]

# Of a cell of homes (a type in a sector): the variance of a price over that of the cell's own level.
_CELL_PRIOR = 0.5
_BLOCK_PRIOR = 2.0
_SALES_PER_BLOCK = 20
_MOST_BLOCKS_ALONG = 60
_RIDGE = 1e-3
_CLIP = 2.5  # robust SDs, beyond which a price counts as if it were there
_ROUNDS = 6
_LEAST_SCATTER = 1e-3
_CELLS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class DatedSales:
    """Dated sales as arrays, shape (n,), in an order that depends on nothing but the sales.

    month: the number of the month, from any start. sector, cell: codes; `sectors` names those of the sectors.
    price_per_area: logs, per m2 of usable area. places: latitude and longitude, shape (n, 2).
    """

    log_price: Vector
    features: Vector
    month: Codes
    sector: Codes
    cell: Codes
    price_per_area: Vector
    places: Vector
    sectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthlyLevels:
    """Log levels of months with the mix held fixed, in one order with `months`, centred on 0.

    weights: how many sales each level is worth. scatter: SD of a single log price about the fit. freedom: degrees of
    freedom that are left of the sales. residuals: of each sale about the level 0, outliers drawn in, shape (n,).
    """

    months: Codes
    levels: Vector
    weights: Vector
    scatter: float
    freedom: float
    residuals: Vector


def dated_sales(sales: "pd.DataFrame", months: Codes) -> DatedSales:
    """The sales, whose months are given, in canonical order."""
    import pandas as pd

    usable, whole, rooms, baths, latitude, longitude, price = (
        sales[name].to_numpy(dtype=np.float64)
        for name in ("net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude", "price")
    )
    sector, sectors = pd.factorize(sales["sector"], sort=True)
    kind, kinds = pd.factorize(sales["type"], sort=True)
    order = np.lexsort((price, usable, whole, rooms, baths, latitude, longitude, kind, sector, months))
    log_usable = np.log(usable)
    centred = log_usable - np.median(log_usable)
    features = np.column_stack([centred, centred**2, np.log(whole), np.log1p(rooms), np.log1p(baths)])[order]
    spread = features.std(axis=0)
    features = (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    return DatedSales(
        log_price=np.log(price)[order],
        features=np.clip(features, -6, 6),
        month=months[order],
        sector=sector[order].astype(np.intp),
        cell=np.unique(sector * len(kinds) + kind, return_inverse=True)[1][order].astype(np.intp),
        price_per_area=(np.log(price) - log_usable)[order],
        places=np.column_stack([latitude, longitude])[order],
        sectors=tuple(str(name) for name in sectors),
    )


def monthly_levels(sales: DatedSales, *, straight: bool = False) -> MonthlyLevels:
    """The levels of the months with sales: log price on features, cells of sector and type, and months, all at once.

    Cells are shrunk, the rest is a robust regression (Huber's, by pseudo-values). `straight` holds the levels to a
    line, for few sales. The second of two passes takes off what the neighbourhood adds.
    """
    months, position = np.unique(sales.month, return_inverse=True)
    time = (months - months.mean()) / max(np.ptp(months), 1)
    basis = np.column_stack([np.ones(len(months)), time]) if straight else np.eye(len(months))
    regression = _Regression(sales.features, sales.cell, position.astype(np.intp), basis)
    centre = float(np.median(sales.log_price))
    reach = max(10 * float(np.median(np.abs(sales.log_price - centre))), 1.0)
    log_price = np.clip(sales.log_price - centre, -reach, reach)
    first = regression.fit(log_price)
    # A neighbourhood of a few sales would fit anything.
    blocks = _blocks(sales.places)
    nearby = np.zeros(len(log_price)) if straight else _shrunk_means(first.errors, blocks, _BLOCK_PRIOR)
    fit = first if straight else regression.fit(log_price - nearby[blocks])
    freedom = regression.freedom - (0 if straight else len(nearby) / 2)
    levels = basis @ fit.time
    weights = regression.worth
    levels = levels - np.average(levels, weights=weights)
    scatter = max(fit.scatter * np.sqrt(len(log_price) / max(freedom, 1.0)), _LEAST_SCATTER)
    return MonthlyLevels(months, levels, weights, float(scatter), float(freedom), fit.errors + levels[position])


@dataclass(frozen=True, slots=True)
class _Fit:
    time: Vector
    errors: Vector
    scatter: float


class _Regression:
    """Log prices on features and months, with a shrunk level for each cell; the moments are computed once."""

    def __init__(self, features: Vector, cell: Codes, month: Codes, basis: Vector) -> None:
        self._features, self._cell, self._month, self._basis = features, cell, month, basis
        self._count = np.bincount(cell)
        within = np.column_stack([self._within(column) for column in features.T])
        by_month = np.column_stack([np.bincount(month, column, len(basis)) for column in within.T])
        months = _months_within_cells(cell, month, self._count, len(basis))
        corner = basis.T @ by_month
        ridge = _RIDGE * len(cell) * np.eye(features.shape[1])
        self._matrix = np.block([[features.T @ within + ridge, corner.T], [corner, basis.T @ months @ basis]])
        self._matrix[np.diag_indices_from(self._matrix)] += 1e-9 * len(cell)
        self.worth: Vector = np.maximum(np.diag(months), 1e-6)
        used = features.shape[1] + basis.shape[1] + float((self._count / (self._count + _CELL_PRIOR)).sum())
        self.freedom = len(cell) - used

    def fit(self, log_price: Vector) -> _Fit:
        pseudo, width = log_price, self._features.shape[1]
        for _ in range(_ROUNDS):
            within = self._within(pseudo)
            moments = [self._features.T @ within, self._basis.T @ np.bincount(self._month, within, len(self._basis))]
            solution = np.linalg.solve(self._matrix, np.concatenate(moments))
            time = solution[width:]
            fitted = self._features @ solution[:width] + (self._basis @ time)[self._month]
            fitted += _shrunk_means(pseudo - fitted, self._cell, _CELL_PRIOR)[self._cell]
            errors = log_price - fitted
            scatter = 1.4826 * float(np.median(np.abs(errors)))
            limit = _CLIP * max(scatter, _LEAST_SCATTER)
            errors = np.clip(errors, -limit, limit)
            pseudo = fitted + errors
        # The root mean square of what was drawn in: the median alone is 0 where most prices are fitted exactly.
        return _Fit(time, errors, max(scatter, float(np.sqrt(np.mean(errors**2)))))

    def _within(self, values: Vector) -> Vector:
        inside: Vector = values - _shrunk_means(values, self._cell, _CELL_PRIOR)[self._cell]
        return inside


def _shrunk_means(values: Vector, group: Codes, prior: float) -> Vector:
    means: Vector = np.bincount(group, values) / (np.bincount(group) + prior)
    return means


def _months_within_cells(cell: Codes, month: Codes, count: Codes, months: int) -> Vector:
    """Month dummies times themselves, net of shrunk cells, (months, months): a few cells at a time to save memory."""
    matrix = np.diag(np.bincount(month, minlength=months).astype(np.float64))
    alone = count[cell] == 1
    matrix[np.diag_indices(months)] -= np.bincount(month[alone], minlength=months) / (1 + _CELL_PRIOR)
    cells = np.flatnonzero(count > 1)
    rank = np.searchsorted(cells, cell)
    rank[alone] = len(cells)
    order = np.argsort(rank, kind="stable")
    ends = np.searchsorted(rank[order], np.arange(0, len(cells) + _CELLS_AT_ONCE, _CELLS_AT_ONCE))
    ends[-1] = len(rank) - int(alone.sum())
    for number, (start, end) in enumerate(pairwise(ends.tolist())):
        some = order[start:end]
        first = number * _CELLS_AT_ONCE
        width = min(_CELLS_AT_ONCE, len(cells) - first)
        table = np.bincount((rank[some] - first) * months + month[some], minlength=width * months)
        shared = table.reshape(width, months) / np.sqrt(count[cells[first : first + width]] + _CELL_PRIOR)[:, None]
        matrix -= shared.T @ shared
    return matrix


def _blocks(places: Vector) -> Codes:
    """A block of a grid for each place, each side cut into equally many sales."""
    along = int(np.clip(np.sqrt(len(places) / _SALES_PER_BLOCK), 1, _MOST_BLOCKS_ALONG))
    cuts = np.arange(1, along) / along
    rows, columns = (np.searchsorted(np.quantile(side, cuts), side) for side in places.T)
    return np.unique(rows * along + columns, return_inverse=True)[1].astype(np.intp)
