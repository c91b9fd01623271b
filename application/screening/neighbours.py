"""Each home's nearest other homes, exactly, without an index library: leaves of a k-d partition, compared by box."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]

EARTH_RADIUS_KM = 6371.0088
_LEAF = 64
_STRAGGLER = 3.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`rows`, shape (n, k): each home's nearest others, never itself; `kilometres`, shape (n, k), ascending."""

    rows: Rows
    kilometres: Vector


def on_the_globe(latitude: Vector, longitude: Vector) -> Vector:
    """Degrees as points in kilometres from the Earth's centre, shape (n, 3): no seam, and no shrinking degrees."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return EARTH_RADIUS_KM * np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))


def nearest_others(points: Vector, count: int) -> Neighbours:
    """The `count` nearest others of each of the points, shape (n, d); fewer where there are not so many others."""
    count = min(count, len(points) - 1)
    rows = np.zeros((len(points), max(count, 0)), dtype=np.intp)
    squares = np.zeros(rows.shape)
    if count < 1:
        return Neighbours(rows, squares)
    leaves = list(_leaves(points, max(_LEAF, 4 * count)))
    boxes = _Boxes(
        np.array([points[leaf].min(axis=0) for leaf in leaves]), np.array([points[leaf].max(axis=0) for leaf in leaves])
    )
    for leaf in leaves:
        reach = np.partition(_squares(points, leaf, leaf), count - 1, axis=1)[:, count - 1]
        for group in _alike(reach):
            inside = leaf[group]
            low, high = points[inside].min(axis=0), points[inside].max(axis=0)
            # Strictly nearer: thousands of homes at one point must not be compared with one another.
            near = boxes.nearer(low, high, reach[group].max())
            candidates = np.concatenate([leaf, *(leaves[number] for number in near if leaves[number] is not leaf)])
            apart = _squares(points, inside, candidates)
            best = np.argpartition(apart, count - 1, axis=1)[:, :count]
            best = np.take_along_axis(best, np.take_along_axis(apart, best, axis=1).argsort(axis=1, kind="stable"), 1)
            rows[inside] = candidates[best]
            squares[inside] = np.take_along_axis(apart, best, axis=1)
    return Neighbours(rows, np.sqrt(squares))


class _Boxes:
    """Boxes around leaves, shape (m, d) each; looked at in groups of neighbours first, since there may be many."""

    def __init__(self, lows: Vector, highs: Vector) -> None:
        self._lows, self._highs = lows, highs
        self._size = max(int(np.sqrt(len(lows))), 1)
        starts = np.arange(0, len(lows), self._size)
        self._group_lows = np.minimum.reduceat(lows, starts, axis=0)
        self._group_highs = np.maximum.reduceat(highs, starts, axis=0)

    def nearer(self, low: Vector, high: Vector, square: float) -> Rows:
        """The numbers, ascending, of the boxes that are nearer to the box from `low` to `high` than this squared."""
        groups = np.flatnonzero(_gaps(self._group_lows, self._group_highs, low, high) < square)
        some = (groups[:, None] * self._size + np.arange(self._size)).ravel()
        some = some[some < len(self._lows)]
        return some[_gaps(self._lows[some], self._highs[some], low, high) < square]


def _gaps(lows: Vector, highs: Vector, low: Vector, high: Vector) -> Vector:
    """The squared distances of boxes from one box, shape (m,)."""
    return np.asarray((np.maximum(0.0, np.maximum(lows - high, low - highs)) ** 2).sum(axis=1))


def _leaves(points: Vector, size: int) -> Iterator[Rows]:
    """All rows in halves of halves, across the widest side each time, until no part is larger than `size`."""
    waiting = [np.arange(len(points))]
    while waiting:
        part = waiting.pop()
        if len(part) <= size:
            yield part
            continue
        here = points[part]
        side = int(np.argmax(here.max(axis=0) - here.min(axis=0)))
        order = np.argsort(here[:, side], kind="stable")
        waiting += [part[order[: len(part) // 2]], part[order[len(part) // 2 :]]]


def _alike(reach: Vector) -> list[Rows]:
    """The rows of a leaf to be searched for together; one whose search reaches much further than most goes alone."""
    far = reach > _STRAGGLER**2 * np.median(reach)
    return [np.flatnonzero(~far), *(np.array([row]) for row in np.flatnonzero(far))]


def _squares(points: Vector, ones: Rows, others: Rows) -> Vector:
    """Squared distances, shape (len(ones), len(others)); a row is infinitely far from itself."""
    squares = np.zeros((len(ones), len(others)))
    for side in range(points.shape[1]):
        squares += (points[ones, side][:, None] - points[others, side][None, :]) ** 2
    squares[ones[:, None] == others[None, :]] = np.inf
    return squares
