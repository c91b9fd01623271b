"""Groups of sectors, cheap to dear, whose prices drift apart from the market's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from application.market_levels.hedonic import DatedSales, MonthlyLevels

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_GROUPS = 4
FEWEST_SALES = 400
FEWEST_MONTHS = 18
_AHEAD = 6
_GAIN = 0.02  # of the squared error of forecasts, below which one market is simpler
_TELLING = 4.0  # mean squared slope in standard errors, two of them: chance gives 1


@dataclass(frozen=True, slots=True)
class DriftingGroups:
    """group: of each sector code, cheapest first. slopes: of each group about the market's, log per month, shrunk."""

    group: Codes
    slopes: Vector


def drifting_groups(sales: DatedSales, fitted: MonthlyLevels, market: Vector) -> DriftingGroups | None:
    """The groups that would have foretold their own sales better than one market for all, or None.

    market: the smoothed market level of each of `fitted.months`. As many groups of about
    equally many sales as have 400 sales over 18 months each, at most four.
    """
    rest = fitted.residuals - market[np.searchsorted(fitted.months, sales.month)]
    for groups in range(MOST_GROUPS, 1, -1):
        group = _by_price(sales, groups)
        of_sale = group[sales.sector]
        counts = np.bincount(of_sale, minlength=groups)
        if group.max() + 1 < groups or counts.min() < FEWEST_SALES:
            continue
        table = _Table.of(rest, of_sale, sales.month, groups)
        if table.months_with_sales.min() < FEWEST_MONTHS:
            continue
        variance = fitted.scatter**2
        slopes, variances, *_ = table.slopes(len(table.months), variance)
        if np.mean(slopes**2 / variances) > _TELLING and _gain(table, variance) > _GAIN:
            return DriftingGroups(group, _shrunk_slopes(slopes, variances))
    return None


def _by_price(sales: DatedSales, groups: int) -> Codes:
    """The group of each sector code, by its median price per m2, cut where sales are about equally many."""
    per_area = sales.price_per_area
    order = np.lexsort((per_area, sales.sector))
    edges = np.searchsorted(sales.sector[order], np.arange(len(sales.sectors) + 1))
    count = np.diff(edges)
    middle = np.array([np.median(per_area[order[edges[code] : edges[code + 1]]]) for code in range(len(count))])
    ranked = np.lexsort((np.arange(len(count)), middle))
    before = np.cumsum(count[ranked]) - count[ranked] / 2
    group = np.empty(len(count), dtype=np.intp)
    group[ranked] = np.minimum(before * groups / count.sum(), groups - 1).astype(np.intp)
    return np.unique(group, return_inverse=True)[1].astype(np.intp)


@dataclass(frozen=True, slots=True)
class _Table:
    """What is left of log prices about the market, by group and month, shape (groups, months): means and counts."""

    months: Vector
    means: Vector
    counts: Vector

    @classmethod
    def of(cls, rest: Vector, group: Codes, month: Codes, groups: int) -> "_Table":
        months, position = np.unique(month, return_inverse=True)
        cell = group * len(months) + position
        counts = np.bincount(cell, minlength=groups * len(months)).astype(np.float64)
        sums = np.bincount(cell, rest, groups * len(months))
        shape = (groups, len(months))
        return cls(months.astype(np.float64), (sums / np.maximum(counts, 1)).reshape(shape), counts.reshape(shape))

    @property
    def months_with_sales(self) -> Codes:
        return np.asarray((self.counts > 0).sum(axis=1), dtype=np.intp)

    def slopes(self, until: int, variance: float) -> tuple[Vector, Vector, Vector, Vector]:
        """Of the first `until` months, by group: slope, its variance, mean level, mean month."""
        months, counts = self.months[:until], self.counts[:, :until]
        total = np.maximum(counts.sum(axis=1), 1e-9)
        middle = (counts @ months) / total
        level = (counts * self.means[:, :until]).sum(axis=1) / total
        away = months[None, :] - middle[:, None]
        moment = np.maximum((counts * away**2).sum(axis=1), 1e-9)
        slope = (counts * away * (self.means[:, :until] - level[:, None])).sum(axis=1) / moment
        return slope, variance / moment, level, middle


def _shrunk_slopes(slopes: Vector, variances: Vector) -> Vector:
    """Empirical Bayes: each slope about 0 keeps tau^2 / (tau^2 + se^2) of itself."""
    between = max(float(np.mean(slopes**2 - variances)), 0.0)
    kept: Vector = slopes * between / (between + variances)
    return kept


def _gain(table: _Table, variance: float) -> float:
    """By how much the groups' own slopes lower the squared error of forecasts from rolling origins, as a share."""
    with_slopes = without = 0.0
    for origin in range(max(len(table.months) // 3, 6), len(table.months) - 1):
        slope, slope_variance, level, middle = table.slopes(origin, variance)
        some = slice(origin, origin + _AHEAD)
        actual, counts = table.means[:, some] - level[:, None], table.counts[:, some]
        foretold = _shrunk_slopes(slope, slope_variance)[:, None] * (table.months[some][None, :] - middle[:, None])
        with_slopes += float((counts * (actual - foretold) ** 2).sum())
        without += float((counts * actual**2).sum())
    return 1 - with_slopes / without if without > 0 else 0.0
