"""The rows of a query, a part at a time, and what to do with each column of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pyarrow as pa

from domain.errors import SourceMalformed, SourceUnavailable

ROWS_OF_A_PART = 32_768
BYTES_OF_A_PART = 64 * 1024 * 1024  # rows so wide that these are reached sooner make a smaller part

Form = Literal["plain", "number", "day", "mixed"]


class SaidOf(NamedTuple):
    """What messages call the url and the query: the keys of the configuration, or of the command line."""

    url: str
    query: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result, and where it lies in a batch.

    own: its type for who wants it as it was. at: its place in the batch. form: how its cells are read:

    - plain: as its type says.
    - number: `at` holds decimal numbers as text, exactly.
    - day: `beside` is the place of the same moments as local dates, or as local time stamps.
    - mixed: cells of several types as text; `beside` holds, as float64, those that are numbers.
    """

    name: str
    own: pa.DataType
    at: int
    form: Form = "plain"
    beside: int = -1


@dataclass(frozen=True, slots=True)
class TypedBatch:
    """Some rows of a result that follow one another. It can be pickled; `columns` are the same for all of them."""

    columns: tuple[Column, ...]
    batch: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query returns.

    name: of the database, without secrets. names: of the columns. rows: how many, None where only reading tells.
    batches: cut the same way each time; reading them raises SourceUnavailable and SourceMalformed.
    """

    name: str
    names: tuple[str, ...]
    batches: Iterator[TypedBatch]
    rows: int | None = None


def names_of(columns: Sequence[str], name: str, said: SaidOf) -> tuple[str, ...]:
    """The names of a query's columns. Raises SourceUnavailable where there are none, SourceMalformed for twins."""
    if not columns:
        raise SourceUnavailable(f"{said.query} returns no rows from {name}: it must be a select.")
    for column in columns:
        if columns.count(column) > 1:
            raise SourceMalformed(
                f"{said.query} returns more than one column {column!r} from {name}: give one another name."
            )
    return tuple(columns)
