"""Learn from dated sales how the level of prices moved."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.market_levels.hedonic import DatedSales, MonthlyLevels, dated_sales, monthly_levels
from application.market_levels.sector_groups import drifting_groups
from application.market_levels.trend import fit_trend
from application.sales.table import SOLD_ON
from domain.market_index import ALL_SECTORS, NO_INDEX, MarketIndex

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]
Days = NDArray[np.datetime64]

FEWEST_SALES = 100
FEWEST_MONTHS = 6
LONGEST_CARRIED = 24
_FEWEST_FREE = 5.0
_FEWEST_FREE_FOR_MONTHS = 30.0
_STRAY_SHARE = 0.005
_STRAY_REACH = 0.25
_LEAST_SLOPE = 1e-5  # log per month: 0.01 % a year


def fit_market_index(sales: "pd.DataFrame") -> MarketIndex:
    """The index of checked sales (`CheckedSales.usable`), relative to the last day of the dated ones.

    Monthly levels with the mix of homes held fixed, smoothed and carried on as would have foretold the later months
    best from the earlier ones; by group of sectors where that foretells better. Without fewer than six months or a
    hundred dated sales, a straight line, shrunk by what is known of its slope. A market that does not move gets levels
    of 0. The drift is carried on for at most half of the time seen, and two years. The few sales at either end that
    lie years from all others, slips of the pen as a rule, are not learned from. Depends on nothing but the sales, not
    on their order nor the currency.
    """
    if SOLD_ON not in sales.columns:
        return NO_INDEX
    days = sales[SOLD_ON].to_numpy().astype("datetime64[D]")
    kept = ~np.isnat(days)
    if not kept.any():
        return NO_INDEX
    kept[kept] = _together(days[kept])
    days = days[kept]
    month = days.astype("datetime64[M]").astype(np.int64).astype(np.intp)
    sales = sales.loc[kept]
    dated = dated_sales(sales, month)
    ahead = int(min(LONGEST_CARRIED, np.ptp(month) // 2))
    fitted = _by_month(dated)
    if fitted is None:
        months, levels, drift = _straight(dated)
    else:
        trend = fit_trend(fitted.months, fitted.levels, fitted.weights, fitted.scatter, max(ahead, 1))
        months, levels, drift = fitted.months, trend.levels, trend.drift
    if float(np.ptp(levels)) + abs(drift) < _LEAST_SLOPE * max(int(np.ptp(months)), 1):
        levels, drift = np.zeros(len(months)), 0.0
    log_levels, drifts = {ALL_SECTORS: _plain(levels)}, {ALL_SECTORS: drift}
    group_of_sector: dict[str, str] = {}
    apart = None if fitted is None else drifting_groups(dated, fitted, levels)
    if apart is not None:
        away = months - months[-1]
        for number, slope in enumerate(apart.slopes.tolist()):
            name = f"price group {number + 1}"
            log_levels[name], drifts[name] = _plain(levels + slope * away), drift + slope
        group_of_sector = {
            sector: f"price group {number + 1}"
            for sector, number in zip(dated.sectors, apart.group.tolist(), strict=True)
        }
    return MarketIndex(
        reference=days.max().astype(date),
        months=tuple(str(np.datetime64(int(number), "M")) for number in months),
        log_levels=log_levels,
        group_of_sector=group_of_sector,
        drift=drifts,
        drift_months=ahead,
        counts=tuple(np.unique(month, return_counts=True)[1].tolist()),
    )


def log_levels_of_table(index: MarketIndex, sales: "pd.DataFrame") -> Vector:
    """`index.log_level` of each row's sector and day of sale, shape (n,).

    A sale of an unknown day was made at an unknown level: it gets the mean level of the dated ones.
    """
    import pandas as pd

    sector, sectors = pd.factorize(sales["sector"])
    groups = sorted(index.drift) or [ALL_SECTORS]
    group = np.array([groups.index(index.group(str(name))) for name in sectors], dtype=np.intp)[sector]
    number = np.full(len(sales), -1)
    distinct = np.empty(0, dtype="datetime64[D]")
    if SOLD_ON in sales.columns:
        days = sales[SOLD_ON].to_numpy().astype("datetime64[D]")
        distinct, number = np.unique(days, return_inverse=True)
        number = np.where(np.isnat(days), -1, number)
        distinct = distinct[~np.isnat(distinct)]
    levels = np.empty((len(groups), len(distinct) + 1))
    for row, name in enumerate(groups):
        # A sector of the group stands for it; all others follow the whole market.
        member = next((key for key, of in index.group_of_sector.items() if of == name), "")
        levels[row, :-1] = [index.log_level(member, day) for day in distinct.astype(date)]
        levels[row, -1] = index.mean_log_level(member)
    found: Vector = levels[group, number]
    return found


def _together(days: Days) -> NDArray[np.bool_]:
    """Which days are not strays: the outermost half per cent, where that alone stretches the time by a quarter."""
    ordered = np.sort(days).astype(np.int64)
    low, high = ordered[int(_STRAY_SHARE * len(days))], ordered[len(days) - 1 - int(_STRAY_SHARE * len(days))]
    reach = _STRAY_REACH * max(high - low, 1)
    kept = np.ones(len(days), dtype=bool)
    if low - ordered[0] > reach:
        kept &= days.astype(np.int64) >= low
    if ordered[-1] - high > reach:
        kept &= days.astype(np.int64) <= high
    return kept


def _by_month(dated: DatedSales) -> MonthlyLevels | None:
    """Levels of single months, where there are sales enough to tell them."""
    if len(dated.month) < FEWEST_SALES or len(np.unique(dated.month)) < FEWEST_MONTHS:
        return None
    fitted = monthly_levels(dated)
    return fitted if fitted.freedom >= _FEWEST_FREE_FOR_MONTHS else None


def _straight(dated: DatedSales) -> tuple[Codes, Vector, float]:
    """Months, levels, and drift of a line, shrunk as James and Stein would: by 1 - 1 / t^2, or to nothing."""
    months = np.unique(dated.month)
    flat = months, np.zeros(len(months)), 0.0
    if len(months) < 2:
        return flat
    fitted = monthly_levels(dated, straight=True)
    if fitted.freedom < _FEWEST_FREE:
        return flat
    slope = float((fitted.levels[-1] - fitted.levels[0]) / (months[-1] - months[0]))
    away = months - np.average(months, weights=fitted.weights)
    variance = fitted.scatter**2 / float(fitted.weights @ away**2)
    if slope**2 <= variance:
        return flat
    drift = slope * (1 - variance / slope**2)
    return months, drift * (months - months[-1]), drift


def _plain(levels: Vector) -> tuple[float, ...]:
    return tuple(levels.tolist())
