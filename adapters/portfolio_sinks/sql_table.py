"""Valued portfolios as a table of a database: the caller's columns in their types, then the answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from adapters.portfolio_sinks.columns import all_columns, check_names, packed, types_without_rows, unpacked
from adapters.portfolio_sinks.table_types import Database, kept_as, sent
from application.ports.portfolio_sink import PieceEncoder, PortfolioSink, PortfolioWriter
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pandas as pd

    from adapters.portfolio_sinks.postgresql_table import PostgresqlTable, TableTransaction
    from adapters.portfolio_sinks.sqlite_table import SqliteTable, TableBeside


class SqlTableSink(PortfolioSink):
    """Writes a new table of PostgreSQL or SQLite; with `replace`, in the place of one of that name.

    `table`: name or schema.name, a part with a dot in it in double quotes.
    """

    def __init__(self, url: str, table: str, *, replace: bool = False) -> None:
        self._target = _target(url, table, replace=replace)

    @property
    def name(self) -> str:
        """The database and the table, without secrets."""
        return self._target.shown

    def check(self, head: PortfolioHead, answers: Sequence[str]) -> None:
        """Rehearses it: names, permissions, a table that is there already."""
        check_names(self.name, head, answers)
        self._target.check((*head.columns, *answers))

    def encoder(self, head: PortfolioHead, answers: Sequence[str]) -> "SqlTableEncoder":  # noqa: ARG002
        """What makes tables; `head` has nothing to do with it."""
        return SqlTableEncoder(tuple(answers), self._database, self.name)

    @contextmanager
    def writing(self, head: PortfolioHead, answers: Sequence[str]) -> Iterator["SqlTableWriter"]:
        """The types are those of the first part; without any, the caller's columns are texts."""
        with self._target.writing() as table:
            writer = SqlTableWriter(table, self._database, self.name)
            yield writer
            writer.close(types_without_rows(head, answers))

    @property
    def _database(self) -> Database:
        return "sqlite" if self._target.url.drivername == "sqlite" else "postgresql"


class SqlTableWriter(PortfolioWriter):
    """Adds the rows of one piece after the other."""

    def __init__(self, table: "TableTransaction | TableBeside", database: Database, name: str) -> None:
        self._table = table
        self._database = database
        self._name = name
        self._schema: Any = None

    def append(self, piece: bytes) -> None:
        """Raises OutputUnavailable, also where its columns are of other types than the first part's."""
        rows = unpacked(piece)
        self._begin(rows.schema)
        if rows.schema != self._schema:
            raise OutputUnavailable(f"{self._name} cannot be written: its columns change their types between parts.")
        self._table.append(rows)

    def close(self, otherwise: Any) -> None:
        """Makes an empty table, with the schema `otherwise`, where there was no part."""
        self._begin(otherwise)

    def _begin(self, schema: Any) -> None:
        if self._schema is None:
            self._schema = schema
            self._table.create([(field.name, kept_as(field.type, self._database).column) for field in schema])


@dataclass(frozen=True, slots=True)
class SqlTableEncoder(PieceEncoder):
    """Makes an Arrow stream of one table, in the types that the database takes."""

    answers: tuple[str, ...]
    database: Database
    output: str

    def __call__(self, rows: PortfolioRows, answers: "pd.DataFrame") -> bytes:
        """The caller's columns, then the answers. Raises OutputUnavailable where PostgreSQL cannot keep a text."""
        table = all_columns(rows, answers, self.answers)
        columns = [sent(column, self.database) for column in table.columns]
        if self.database == "postgresql":
            self._refuse_nul(table.column_names, columns, rows)
        return packed(pa.table(columns, names=table.column_names).combine_chunks())

    def _refuse_nul(self, names: Sequence[str], columns: Sequence[Any], rows: PortfolioRows) -> None:
        for name, column in zip(names, columns, strict=True):
            if pa.types.is_string(column.type):
                row = pc.index(pc.match_substring(column, "\0"), value=True).as_py()
                if row >= 0:
                    raise OutputUnavailable(
                        f"{self.output} cannot be written: in row or line {rows.places[row]}, column {name!r} holds a "
                        "NUL character, which PostgreSQL does not keep."
                    )


def _target(url: str, table: str, *, replace: bool) -> "PostgresqlTable | SqliteTable":
    from adapters.portfolio_sinks.postgresql_table import PostgresqlTable
    from adapters.portfolio_sinks.sqlite_table import SqliteTable
    from adapters.portfolio_sinks.table_names import table_name
    from adapters.queries.addresses import readable

    name = table_name(table)
    try:
        address = readable(url)
    except ValueError as error:
        raise OutputUnavailable(f"OUTPUT cannot be used: {error}.") from None
    if address.drivername == "sqlite":
        if name.schema is not None:
            raise OutputUnavailable(f"SQLite has no schemas: give --table {name.table}, or quote a name with a dot.")
        return SqliteTable(address, name, replace)
    if address.get_backend_name() != "postgresql":
        raise OutputUnavailable(
            f"Tables are written to PostgreSQL and SQLite, not to '{address.drivername}': write a .csv or .parquet "
            "file, and load that."
        )
    return PostgresqlTable(address, name, replace)
