"""What databases keep Arrow's columns as."""

from typing import TYPE_CHECKING, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

if TYPE_CHECKING:
    from collections.abc import Mapping

Database = Literal["postgresql", "sqlite"]


class KeptAs(NamedTuple):
    """The Arrow type that a column is sent in, and the type of its column in the table."""

    sent: pa.DataType
    column: str


_TEXT = KeptAs(pa.string(), "text")
_INTEGERS = {8: KeptAs(pa.int16(), "smallint"), 16: KeptAs(pa.int32(), "integer"), 32: KeptAs(pa.int64(), "bigint")}
_IN_SQLITE: "Mapping[str, KeptAs]" = {
    **dict.fromkeys(("boolean", "smallint", "integer", "bigint"), KeptAs(pa.int64(), "integer")),
    **dict.fromkeys(("real", "double precision"), KeptAs(pa.float64(), "real")),
    "bytea": KeptAs(pa.binary(), "blob"),
}


def kept_as(kind: pa.DataType, database: Database) -> KeptAs:
    """How a column of this type is kept: PostgreSQL has a type for most, SQLite keeps decimals and moments as text."""
    kept = _in_postgresql(kind)
    return kept if database == "postgresql" else _IN_SQLITE.get(kept.column, _TEXT)


def _in_postgresql(kind: pa.DataType) -> KeptAs:
    if types.is_boolean(kind):
        return KeptAs(kind, "boolean")
    if types.is_integer(kind):
        return _integer(kind)
    if types.is_floating(kind):
        double = types.is_float64(kind)
        return KeptAs(kind, "double precision") if double else KeptAs(pa.float32(), "real")
    if types.is_decimal(kind) and kind.scale >= 0:
        return KeptAs(kind, f"numeric({kind.precision}, {kind.scale})")
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return KeptAs(pa.binary(), "bytea")
    return _moment(kind)


def _integer(kind: pa.DataType) -> KeptAs:
    if kind == pa.uint64():
        return KeptAs(pa.decimal128(20, 0), "numeric(20, 0)")
    if kind == pa.int64():
        return KeptAs(kind, "bigint")
    return _INTEGERS[kind.bit_width if types.is_unsigned_integer(kind) else max(kind.bit_width // 2, 8)]


def _moment(kind: pa.DataType) -> KeptAs:
    if types.is_date(kind):
        return KeptAs(pa.date32(), "date")
    if types.is_time(kind):
        return KeptAs(pa.time64("us"), "time")
    if types.is_timestamp(kind):
        if kind.tz is None:
            return KeptAs(pa.timestamp("us"), "timestamp")
        return KeptAs(pa.timestamp("us", "UTC"), "timestamp with time zone")
    return _TEXT


def sent(column: pa.ChunkedArray, database: Database) -> pa.ChunkedArray:
    """The column in the type that it is sent in; what Arrow has no text for is written as Python writes it."""
    if types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    target = kept_as(column.type, database).sent
    if types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.cast(column, pa.timestamp(column.type.unit, "UTC"))
    try:
        # Finer than PostgreSQL's microseconds is cut off.
        return pc.cast(column, target, safe=not types.is_timestamp(column.type))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        texts = [None if cell is None else str(cell) for cell in column.to_pylist()]
        return pa.chunked_array([texts], pa.string())
