"""Rows as Python's drivers give them, as Arrow batches: the types of a column are what its cells are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from adapters.queries.result import Column, TypedBatch
from domain.errors import SourceMalformed

Kind = Literal["bool", "int", "float", "decimal", "text", "bytes", "date", "moment", "local", "mixed"]
Row = Sequence[object]

_LARGEST = 2**63
_TYPES: Mapping[Kind, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "decimal": pa.string(),
    "text": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "moment": pa.timestamp("us"),
    "local": pa.timestamp("us", "UTC"),
    "mixed": pa.string(),
}
_OF_TYPE: Mapping[type, Kind] = {
    bool: "bool",
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "text",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    date: "date",
}


@dataclass(slots=True)
class KindsSeen:
    """What kinds of cells each of `width` columns has been seen to hold."""

    width: int
    seen: list[set[Kind]] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = [set() for _ in range(self.width)]

    def look_at(self, rows: Sequence[Row]) -> None:
        """Takes note of these rows."""
        for found, cells in zip(self.seen, zip(*rows, strict=True), strict=False):
            types = set(map(type, cells)) - {type(None)}
            if types <= {str, float}:
                found.update(_OF_TYPE[kind] for kind in types)
            else:
                found.update(_kind_of(cell) for cell in cells if cell is not None)

    def kinds(self) -> tuple[Kind, ...]:
        """One kind for each column that holds all that was seen: text where nothing was, mixed where nothing else."""
        return tuple(_together(found) for found in self.seen)


def _kind_of(cell: object) -> Kind:
    if isinstance(cell, datetime):
        return "moment" if cell.tzinfo is None else "local"
    if type(cell) is int and not -_LARGEST <= cell < _LARGEST:
        return "mixed"
    return _OF_TYPE.get(type(cell), "mixed")


def _together(found: set[Kind]) -> Kind:
    if len(found) <= 1:
        return next(iter(found), "text")
    return "float" if found == {"int", "float"} else "mixed"


def columns_of(names: Sequence[str], kinds: Sequence[Kind]) -> tuple[Column, ...]:
    """How columns of these kinds lie in a batch that `typed` makes."""
    columns = []
    beside = len(names)
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if kind in {"mixed", "local"}:
            columns.append(Column(name, _TYPES[kind], position, "mixed" if kind == "mixed" else "day", beside))
            beside += 1
        else:
            columns.append(Column(name, _TYPES[kind], position, "number" if kind == "decimal" else "plain"))
    return tuple(columns)


def typed(names: Sequence[str], kinds: Sequence[Kind], parts: Iterator[Sequence[Row]]) -> Iterator[TypedBatch]:
    """Batches of these parts. Raises SourceMalformed where a cell is of another kind than its column."""
    columns = columns_of(names, kinds)
    first = 1
    for rows in parts:
        cells = list(zip(*rows, strict=True))
        arrays, beside = [], []
        for name, kind, column in zip(names, kinds, cells, strict=True):
            try:
                arrays.append(_array(column, kind))
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                raise SourceMalformed(
                    f"Column {name!r} changes its type between rows {first} and {first + len(rows) - 1}: cast it to "
                    "one type in the query."
                ) from None
            if kind == "mixed":
                beside.append(pa.array([_number(cell) for cell in column], pa.float64()))
            elif kind == "local":
                beside.append(pa.array([_local_day(cell) for cell in column], pa.date32()))
        everything = arrays + beside
        batch = pa.RecordBatch.from_arrays(everything, names=[f"c{place}" for place in range(len(everything))])
        yield TypedBatch(columns, batch)
        first += len(rows)


def _array(cells: Sequence[Any], kind: Kind) -> pa.Array:
    if kind in {"mixed", "decimal"}:
        return pa.array([_text(cell) for cell in cells], pa.string())
    if kind == "int" and any(type(cell) is float for cell in cells):  # Arrow would take 1.0 for 1
        raise ValueError("a fraction among whole numbers")
    return pa.array(cells, _TYPES[kind])


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell).decode("utf-8", "backslashreplace")
    return str(cell)


def _number(cell: object) -> float | None:
    if not isinstance(cell, int | float | Decimal):
        return None
    try:
        return None if math.isnan(cell) else float(cell)
    except OverflowError:
        return None


def _local_day(cell: object) -> date | None:
    return cell.date() if isinstance(cell, datetime) else None
