"""The nearest of many points on the ground, exactly, wherever they lie.

Points lie on the unit sphere, where there is no seam at the 180th meridian and degrees do not shrink towards the poles;
the straight line (chord) between two of them orders distances as the ground does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Rows = NDArray[np.int32]

_LEAF = 128
_ROUNDING = 1e-12


def on_the_unit_sphere(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Points:
    """Degrees, of shape (n,), as points of shape (n, 3)."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))


@dataclass(frozen=True, slots=True, eq=False)
class GroundIndex:
    """Rows of a table of points in leaves of neighbours.

    order: the rows, leaf by leaf. ends: where each leaf ends in it. lows, highs: the corners of its box, (leaves, 3).
    """

    order: Rows
    ends: NDArray[np.int32]
    lows: Points
    highs: Points

    @classmethod
    def of(cls, points: Points, rows: Rows) -> "GroundIndex":
        """An index of `rows`, at least one, of `points`."""
        leaves, waiting = [], [rows]
        while waiting:
            part = waiting.pop()
            here = points[part]
            low, high = here.min(axis=0), here.max(axis=0)
            if len(part) <= _LEAF or (low == high).all():
                leaves.append((part, low, high))
                continue
            order = part[np.argsort(here[:, np.argmax(high - low)], kind="stable")]
            waiting += [order[: len(order) // 2], order[len(order) // 2 :]]
        return cls(
            order=np.concatenate([leaf for leaf, _, _ in leaves]),
            ends=np.cumsum([len(leaf) for leaf, _, _ in leaves], dtype=np.int32),
            lows=np.array([low for _, low, _ in leaves]),
            highs=np.array([high for _, _, high in leaves]),
        )

    def nearest(self, points: Points, point: Points, count: int) -> tuple[Rows, NDArray[np.float64]]:
        """The `count` rows nearest to `point`, all where there are fewer, in no order, and their chords, squared.

        Rows as far away as the last of them come too: which of equals are found must not be chance.
        """
        if count >= len(self.order):
            return self.order, _squares(points[self.order], point)
        corners = (np.maximum(np.abs(self.lows - point), np.abs(self.highs - point)) ** 2).sum(axis=1)
        by_corner = np.argsort(corners, kind="stable")
        sizes = self.ends.copy()
        sizes[1:] -= self.ends[:-1]
        enough = np.searchsorted(np.cumsum(sizes[by_corner]), count)
        rows = self._rows_near(point, corners[by_corner[enough]] * (1 + _ROUNDING) + _ROUNDING**2)
        squares = _squares(points[rows], point)
        near = squares <= np.partition(squares, count - 1)[count - 1]
        return rows[near], squares[near]

    def within(self, points: Points, point: Points, chord: float) -> Rows:
        """The rows at most `chord` from `point`, in no order."""
        rows = self._rows_near(point, chord**2 * (1 + _ROUNDING))
        return np.asarray(rows[_squares(points[rows], point) <= chord**2])

    def _rows_near(self, point: Points, square: float) -> Rows:
        """All rows of the leaves whose boxes begin within a distance, given squared."""
        gaps = (np.maximum(np.maximum(self.lows - point, point - self.highs), 0.0) ** 2).sum(axis=1)
        leaves = np.flatnonzero(gaps <= square).tolist()
        parts = [self.order[self.ends[leaf - 1] if leaf else 0 : self.ends[leaf]] for leaf in leaves]
        return np.concatenate([self.order[:0], *parts])


def _squares(points: Points, point: Points) -> NDArray[np.float64]:
    apart = points - point
    return np.asarray(np.einsum("ij,ij->i", apart, apart))
