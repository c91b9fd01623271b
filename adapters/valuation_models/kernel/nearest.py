"""The nearest of many points, exactly; of equals, that which stands first."""

from ctypes import addressof

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.kernel.library import Points, address, lent, library

Rows = NDArray[np.int32]

_FEW = 16


class NearestPoints:
    """Points to be searched, shape (n, dimensions), n at least 1; they stand for the rows of some table.

    rows: which rows these are, ascending, shape (n,); by default all of a table of n.
    """

    def __init__(self, points: NDArray[np.float64], rows: Rows | None = None) -> None:
        count, dimensions = points.shape
        if not count or dimensions not in (2, 3) or not np.isfinite(points).all():
            raise ValueError(f"There is no search among {count} points of {dimensions} dimensions, all finite.")
        self._rows = np.array(np.arange(count) if rows is None else rows, dtype=np.int32)
        self._coordinates = np.array(points, dtype=np.float64, order="C")
        self._boxes = np.empty((library().points_boxes(count), 2, dimensions))
        self.native = Points(
            address(self._coordinates), address(self._rows, np.int32), address(self._boxes), count, dimensions
        )
        self._native_address = addressof(self.native)
        library().points_sort(self._native_address)

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, points: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], Rows]:
        """The `count` nearest to each of `points` (m, dimensions), all where there are fewer, the nearest first.

        Squares of distances and rows, each of shape (m, count). Raises ValueError for places of other dimensions, or of
        which a number is NaN.
        """
        points = np.ascontiguousarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != self.native.dimensions:
            raise ValueError(f"Places of {self.native.dimensions} dimensions are searched, and not of {points.shape}.")
        shape = (len(points), min(count, len(self)))
        squares, rows = np.empty(shape), np.empty(shape, dtype=np.int32)
        library().points_nearest(self._native_address, lent(points), shape[0], shape[1], lent(squares), lent(rows))
        return squares, rows

    def within(self, point: NDArray[np.float64], distance: float) -> Rows:
        """The rows at most `distance` from a point, shape (dimensions,), the nearest first."""
        count = _FEW
        while True:
            (squares,), (rows,) = self.nearest(point[np.newaxis], count)
            if squares[-1] > distance**2 or count >= len(self):
                return np.asarray(rows[squares <= distance**2])
            count *= 4
