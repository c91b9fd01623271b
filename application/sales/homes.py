"""Which sales are of one home, although they were written down differently."""

from collections.abc import Callable, Iterator
from itertools import count, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from application.sales.table import ID
from domain.property import normalised

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]

_METRES_A_DEGREE = 111_195.0
_FARTHEST_OF_ONE_ID = 100.0
_MOST_SALES_OF_ONE_ID = 50
_ONE_PLACE = 1.1e-5  # degrees: what rounding to five decimals can do to two coordinates
_ONE_SIZE = 1.01
_WIDEST_CHAIN = 1.02
_MOST_SIZES_CHAINED = 50


def home_numbers(sales: "pd.DataFrame") -> NDArray[np.int64]:
    """A number for each sale, shape (n,), the same for sales of one home; from 0 without gaps, as homes come first.

    Sales are of one home, through others too, where type and

    - the `id` (of a property or a listing) agree within 100 m of each other. An id that more than 50 sales of a type
      carry names a batch or a source, and is not believed; one that comes again elsewhere was used twice;
    - or place (to five decimals or so), number of rooms, and both areas within 1 % agree: a home listed again, with
      areas rounded. Price, date, bathrooms and the spelling of the sector say nothing.

    Where many sizes lie at one place, as in a tower, a chain of likenesses would make one home of many: a chain of
    areas more than 2 % apart, and a place with more than 50 sizes, are parted again by areas rounded to whole m2.

    Which sales belong together does not depend on the order of the rows. 200,000 rows take a second or two.
    """
    import pandas as pd

    names = pd.Series(sales["type"]).astype(str)
    kinds = _codes(names.map({name: normalised(name) for name in names.unique()}).to_numpy(dtype=object))
    latitude, longitude = (sales[name].to_numpy(dtype=np.float64) for name in ("latitude", "longitude"))
    joined = [_stars(_looks(sales, kinds, _places(latitude, longitude)))]
    if ID in sales:
        joined.append(_of_one_id(sales[ID], kinds, latitude, longitude))
    return _codes(_connected(len(sales), joined))


def _looks(sales: "pd.DataFrame", kinds: Rows, places: Rows) -> Rows:
    """A number for each sale, the same for those of one type, place, number of rooms and size."""
    usable, net = (sales[name].to_numpy(dtype=np.float64) for name in ("net_usable_area", "net_area"))
    blocks = _codes(kinds, places, sales["n_rooms"].to_numpy(dtype=np.float64))
    sizes = _codes(blocks, usable, net)
    one_each = np.unique(sizes, return_index=True)[1]
    homes = _homes_by_size(blocks[one_each], np.column_stack([usable, net])[one_each])
    return homes[sizes]


def _homes_by_size(blocks: Rows, areas: NDArray[np.float64]) -> Rows:
    """A number for each distinct size; `areas` (m, 2) are all that differ within a block."""
    logs = np.log(areas)
    crowded = np.bincount(blocks)[blocks] > _MOST_SIZES_CHAINED
    likes = np.flatnonzero(~crowded)

    def alike(one: Rows, other: Rows) -> NDArray[np.bool_]:
        return np.asarray((np.abs(logs[one] - logs[other]) <= np.log(_ONE_SIZE)).all(axis=1))

    chains = _codes(_connected(len(blocks), list(_pairs_within(blocks, likes, alike))))
    chains[crowded] = chains.max() + 1 + blocks[crowded]
    lowest, highest = (np.full((chains.max() + 1, 2), worst) for worst in (np.inf, -np.inf))
    np.minimum.at(lowest, chains, logs)
    np.maximum.at(highest, chains, logs)
    too_wide = crowded | (highest - lowest > np.log(_WIDEST_CHAIN)).any(axis=1)[chains]
    whole = np.where(too_wide[:, None], np.floor(areas + 0.5), 0.0)
    return _codes(chains, whole[:, 0], whole[:, 1])


def _places(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Rows:
    """A number for each point, the same for points at most a metre or two apart.

    Points as close as `_ONE_PLACE` share a cell of at least one of four grids that lie half a cell apart.
    """
    cell = 2 * _ONE_PLACE
    grids = product((0.0, 0.5), repeat=2)
    cells = (_codes(np.floor(latitude / cell + north), np.floor(longitude / cell + east)) for north, east in grids)
    return _codes(_connected(len(latitude), [_stars(codes) for codes in cells]))


def _of_one_id(ids: "pd.Series", kinds: Rows, latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Pairs:
    """Pairs of sales with one id, one type, and at most 100 m between them."""
    texts = ids.where(ids.notna(), "").astype(str).str.strip().to_numpy(dtype=object)
    holders = _codes(texts, kinds)
    several = np.bincount(holders)[holders]
    rows = np.flatnonzero((several > 1) & (several <= _MOST_SALES_OF_ONE_ID) & (texts != ""))

    def near(one: Rows, other: Rows) -> NDArray[np.bool_]:
        north = latitude[one] - latitude[other]
        degrees_east = np.abs(longitude[one] - longitude[other])
        east = np.minimum(degrees_east, 360 - degrees_east) * np.cos(np.radians(latitude[one] + latitude[other]) / 2)
        return np.asarray(np.hypot(north, east) * _METRES_A_DEGREE <= _FARTHEST_OF_ONE_ID)

    found = list(_pairs_within(holders, rows, near))
    one, other = (np.concatenate([rows[:0], *(pair[side] for pair in found)]) for side in (0, 1))
    return one, other


def _pairs_within(blocks: Rows, rows: Rows, fits: Callable[[Rows, Rows], NDArray[np.bool_]]) -> Iterator[Pairs]:
    """All pairs of `rows` in one block that fit each other; as many steps as the largest block has rows."""
    order = rows[np.argsort(blocks[rows], kind="stable")]
    left = np.arange(len(order))
    for step in count(1):
        left = left[left + step < len(order)]
        left = left[blocks[order[left]] == blocks[order[left + step]]]
        if not len(left):
            return
        one, other = order[left], order[left + step]
        fitting = fits(one, other)
        yield one[fitting], other[fitting]


def _codes(*columns: ArrayLike) -> Rows:
    """A number for each row, the same where all columns are equal, from 0 without gaps as they come first."""
    import pandas as pd

    combined = pd.factorize(np.asarray(columns[0]))[0]
    for column in columns[1:]:
        codes, distinct = pd.factorize(np.asarray(column))
        combined = pd.factorize(combined * max(len(distinct), 1) + codes)[0]
    return combined.astype(np.int64)


def _stars(codes: Rows) -> Pairs:
    """Each row with the first one of its code."""
    return np.arange(len(codes)), np.unique(codes, return_index=True)[1][codes]


def _connected(rows: int, joined: list[Pairs]) -> Rows:
    """For each row the lowest one that the pairs connect it with, directly or through others."""
    lowest = np.arange(rows)
    one, other = (np.concatenate([lowest[:0], *(pairs[side] for pairs in joined)]) for side in (0, 1))
    while (lowest[one] != lowest[other]).any():
        reached = np.minimum(lowest[one], lowest[other])
        np.minimum.at(lowest, lowest[one], reached)
        np.minimum.at(lowest, lowest[other], reached)
        while (lowest != lowest[lowest]).any():
            lowest = lowest[lowest]
    return lowest
