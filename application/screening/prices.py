"""Rules that look at prices: for sales to learn from alone, never for sales to be judged by."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.sales.table import PRICE, SOLD_ON
from application.screening.market import FEWEST_FOR_A_MARKET, FEWEST_TO_COMPARE, group_codes, places_of
from application.screening.neighbours import nearest_others
from application.screening.robust import local_spread, residuals, spread
from application.screening.suspects import Suspects
from application.screening.thresholds import ScreeningThresholds

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]

GROSS_FACTOR = 8.0
"""Times that a price must be off in a small table."""

_LEAST_SPREAD = 0.05  # of log prices: no market is surer than 5 %
_NEIGHBOURS = 15
_A_PERIOD = 200  # sales at least, to have a price level of its own
_MOST_PERIODS = 24
_CONSTANTS = (100.0, 1e3, 1e4, 1e6)
_ABOUT = (1.35, 1.6)  # times that a price may be off such a constant, in the surest of markets and in any
_BEYOND_ANY_BUYER = 50.0  # times too much; too little by that may be a nominal price, such as between relatives
_SHARED_BY = 5
_SHARED_SHARE = 0.005
_SHARED_FACTOR = 5.0


def implausible_prices(sales: "pd.DataFrame", thresholds: ScreeningThresholds) -> list[Suspects]:
    """Prices far from what time, features, sector and nearest other sales say; first those off by a telling factor."""
    if len(sales) < FEWEST_TO_COMPARE:
        return []
    off, scale = _off(sales)
    small = len(sales) < FEWEST_FOR_A_MARKET
    factor = max(thresholds.price_factor, GROSS_FACTOR) if small else thresholds.price_factor
    far = (np.abs(off) > np.log(factor)) & (np.abs(off) > thresholds.price_deviations * scale)
    prices = sales[PRICE].to_numpy(dtype=np.float64)
    about = _about_a_constant(off, scale) & far
    center, like = _shared_factors(off, scale, far & ~about)

    def explain(row: int) -> str:
        factor = np.exp(abs(off[row]))
        times = f"{factor:,.{0 if factor >= 100 else 1}f} times {'more' if off[row] > 0 else 'less'} than"
        return f"{prices[row]:,.12g} is {times} its neighbours and features suggest"

    def explain_constant(row: int) -> str:
        near = [constant for constant in _CONSTANTS if abs(abs(off[row]) - np.log(constant)) <= _tolerance(scale)[row]]
        about = f"about {near[0]:,.0f}, " if near else ""
        return f"{explain(row)}: {about}as in another unit or currency"

    def explain_shared(row: int) -> str:
        shared = float(f"{np.exp(abs(center[row])):.2g}")
        return (
            f"{explain(row)}, and {like[row] - 1:,} other sales are off by about {shared:,g} times as well: as in "
            "another unit or currency"
        )

    return [
        Suspects("price_currency_or_unit", "off by 100, 1,000 or more", about, explain_constant),
        Suspects("price_currency_or_unit", "off by one factor that they share", like > 0, explain_shared),
        Suspects("non_market_price", "of prices far from their neighbours'", far & ~about & (like == 0), explain),
    ]


def _off(sales: "pd.DataFrame") -> tuple[Vector, Vector]:
    """The log of each price over what the other sales say of it, and the robust SD of that thereabouts; shape (n,)."""
    log_price = np.log(sales[PRICE].to_numpy(dtype=np.float64))
    usable, whole = (np.log(sales[name].to_numpy(dtype=np.float64)) for name in ("net_usable_area", "net_area"))
    years = _years(sales)
    if len(sales) < FEWEST_FOR_A_MARKET:
        off = residuals(log_price, [usable, years], [])
        return off, np.full(len(off), spread(off, _LEAST_SPREAD))
    rooms, baths = (np.log1p(sales[name].to_numpy(dtype=np.float64)) for name in ("n_rooms", "n_bathroom"))
    middle = np.median(usable)
    features = [usable, (usable - middle) ** 2, whole, rooms, baths, years]
    near = nearest_others(places_of(sales), _NEIGHBOURS).rows
    groups = [group_codes(sales, "type"), group_codes(sales, "sector"), _periods(years)]
    off = residuals(log_price, features, groups, near)
    return off, local_spread(off, near, _LEAST_SPREAD)


def _years(sales: "pd.DataFrame") -> Vector:
    """When each home was sold, in years from the middle; the middle where that is not known."""
    years = np.zeros(len(sales))
    if SOLD_ON in sales:
        days = sales[SOLD_ON].to_numpy(dtype="datetime64[D]")
        known = ~np.isnat(days)
        if known.any():
            years[known] = days[known].astype(np.float64) / 365.25
            years[known] -= np.median(years[known])
    return years


def _periods(years: Vector) -> NDArray[np.intp]:
    """Periods of about equally many sales, for price levels that run along no straight line."""
    count = min(_MOST_PERIODS, max(1, len(years) // _A_PERIOD))
    return np.searchsorted(np.quantile(years, np.linspace(0, 1, count + 1)[1:-1]), years, side="right")


def _about_a_constant(off: Vector, scale: Vector) -> Flags:
    about = off > np.log(_BEYOND_ANY_BUYER)
    for constant in _CONSTANTS:
        about |= np.abs(np.abs(off) - np.log(constant)) <= _tolerance(scale)
    return np.asarray(about)


def _tolerance(scale: Vector) -> Vector:
    return np.clip(3 * scale, *np.log(_ABOUT))


def _shared_factors(off: Vector, scale: Vector, suspects: Flags) -> tuple[Vector, NDArray[np.intp]]:
    """The log factor that a suspect shares with others, and how many share it; shape (n,), 0 for none.

    Shared is a factor about which suspects crowd: more of them within two robust SDs than in the bands of the same
    width on both sides together, by far; a tail of the market thins out instead.
    """
    center, like = np.zeros(len(off)), np.zeros(len(off), dtype=np.intp)
    width = max(np.log(_ABOUT[0]), 2 * float(np.median(scale)))
    fewest = max(_SHARED_BY, int(_SHARED_SHARE * len(off)))
    remaining = suspects & (np.abs(off) > np.log(_SHARED_FACTOR))
    ordered = np.sort(off)

    def between(low: Vector, high: Vector) -> NDArray[np.intp]:
        return np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low, side="left")

    while remaining.sum() >= fewest:
        rows = np.flatnonzero(remaining)
        own = np.sort(off[rows])
        counts = np.searchsorted(own, off[rows] + width, side="right") - np.searchsorted(own, off[rows] - width)
        best = rows[np.argmax(counts)]
        middle = float(np.median(off[rows][np.abs(off[rows] - off[best]) <= width]))
        inside = remaining & (np.abs(off - middle) <= width)
        crowd = int(inside.sum())
        beside = between(np.array([middle - 2 * width, middle + width]), np.array([middle - width, middle + 2 * width]))
        if crowd < fewest or not inside.any():
            break
        if crowd > 2 * int(beside.sum()):
            center[inside], like[inside] = middle, crowd
        remaining &= np.abs(off - middle) > width
    return center, like
