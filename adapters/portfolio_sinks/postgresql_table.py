"""A table of PostgreSQL that is written in one transaction: everyone sees all of it, or nothing."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import URL

from adapters import databases
from adapters.portfolio_sinks.table_names import TableName, check_lengths, quoted
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager.dbapi import Connection, Cursor

_WAIT = "30s"  # for whoever uses the table that is to be replaced
_REHEARSAL_WAIT = "200ms"
_SOMEBODY_USES_IT = "55P03"
_FIND = """
    select c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2
"""


@dataclass(frozen=True, slots=True)
class PostgresqlTable:
    """Where a table is to stand. `replace`: one of that name, with its indexes and grants, goes when this one comes."""

    url: URL
    name: TableName
    replace: bool

    @property
    def shown(self) -> str:
        """What to call it, without secrets."""
        return f"{databases.shown(self.url)} table {'.'.join(filter(None, self.name))}"

    def check(self, columns: Sequence[str]) -> None:
        """Rehearses it all with an empty table, and takes it back. Raises OutputUnavailable."""
        check_lengths(self.shown, (*filter(None, self.name), *columns))
        with self._transaction(_REHEARSAL_WAIT) as running:
            running.create([(column, "text") for column in columns])
            with self._told():
                running.put_into_place(rehearsal=True)
            running.connection.rollback()

    @contextmanager
    def writing(self) -> Iterator["TableTransaction"]:
        """The table is in its place once the block ends well, and everything is as it was if not."""
        with self._transaction(_WAIT) as running:
            yield running
            with self._told():
                running.put_into_place(rehearsal=False)
                running.connection.commit()

    @contextmanager
    def _transaction(self, wait: str) -> Iterator["TableTransaction"]:
        from adapters.queries.postgresql import connected, failures, told

        try:
            connection = connected(self.url)
        except failures() as error:
            raise OutputUnavailable(f"{databases.shown(self.url)} cannot be reached: {told(error)}.") from None
        try:
            with connection.cursor() as cursor:
                with self._told():
                    schema = self._schema(cursor)
                    cursor.execute(f"set local lock_timeout = '{wait}'")
                    cursor.execute("set local idle_in_transaction_session_timeout = 0")
                yield TableTransaction(self, connection, cursor, schema)
        finally:
            with suppress(*failures()):  # a connection that is lost has nothing to take back
                connection.rollback()
            with suppress(*failures()):
                connection.close()

    def _schema(self, cursor: "Cursor") -> str:
        if self.name.schema is not None:
            return self.name.schema
        cursor.execute("select current_schema()::text")
        row = cursor.fetchone()
        if row is None or row[0] is None:
            raise OutputUnavailable(f"{self.shown}: this user has no schema to make tables in: give schema.name.")
        return str(row[0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        from adapters.queries.postgresql import failures, told

        try:
            yield
        except failures() as error:
            raise OutputUnavailable(f"{self.shown} cannot be written: {told(error)}.") from None


class TableTransaction:
    """A table that nobody else sees yet."""

    def __init__(self, target: PostgresqlTable, connection: "Connection", cursor: "Cursor", schema: str) -> None:
        self.connection = connection
        self._target = target
        self._cursor = cursor
        self._schema = schema
        self._unfinished = f"tasador_{secrets.token_hex(8)}"

    def create(self, columns: Sequence[tuple[str, str]]) -> None:
        """Makes the table with columns of these names and types. Raises OutputUnavailable."""
        with self._target._told():  # noqa: SLF001 (of one file)
            self._refuse_existing()
            fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
            self._cursor.execute(f"create table {quoted(self._schema, self._unfinished)} ({fields})")

    def append(self, table: "pa.Table") -> None:
        """Copies rows into it. Raises OutputUnavailable."""
        if not table.num_rows:
            return
        with self._target._told():  # noqa: SLF001
            self._cursor.adbc_ingest(self._unfinished, table.to_reader(), mode="append", db_schema_name=self._schema)

    def put_into_place(self, *, rehearsal: bool) -> None:
        """Gives the table its name, in the place of the former one. A rehearsal does not wait for who uses that."""
        place = quoted(self._schema, self._target.name.table)
        if self._found() is not None:
            self._refuse_existing()
            try:
                self._cursor.execute(f"drop table {place}")
            except Exception as error:
                if rehearsal and getattr(error, "sqlstate", None) == _SOMEBODY_USES_IT:
                    return
                raise
        unfinished = quoted(self._schema, self._unfinished)
        self._cursor.execute(f"alter table {unfinished} rename to {quoted(self._target.name.table)}")

    def _refuse_existing(self) -> None:
        if self._found() is not None and not self._target.replace:
            raise OutputUnavailable(
                f"{self._target.shown} is there already: give another name, or --replace to put the new one in its "
                "place."
            )

    def _found(self) -> str | None:
        """What kind of thing stands in the place, None where nothing does."""
        self._cursor.execute(_FIND, (self._schema, self._target.name.table))
        row = self._cursor.fetchone()
        return None if row is None else str(row[0])
