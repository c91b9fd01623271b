"""The columns of a learner's matrix, each made from the fields of a property.

Each says what it is twice: with numpy, for training, and as the kernel knows it, for serving; no model is stored unless
both agree. In a `Table`, text fields and categories are arrays of normalised str (MISSING_CATEGORY for what is
unknown), numbers are arrays of float64 with NaN for what is unknown, all of shape (n,).
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address
from application.ports.model_trainer import LOCATION

if TYPE_CHECKING:
    from adapters.valuation_models.inputs import Inputs

Table = Mapping[str, NDArray[Any]]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

Fields = tuple[str, ...]
Vocabulary = Mapping[Any, int]
"""The code of each text, or of each tuple of texts that are encoded together."""

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

    @property
    def vocabularies(self) -> Mapping[Fields, Collection[Any]]:
        """By fields, the texts (or tuples of texts, of several fields) that these columns know."""
        return {}

    @abstractmethod
    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes them into `matrix`, shape (n, width)."""

    @abstractmethod
    def native(self, inputs: "Inputs") -> "Native":
        """The same for the kernel."""


@dataclass(frozen=True, slots=True)
class Native:
    """A column as the kernel knows it, and what must stay in memory as long as it does."""

    column: kernel.Column
    keeps: tuple[object, ...] = ()


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

    def native(self, inputs: "Inputs") -> Native:
        """A number."""
        return _number(inputs.number(self.name), self.centre, self.scale)


@dataclass(frozen=True, slots=True)
class Derived(Columns):
    """A number computed from the property by a function of those below; a stored model keeps the function's name."""

    compute: Callable[[Table], Vector]
    made_of: Fields

    @property
    def fields(self) -> tuple[Fields, ...]:
        """What it is made of."""
        return (self.made_of,)

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes what the function computes."""
        matrix[:, 0] = self.compute(table)

    def native(self, inputs: "Inputs") -> Native:
        """A logarithm, which is among the inputs, or a share."""
        return _NATIVE[self.compute](inputs)


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

    @property
    def vocabularies(self) -> Mapping[Fields, Collection[Any]]:
        """The categories."""
        return {(self.name,): self.codes.keys()}

    def native(self, inputs: "Inputs") -> Native:
        """The numbers by code."""
        place, vocabulary = inputs.code((self.name,))
        return _coded(place, [self.unknown, *(self.codes.get(category, self.unknown) for category in vocabulary)])


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

    @property
    def vocabularies(self) -> Mapping[Fields, Collection[Any]]:
        """The combinations."""
        return {self.names: self.codes.keys()}

    def native(self, inputs: "Inputs") -> Native:
        """The number by code."""
        place, vocabulary = inputs.code(self.names)
        numbers = [self.unknown, *(self.codes.get(combination, self.unknown) for combination in vocabulary)]
        return _coded(place, [(number,) for number in numbers])


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


def _number(place: int, centre: float = 0.0, scale: float = 1.0) -> Native:
    return Native(kernel.Column(kind=kernel.NUMBER, width=1, a=place, centre=centre, scale=scale))


def _coded(place: int, rows: Sequence[Sequence[float]]) -> Native:
    """rows: of what is unknown, and of each code."""
    numbers = np.array(rows, dtype=np.float64)
    column = kernel.Column(kind=kernel.CODED, width=numbers.shape[1], a=place, numbers=address(numbers))
    return Native(column, (numbers,))


def _share(kind: int, inputs: "Inputs", of: str, to: str) -> Native:
    return Native(kernel.Column(kind=kind, width=1, a=inputs.number(of), b=inputs.number(to)))


_NATIVE: Mapping[Callable[[Table], Vector], Callable[["Inputs"], Native]] = {
    log_usable_area: lambda inputs: _number(inputs.log("net_usable_area")),
    log_net_area: lambda inputs: _number(inputs.log("net_area")),
    area_per_room: lambda inputs: _share(kernel.SHARE_OF_AT_LEAST_ONE, inputs, "net_usable_area", "n_rooms"),
    area_per_bathroom: lambda inputs: _share(kernel.SHARE_OF_AT_LEAST_ONE, inputs, "net_usable_area", "n_bathroom"),
    usable_share: lambda inputs: _share(kernel.SHARE, inputs, "net_usable_area", "net_area"),
}
