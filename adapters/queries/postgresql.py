"""Queries on PostgreSQL through ADBC: binary rows come as Arrow batches, without a Python object per cell."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import URL

from adapters import databases
from adapters.arrow.parts import cut
from adapters.queries.result import BYTES_OF_A_PART, Column, QueryResult, SaidOf, TypedBatch, names_of
from adapters.queries.written import without_end
from domain.errors import SourceUnavailable

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

# What ADBC reads well; of the rest it reads some wrong (money, oid, nested arrays) and some not at all (records).
_PLAIN = {
    *("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "date", "timestamp", "timestamptz", "bytea"),
    *("text", "varchar", "bpchar", "name"),
}
_WIDEST_DECIMAL = 76
_SAID = re.compile(r"\b(?:ERROR|FATAL|PANIC):\s+([^\n]+)")
_STATUS = re.compile(r"^(?:[A-Z_]+: )?(?:\[libpq\] )?(?:Failed to connect: )?([^\n]*)")


def connection_string(url: URL) -> str:
    """What libpq connects with, so that no one waits for ever. It holds the url's password: never show it.

    Raises ValueError where the url names an option that there is not.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    dialect: Any = PGDialect_psycopg
    _, options = dialect().create_connect_args(url)
    try:
        return make_conninfo(**{**options, **databases.postgresql_options(url)})
    except ProgrammingError as error:
        raise ValueError(str(error)) from None


def connected(url: URL) -> "Connection":
    """A connection in a transaction. Raises the driver's errors."""
    from adbc_driver_postgresql import dbapi

    connection: Connection = dbapi.connect(connection_string(url))
    return connection


def failures() -> tuple[type[Exception], ...]:
    """What ADBC and Arrow raise where the server or the connection fails."""
    from adbc_driver_manager.dbapi import Error

    return Error, OSError, ValueError, pa.ArrowException


def told(error: Exception) -> str:
    """What went wrong, in one line: the server's own words without the driver's, and without the query."""
    text = str(error)
    if server := _SAID.search(text):
        return server[1].strip().rstrip(". ")
    first = _STATUS.match(text)
    return (first[1].strip().rstrip(".: ") if first else "") or type(error).__name__


@contextmanager
def opened(url: URL, query: str, said: SaidOf, rows: int) -> Iterator[QueryResult]:
    """The query's result, read in a read-only transaction; nothing is read before its batches are asked for.

    Raises SourceUnavailable, SourceMalformed.
    """
    name = databases.shown(url)
    try:
        connection = connected(url)
    except failures() as error:
        raise SourceUnavailable(
            f"{name} cannot be reached: {told(error)}. Check {said.url}, and that the database runs."
        ) from None
    with connection, connection.cursor() as cursor:
        try:
            cursor.execute("set transaction read only")
            found = _described(cursor, query)
        except failures() as error:
            raise _refused(error, name, said) from None
        names = names_of(found.names, name, said)
        columns, statement = _asked(found, without_end(query))
        yield QueryResult(name, names, _batches(cursor, statement, columns, rows, name, said))


def _described(cursor: "Cursor", query: str) -> pa.Schema:
    """The columns that the query returns: none where it is no select."""
    if not without_end(query):
        return pa.schema([])
    schema = cursor.adbc_execute_schema(query)
    if not schema.names:
        cursor.execute(query)  # the server says what it has against it
    return schema


def _asked(schema: pa.Schema, query: str) -> tuple[tuple[Column, ...], str]:
    """How to read each column; and the query, within another where PostgreSQL has to write cells otherwise."""
    inner = [f"c{position}" for position in range(len(schema))]
    outer, beside = list(inner), list[str]()
    columns = []
    for position, field in enumerate(schema):
        kind = _kind(field)
        if kind == "timestamptz":
            columns.append(Column(field.name, field.type, position, "day", len(inner) + len(beside)))
            beside.append(f"{inner[position]}::timestamp")  # in the time zone of the session, whatever its name
        elif kind == "numeric":
            columns.append(Column(field.name, _decimal(field), position, "number"))
        elif kind in _PLAIN:
            columns.append(Column(field.name, field.type, position))
        else:
            outer[position] += "::text"
            columns.append(Column(field.name, pa.string(), position))
    if outer == inner and not beside:
        return tuple(columns), query
    return tuple(columns), f"select {', '.join(outer + beside)} from ({query}\n) as q ({', '.join(inner)})"  # noqa: S608


def _kind(field: pa.Field) -> str:
    return str((field.metadata or {}).get(b"POSTGRESQL:type", b""), "utf-8")


def _decimal(field: pa.Field) -> pa.DataType:
    """Of numeric(12, 2) a decimal type, of numeric without digits text."""
    digits = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1")) - 4
    precision, scale = digits >> 16 & 0xFFFF, digits & 0x7FF
    if digits < 0 or precision > _WIDEST_DECIMAL or scale > precision:
        return pa.string()
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def _batches(
    cursor: "Cursor", statement: str, columns: tuple[Column, ...], rows: int, name: str, said: SaidOf
) -> Iterator[TypedBatch]:
    try:
        reader: Any = cursor.execute(statement).fetch_record_batch()
        for batch in cut(map(_stored, reader), rows, BYTES_OF_A_PART):
            yield TypedBatch(columns, batch)
    except failures() as error:
        raise _refused(error, name, said) from None


def _stored(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in Arrow's own types: without ADBC's names for what PostgreSQL calls otherwise."""
    arrays = [array.storage if isinstance(array, pa.ExtensionArray) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=[f"c{position}" for position in range(len(arrays))])


def _refused(error: Exception, name: str, said: SaidOf) -> SourceUnavailable:
    return SourceUnavailable(f"{name} refused {said.query}: {told(error)}. Check the query.")
