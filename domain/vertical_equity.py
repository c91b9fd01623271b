"""The vertical equity indicator: are dear homes appraised at the same share of their price as cheap ones?

Formulas follow appendix E of the May 2026 exposure draft of the IAAO Standard on Ratio Studies.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.sale_pairs import Vector, market_value_proxy, percentile_groups, sale_pairs

FEWEST_SALES = 20
NORMAL_90 = 1.645  # the standard's own figure for an interval at 90 per cent


@dataclass(frozen=True, slots=True)
class PercentileGroup:
    """Sales of one range of market value: how many, their median ratio and its 90 per cent interval."""

    count: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class VerticalEquity:
    """vei and significance in per cent; groups from the cheapest to the dearest."""

    vei: float
    significance: float
    groups: tuple[PercentileGroup, ...]


def vertical_equity(values: ArrayLike, prices: ArrayLike) -> VerticalEquity | None:
    """VEI = 100 (median ratio of the dearest group - of the cheapest) / m: below 0 regressive, above 0 progressive.

    Groups are by percentile of the market value proxy: 2 of 20 to 50 sales, 4 of 51 to 500, 10 of more. The
    significance is 100 (lower bound of the group with the highest median - upper bound of that with the lowest) / m: a
    VEI beyond 10 per cent is held against an appraisal only if this is beyond 10 as well. None of fewer than 20 sales,
    and where all homes are alike.
    """
    value, price = sale_pairs(values, prices)
    if len(price) < FEWEST_SALES:
        return None
    ratio = value / price
    place = percentile_groups(market_value_proxy(value, price), _group_count(len(price)))
    groups = tuple(_group(ratio[place == number]) for number in np.unique(place))
    if len(groups) < 2:
        return None
    middle = float(np.median(ratio))
    highest = max(groups, key=lambda group: group.median)
    lowest = min(groups, key=lambda group: group.median)
    return VerticalEquity(
        vei=100 * (groups[-1].median - groups[0].median) / middle,
        significance=100 * (highest.low - lowest.high) / middle,
        groups=groups,
    )


def _group_count(sales: int) -> int:
    if sales <= 50:
        return 2
    return 4 if sales <= 500 else 10


def _group(ratios: Vector) -> PercentileGroup:
    """The interval's bounds are ratios of the group, by rank: no shape of their distribution is assumed."""
    count, ordered = len(ratios), np.sort(ratios)
    reach = NORMAL_90 * math.sqrt(count) / 2
    low = max(math.ceil(count / 2 - reach), 1)
    high = min(math.floor(1 + count / 2 + reach), count)
    return PercentileGroup(count, float(np.median(ratios)), float(ordered[low - 1]), float(ordered[high - 1]))
