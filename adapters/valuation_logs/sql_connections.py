"""The database that evidence is kept in: its transactions, and what goes wrong with them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import exc

from adapters import databases
from adapters.database_schemas.sql_database import prepare
from domain.errors import KeyStoreMalformed, KeyStoreUnavailable, SchemaOutdated, ValuationLogUnavailable

_ROWS_AT_ONCE = 500
_SQLITE_PAGE = 4096
_SECONDS = 5
_ENCODINGS = ("UTF8", "SQL_ASCII")
# Whoever waited for another transaction must see what that one did. One that a stopped process has left open is ended.
_SESSION = f"""SET default_transaction_isolation = 'read committed';
SET lock_timeout = '{_SECONDS}s';
SET idle_in_transaction_session_timeout = '{2 * _SECONDS}s'"""
_MAY_WRITE = """SELECT current_setting('transaction_read_only') = 'off'
AND has_table_privilege('evidence_entries', 'INSERT') AND has_table_privilege('evidence_register', 'INSERT')"""


class EvidenceDatabase:
    """A SQLite or PostgreSQL database with the tables of the evidence; `to_disk`: what is committed is on the disk.

    Constructing it connects to nothing; only a url that can never work raises ValuationLogUnavailable at once. An empty
    database is set up at first use. All else raises ValuationLogUnavailable, within seconds.
    """

    def __init__(self, url: str, *, to_disk: bool) -> None:
        try:
            self._engine = databases.engine(databases.understood(url))
        except ValueError as error:
            raise ValuationLogUnavailable(f"valuation_log.url is of no use: {error}.") from None
        self.name = databases.shown(self._engine.url)
        self._prepared = self._was_used = False
        if self._engine.dialect.name == "postgresql":
            from adapters.valuation_logs.bounded_postgresql import connect

            sql.event.listen(self._engine, "do_connect", connect)
            sql.event.listen(self._engine, "connect", _set_up_postgresql(to_disk=to_disk))
        else:
            sql.event.listen(self._engine, "connect", _set_up_sqlite(to_disk=to_disk))

    @contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[sql.Connection]:
        """One transaction, committed at the end of the block, with errors translated."""
        try:
            if not self._prepared:
                self._prepare()
            with databases.connected(self._engine, writing=writing) as connection:
                yield connection
        except exc.SQLAlchemyError as error:
            # The tables may be gone or others: an older backup restored, another database under the same address.
            self._prepared = False
            raise self._refusal(error) from error

    def rows(
        self,
        query: sql.Select[Any],
        *keys: sql.Column[Any],
        descending: bool = False,
        start: tuple[Any, ...] | None = None,
    ) -> Iterator[sql.Row[Any]]:
        """What the query finds, in the order of `keys`, which it selects and no two rows share; what is after `start`.

        It is asked for in pages: who reads slowly, or stops, keeps no connection and no state of the database.
        """
        after, order = start, [key.desc() for key in keys] if descending else keys
        while True:
            page = query.order_by(*order).limit(_ROWS_AT_ONCE)
            if after is not None:
                there = sql.tuple_(*map(sql.literal, after, [key.type for key in keys]))
                page = page.where(sql.tuple_(*keys) < there if descending else sql.tuple_(*keys) > there)
            with self.transaction() as connection:
                found = connection.execute(page).all()
            yield from found
            if len(found) < _ROWS_AT_ONCE:
                return
            after = tuple(getattr(found[-1], key.name) for key in keys)

    def check_writable(self) -> None:
        """Returns where something could be written now."""
        with self.transaction(writing=True) as connection:
            may_write = connection.dialect.name == "sqlite" or connection.scalar(sql.text(_MAY_WRITE))
        if not may_write:
            raise ValuationLogUnavailable(self._told("this user may not write to it, or nobody may now"))
        if self._engine.dialect.name == "sqlite":
            self._check_room()

    def forget_what_was_removed(self) -> None:
        """Sees that SQLite's log holds nothing any more of what was erased from the file, unless others read it now."""
        if self._engine.dialect.name == "sqlite":
            with self.transaction() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Gives the connections back. It may be used again afterwards."""
        self._engine.dispose()

    def _prepare(self) -> None:
        try:
            prepare(self._engine, anew=not self._was_used)
        except SchemaOutdated as error:
            raise ValuationLogUnavailable(str(error)) from error
        except (KeyStoreUnavailable, KeyStoreMalformed) as error:
            raise ValuationLogUnavailable(f"valuation_log.url: {error}") from error
        if self._engine.dialect.name == "postgresql":
            with databases.connected(self._engine, writing=False) as connection:
                encoding = connection.scalar(sql.text("SHOW server_encoding"))
            if encoding not in _ENCODINGS:
                raise ValuationLogUnavailable(self._told(f"its encoding is {encoding}, and only UTF8 holds any text"))
        self._prepared = self._was_used = True

    def _check_room(self) -> None:
        """Writes as much as SQLite would at least: it notices a full disk only when it commits."""
        try:
            with tempfile.TemporaryFile(dir=Path(self._engine.url.database or "").parent, buffering=0) as file:
                file.write(b"\0" * _SQLITE_PAGE)
        except OSError as error:
            raise ValuationLogUnavailable(self._told((error.strerror or str(error)).lower())) from error

    def _refusal(self, error: exc.SQLAlchemyError) -> ValuationLogUnavailable:
        if type(error) is exc.DatabaseError:  # exactly this is raised for a file that is no database, or a damaged one
            return ValuationLogUnavailable(
                f"{self.name} is no database of valuations: {databases.cause(error)}. Restore it from a backup, or set "
                "valuation_log.url to another."
            )
        return ValuationLogUnavailable(self._told(databases.cause_and_hint(error)))

    def _told(self, cause: str) -> str:
        return f"The valuation log {self.name} (valuation_log.url) cannot be used: {cause}."


def _set_up_sqlite(*, to_disk: bool) -> Any:
    def set_up(connection: Any, _record: object) -> None:
        if not to_disk:
            connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten

    return set_up


def _set_up_postgresql(*, to_disk: bool) -> Any:
    # A server may be set to do more than is asked for with "on": that is left as it is.
    unless_set_so = "'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    statement = "SELECT set_config('synchronous_commit', " + (unless_set_so if to_disk else "'off', false)")

    def set_up(connection: Any, _record: object) -> None:
        connection.execute(statement)
        connection.execute(_SESSION)
        connection.commit()

    return set_up
