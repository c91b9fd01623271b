"""Which sales a model learns from, and which it is judged by.

Sales of one home (the same features to the last digit) never lie on both sides of a split: a model that has seen a home
sold would only have to remember it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from application.sales.table import SOLD_ON
from domain.property import PROPERTY_FIELDS

if TYPE_CHECKING:
    import pandas as pd

Scheme = Literal["random", "spatial", "temporal"]
_LEAST_DATED_SHARE = 0.95
_BLOCKS_ALONG = 8


@dataclass(frozen=True, slots=True)
class Split:
    """Sales to learn from and sales to be judged by, both in the order of the table; `scheme` is the one used.

    `left_out` counts sales on neither side: late ones of homes that were sold before, in a temporal split.
    """

    train: "pd.DataFrame"
    test: "pd.DataFrame"
    scheme: Scheme
    left_out: int = 0


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
        late = apart = _shuffled(homes if scheme == "random" else _blocks(sales), test_fraction, seed)
    train, test = (sales[side].reset_index(drop=True) for side in (~late, apart))
    return Split(train, test, scheme, int(late.sum() - apart.sum()))


def fold_numbers(sales: "pd.DataFrame", folds: int, seed: int) -> NDArray[np.int64]:
    """A fold from 0 to `folds` - 1 for each sale, shape (n,): whole homes, shuffled, about equally many sales each."""
    homes = home_numbers(sales)
    order = np.random.default_rng(seed).permutation(homes.max() + 1)
    sizes = np.bincount(homes)[order]
    before = np.cumsum(sizes) - sizes
    fold_of_home = np.empty(len(order), dtype=np.int64)
    fold_of_home[order] = before * folds // len(homes)
    return np.asarray(fold_of_home[homes])


def home_numbers(sales: "pd.DataFrame") -> NDArray[np.int64]:
    """A number for each sale, shape (n,), the same for sales of the same home, from 0 without gaps."""
    return np.asarray(sales.groupby(list(PROPERTY_FIELDS), sort=False).ngroup(), dtype=np.int64)


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


def _shuffled(units: NDArray[np.int64], test_fraction: float, seed: int) -> NDArray[np.bool_]:
    """Whole units, in random order, until the fraction is reached; one unit at least stays."""
    order = np.random.default_rng(seed).permutation(units.max() + 1)
    reached = np.cumsum(np.bincount(units)[order])
    taken = int(np.searchsorted(reached, test_fraction * len(units))) + 1
    return np.isin(units, order[: min(taken, len(order) - 1)])


def _latest(sales: "pd.DataFrame", test_fraction: float) -> NDArray[np.bool_]:
    days = sales[SOLD_ON].to_numpy(dtype="datetime64[D]") if SOLD_ON in sales else np.empty(0, dtype="datetime64[D]")
    known = np.sort(days[~np.isnat(days)])
    if not len(known) or known[0] == known[-1]:
        return np.zeros(len(sales), dtype=np.bool_)
    first_apart = known[min(int((1 - test_fraction) * len(known)), len(known) - 1)]
    if first_apart == known[0]:
        first_apart = np.unique(known)[1]
    return np.asarray(days >= first_apart)


def _blocks(sales: "pd.DataFrame") -> NDArray[np.int64]:
    """The blocks of a grid whose lines part the sales into equal shares, north to south and west to east."""
    lines = np.linspace(0, 1, _BLOCKS_ALONG + 1)[1:-1]
    row, column = (np.searchsorted(np.quantile(sales[name], lines), sales[name]) for name in ("latitude", "longitude"))
    return np.asarray(np.unique(row * _BLOCKS_ALONG + column, return_inverse=True)[1])
