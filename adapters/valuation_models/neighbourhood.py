"""What the sales around a home say of its price: the features that gain most, `benchmarks/accuracy.py` measures it.

Two figures of each sale are looked at: its price per m2, and what of its price a hedonic regression on areas and counts
leaves unexplained. Both are averaged over the nearest sales and over circles; and the home is compared with the homes
around it. A sale that is learned from must not be among its own neighbours: see `target_statistics.py`.
"""

from ctypes import pointer
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import Columns, Fields, Matrix, Native, Table, Vector
from adapters.valuation_models.geography import Plane
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address
from adapters.valuation_models.kernel.nearest import NearestPoints
from application.ports.model_trainer import LOCATION

if TYPE_CHECKING:
    from adapters.valuation_models.inputs import Inputs

NEAREST = (5, 15, 50, 150)
RADII_KM = (0.3, 1.0, 3.0)
_ALIKE = 15  # how many neighbours a home is compared with
_FAR = (5, 50)
_PRIOR = 0.5  # sales' weight of the market's mean where a circle holds few
_CHUNK = 4_096
ATTRIBUTES = ("net_usable_area", "net_area", "n_bathroom", "n_rooms")
_COLUMNS: tuple[Fields, ...] = (
    *(((LOCATION,),) * (2 * (len(NEAREST) + len(RADII_KM)))),
    *((LOCATION,) for _ in ATTRIBUTES),
    *((name, LOCATION) for name in ATTRIBUTES),
    *((LOCATION,) for _ in _FAR),
)


@dataclass(frozen=True, slots=True)
class Hedonic:
    """Log price by areas and counts: least squares within sectors, slightly shrunk. slopes: shape (6,)."""

    slopes: Vector

    @classmethod
    def of(cls, table: Table, log_prices: Vector) -> "Hedonic":
        """Fitted to sales."""
        sectors, place = np.unique(np.asarray(table["sector"], dtype=str), return_inverse=True)
        matrix = _within(_hedonic(table), place, len(sectors))
        target = _within(log_prices[:, np.newaxis], place, len(sectors))
        scale = matrix.std(axis=0) + 1e-9
        matrix = matrix / scale
        normal = matrix.T @ matrix + np.eye(matrix.shape[1])
        return cls(np.linalg.solve(normal, matrix.T @ target[:, 0]) / scale)

    def explains(self, table: Table) -> Vector:
        """The part of the log price that areas and counts explain, up to a constant."""
        return _hedonic(table) @ self.slopes


@dataclass(slots=True)
class Neighbourhood(Columns):
    """The sales around a home: means of log price per m2 and of hedonic residuals, and of their attributes.

    points: kilometres east and north, shape (n, 2). figures: log price per m2 and hedonic residual, shape (n, 2).
    attributes: see ATTRIBUTES, areas as logarithms, shape (n, 4).
    """

    plane: Plane
    points: Matrix
    figures: Matrix
    attributes: Matrix
    around: NearestPoints = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._search()

    def _search(self) -> None:
        count = len(self.points)
        if self.figures.shape != (count, 2) or self.attributes.shape != (count, len(ATTRIBUTES)):
            raise ValueError(f"The {count} sales of this neighbourhood have figures or attributes of other sales.")
        self.around = NearestPoints(self.points)

    @classmethod
    def of(cls, table: Table, log_prices: Vector, plane: Plane) -> "Neighbourhood":
        """Of these sales."""
        residuals = log_prices - Hedonic.of(table, log_prices).explains(table)
        figures = np.column_stack([log_prices - np.log(table["net_usable_area"]), residuals])
        return cls(plane, np.column_stack(plane.kilometres(table)), figures, _attributes(table))

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The place; and the home's own attributes where it is compared with its neighbours."""
        return _COLUMNS

    def __getstate__(self) -> tuple[Plane, Matrix, Matrix, Matrix]:
        return self.plane, self.points, self.figures, self.attributes

    def __setstate__(self, state: tuple[Plane, Matrix, Matrix, Matrix]) -> None:
        self.plane, self.points, self.figures, self.attributes = state
        self._search()

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the columns, for a few thousand homes at a time."""
        points, attributes = np.column_stack(self.plane.kilometres(table)), _attributes(table)
        for start in range(0, len(points), _CHUNK):
            some = slice(start, start + _CHUNK)
            self._write(points[some], attributes[some], matrix[some])

    def _write(self, points: Matrix, attributes: Matrix, matrix: Matrix) -> None:
        squares, neighbour = self.around.nearest(points, NEAREST[-1])
        distance, count = np.sqrt(squares), squares.shape[1]
        column = 0
        weights = [np.exp(-0.5 * (distance / radius) ** 2) for radius in RADII_KM]
        for figure in self.figures.T:
            near, market = figure[neighbour], figure.mean()
            for most in NEAREST:
                matrix[:, column] = near[:, :most].mean(axis=1)
                column += 1
            for weight in weights:
                matrix[:, column] = ((weight * near).sum(axis=1) + _PRIOR * market) / (weight.sum(axis=1) + _PRIOR)
                column += 1
        around = self.attributes[neighbour[:, :_ALIKE]].mean(axis=1)
        width = len(ATTRIBUTES)
        matrix[:, column : column + width] = around
        matrix[:, column + width : column + 2 * width] = attributes - around
        for place, rank in enumerate(_FAR, start=column + 2 * width):
            matrix[:, place] = distance[:, min(rank, count) - 1]

    def native(self, inputs: "Inputs") -> Native:
        """The sales, and how they are averaged."""
        own = [inputs.log(name) for name in ATTRIBUTES[:2]] + [inputs.number(name) for name in ATTRIBUTES[2:]]
        figures, attributes = np.ascontiguousarray(self.figures.T), np.ascontiguousarray(self.attributes.T)
        market, radii = np.array([figure.mean() for figure in self.figures.T]), np.array(RADII_KM)
        whole = [np.array(numbers, dtype=np.int64) for numbers in (own, NEAREST, _FAR)]
        around = kernel.Neighbourhood(
            plane=self.plane.native(inputs),
            points=self.around.native,
            figures=address(figures),
            market=address(market),
            figure_count=len(figures),
            attributes=address(attributes),
            own=address(whole[0], np.int64),
            attribute_count=len(attributes),
            nearest=address(whole[1], np.int64),
            nearest_count=len(NEAREST),
            radii=address(radii),
            radius_count=len(radii),
            far=address(whole[2], np.int64),
            far_count=len(_FAR),
            alike=_ALIKE,
            prior=_PRIOR,
        )
        column = kernel.Column(kind=kernel.NEIGHBOURHOOD, width=self.width, around=pointer(around))
        return Native(column, (around, self.around, figures, attributes, market, radii, *whole))


def _attributes(table: Table) -> Matrix:
    areas = [np.log(table[name]) for name in ATTRIBUTES[:2]]
    return np.column_stack([*areas, *(table[name] for name in ATTRIBUTES[2:])])


def _hedonic(table: Table) -> Matrix:
    area, whole = np.log(table["net_usable_area"]), np.log(table["net_area"])
    rooms, baths = table["n_rooms"], table["n_bathroom"]
    return np.column_stack([area, whole, rooms, baths, (area - np.log(100)) ** 2, area * baths])


def _within(columns: Matrix, place: NDArray[np.intp], groups: int) -> Matrix:
    """Columns less the means of their groups."""
    counts = np.bincount(place, minlength=groups)
    means = np.column_stack([np.bincount(place, column, minlength=groups) / counts for column in columns.T])
    return np.asarray(columns - means[place])
