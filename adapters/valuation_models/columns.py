"""The columns of a learner's matrix, each made from the fields of a property.

The same objects make the columns in training and in serving; numpy alone is needed. In a `Table`, text fields and
categories are arrays of normalised str (MISSING_CATEGORY for what is unknown), numbers are arrays of float64 with NaN
for what is unknown, all of shape (n,).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import LOCATION

Table = Mapping[str, NDArray[Any]]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

Fields = tuple[str, ...]

COORDINATES = ("latitude", "longitude")
MISSING_CATEGORY = ""


class Columns(Protocol):
    """One or more columns of a matrix."""

    @property
    @abstractmethod
    def fields(self) -> tuple[Fields, ...]:
        """For each of the columns the fields of a property that it is made of, LOCATION for its coordinates."""

    @property
    def width(self) -> int:
        """How many columns these are."""
        return len(self.fields)

    @abstractmethod
    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes them into `matrix`, shape (n, width)."""


@dataclass(frozen=True, slots=True)
class Number(Columns):
    """A number of the property, moved by `centre` and divided by `scale`."""

    name: str
    centre: float = 0.0
    scale: float = 1.0

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The number itself."""
        return ((LOCATION if self.name in COORDINATES else self.name,),)

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the number."""
        matrix[:, 0] = (table[self.name] - self.centre) / self.scale


@dataclass(frozen=True, slots=True)
class Derived(Columns):
    """A number computed from the property by a function of this package; a stored model keeps the function's name."""

    compute: Callable[[Table], Vector]
    made_of: Fields

    @property
    def fields(self) -> tuple[Fields, ...]:
        """What it is made of."""
        return (self.made_of,)

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes what the function computes."""
        matrix[:, 0] = self.compute(table)


@dataclass(frozen=True, slots=True)
class Encoded(Columns):
    """A category, encoded as the numbers that training learned for it, or as `unknown` for one never seen.

    codes: the numbers of each category, all of the same length as `unknown`.
    """

    name: str
    codes: Mapping[str, tuple[float, ...]]
    unknown: tuple[float, ...]

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The category, for each number of the encoding."""
        return ((self.name,),) * len(self.unknown)

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the encoding of each category."""
        codes = [self.codes.get(category, self.unknown) for category in table[self.name]]
        matrix[:] = np.array(codes).reshape(matrix.shape)


@dataclass(frozen=True, slots=True)
class EncodedTogether(Columns):
    """Several categories that are encoded as one: each combination by its number, or as `unknown`."""

    names: Fields
    codes: Mapping[tuple[str, ...], float]
    unknown: float

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The categories."""
        return (self.names,)

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the number of each combination."""
        combinations = zip(*(table[name] for name in self.names), strict=True)
        matrix[:, 0] = [self.codes.get(combination, self.unknown) for combination in combinations]


def matrix_of(columns: Sequence[Columns], table: Table, count: int) -> Matrix:
    """The columns side by side, shape (count, sum of widths)."""
    matrix = np.empty((count, sum(column.width for column in columns)))
    start = 0
    for column in columns:
        column.write(table, matrix[:, start : start + column.width])
        start += column.width
    return matrix


def fields_of(columns: Sequence[Columns]) -> tuple[Fields, ...]:
    """For each column of `matrix_of(columns, ...)` the fields that it is made of."""
    return tuple(fields for column in columns for fields in column.fields)


def log_usable_area(table: Table) -> Vector:
    """Logarithm of the usable area in m2."""
    return np.log(table["net_usable_area"])


def log_net_area(table: Table) -> Vector:
    """Logarithm of the whole area in m2."""
    return np.log(table["net_area"])


def area_per_room(table: Table) -> Vector:
    """Usable area per room, m2; a home without rooms counts as one room."""
    return np.asarray(table["net_usable_area"] / np.maximum(table["n_rooms"], 1.0))


def area_per_bathroom(table: Table) -> Vector:
    """Usable area per bathroom, m2; a home with less than one counts as one."""
    return np.asarray(table["net_usable_area"] / np.maximum(table["n_bathroom"], 1.0))


def usable_share(table: Table) -> Vector:
    """Usable area as a share of the whole area."""
    return np.asarray(table["net_usable_area"] / table["net_area"])
