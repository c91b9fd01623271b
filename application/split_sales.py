"""Which sales a model learns from, and which it is judged by.

Sales of one home, re-listings among them, never lie on both sides of a split: a model that has seen a home sold would
only have to remember it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from application.sales.homes import home_numbers
from application.sales.table import SOLD_ON

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Origin",
    "Scheme",
    "Split",
    "fold_numbers",
    "home_numbers",
    "homes_in_both",
    "rolling_origins",
    "split_sales",
]

Scheme = Literal["random", "spatial", "temporal"]
_LEAST_DATED_SHARE = 0.95
_BLOCKS_ALONG = 8


@dataclass(frozen=True, slots=True)
class Split:
    """Sales to learn from and sales to be judged by, both in the order of the table; `scheme` is the one used.

    `train_places`: the positions of the sales to learn from in the table.
    `left_out` counts sales on neither side: late ones of homes that were sold before, in a temporal split.
    """

    train: "pd.DataFrame"
    test: "pd.DataFrame"
    scheme: Scheme
    train_places: NDArray[np.intp]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """A day in the past from which the sales after it are valued, by what was known before it.

    `train` and `test` say for each sale of the table whether it lies on that side, shape (n,).
    """

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def split_sales(sales: "pd.DataFrame", scheme: Literal["auto"] | Scheme, test_fraction: float, seed: int) -> Split:
    """Sets about `test_fraction` of checked sales apart; none where they are all of one home, place or day.

    random: whole homes, shuffled. spatial: whole blocks of a grid of places, shuffled. temporal: the latest sales, but
    for those of homes that were sold before, which are on neither side: nothing late is learned from, and nothing known
    is judged. Sales of an unknown date are learned from. auto: temporal where nearly all dates are known and differ,
    else random.
    """
    if scheme == "auto":
        scheme = "temporal" if _is_dated(sales) else "random"
    homes = home_numbers(sales)
    if scheme == "temporal":
        late = _latest(sales, test_fraction)
        apart = late & ~np.isin(homes, homes[~late])
    else:
        units = homes if scheme == "random" else _blocks(sales, homes)
        late = apart = _shuffled(units, _drawn(units, scheme, seed), test_fraction)
    train, test = (sales[side].reset_index(drop=True) for side in (~late, apart))
    return Split(train, test, scheme, np.flatnonzero(~late), int(late.sum() - apart.sum()))


def fold_numbers(
    sales: "pd.DataFrame", folds: int, seed: int, scheme: Literal["random", "spatial"] = "random"
) -> NDArray[np.int64]:
    """A fold from 0 to `folds` - 1 for each sale, shape (n,): about equally many sales each.

    random: whole homes, shuffled. spatial: whole blocks of a grid of places, shuffled, so that a sale is valued without
    its neighbourhood. A fold stays empty where there are too few homes or blocks, or one is too large.
    """
    homes = home_numbers(sales)
    units = homes if scheme == "random" else _blocks(sales, homes)
    order = _drawn(units, scheme, seed)
    sizes = np.bincount(units)[order]
    before = np.cumsum(sizes) - sizes
    fold_of_unit = np.empty(len(order), dtype=np.int64)
    fold_of_unit[order] = before * folds // len(units)
    return np.asarray(fold_of_unit[units])


def rolling_origins(sales: "pd.DataFrame", origins: int, test_fraction: float) -> list[Origin]:
    """At most `origins` rounds of valuing later sales by earlier ones, oldest first.

    The latest `test_fraction` of the dated sales is cut into successive windows of about equally many sales, never
    through a day. Each window is tested by all sales that were dated before its first day, but for sales of homes that
    are among those: what is known is not judged. Undated sales are on neither side, since they may be later than the
    window. A window without sales to learn from or to test is left out; there is none at all without dates, or where
    all sales are of one day.
    """
    days, known = _days(sales)
    if not len(known):
        return []
    shares = 1 - test_fraction * (1 - np.arange(origins) / origins)
    starts = np.unique(known[np.minimum((shares * len(known)).astype(int), len(known) - 1)])
    ends = np.append(starts[1:], known[-1] + np.timedelta64(1, "D"))
    homes = home_numbers(sales)
    found = []
    for start, end in zip(starts, ends, strict=True):
        train = days < start  # never true of an unknown day
        test = (days >= start) & (days < end) & ~np.isin(homes, homes[train])
        if train.any() and test.any():
            found.append(Origin(train, test))
    return found


def homes_in_both(train: "pd.DataFrame", test: "pd.DataFrame") -> int:
    """How many sales of `test` are of homes that `train` holds too."""
    import pandas as pd

    homes = home_numbers(pd.concat([train, test], ignore_index=True))
    return int(np.isin(homes[len(train) :], homes[: len(train)]).sum())


def _is_dated(sales: "pd.DataFrame") -> bool:
    if SOLD_ON not in sales:
        return False
    dates = sales[SOLD_ON]
    return bool(dates.notna().mean() >= _LEAST_DATED_SHARE and dates.nunique() > 1)


def _drawn(units: NDArray[np.int64], scheme: Scheme, seed: int) -> NDArray[np.int64]:
    """The units in random order."""
    random = np.random.default_rng(seed)
    if scheme == "spatial":
        return random.permutation(units.max() + 1)
    # Sales draw the lots, each home by its first one: where two sales are found to be of one home, few others move.
    firsts = np.unique(units, return_index=True)[1]
    lots = np.empty(len(units), dtype=np.int64)
    lots[random.permutation(len(units))] = np.arange(len(units))
    return np.argsort(lots[firsts])


def _shuffled(units: NDArray[np.int64], order: NDArray[np.int64], test_fraction: float) -> NDArray[np.bool_]:
    """Whole units, in the order given, until the fraction is reached; one unit at least stays."""
    reached = np.cumsum(np.bincount(units)[order])
    taken = int(np.searchsorted(reached, test_fraction * len(units))) + 1
    return np.isin(units, order[: min(taken, len(order) - 1)])


def _days(sales: "pd.DataFrame") -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """The day of each sale, shape (n,), NaT where unknown, and the known days, sorted."""
    if SOLD_ON in sales:
        days = sales[SOLD_ON].to_numpy(dtype="datetime64[D]")
    else:
        days = np.full(len(sales), "NaT", dtype="datetime64[D]")
    return days, np.sort(days[~np.isnat(days)])


def _latest(sales: "pd.DataFrame", test_fraction: float) -> NDArray[np.bool_]:
    days, known = _days(sales)
    if not len(known) or known[0] == known[-1]:
        return np.zeros(len(sales), dtype=np.bool_)
    first_apart = known[min(int((1 - test_fraction) * len(known)), len(known) - 1)]
    if first_apart == known[0]:
        first_apart = np.unique(known)[1]
    return np.asarray(days >= first_apart)


def _blocks(sales: "pd.DataFrame", homes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The blocks of a grid whose lines part the sales into equal shares, north to south and west to east.

    A home whose sales were placed on both sides of a line lies in the lower one of its blocks.
    """
    lines = np.linspace(0, 1, _BLOCKS_ALONG + 1)[1:-1]
    row, column = (np.searchsorted(np.quantile(sales[name], lines), sales[name]) for name in ("latitude", "longitude"))
    lowest = np.full(homes.max() + 1, _BLOCKS_ALONG**2)
    np.minimum.at(lowest, homes, row * _BLOCKS_ALONG + column)
    return np.asarray(np.unique(lowest[homes], return_inverse=True)[1])
