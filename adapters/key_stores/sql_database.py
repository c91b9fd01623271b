"""Keys in a database: SQLite on one machine, PostgreSQL for several."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sql
from psycopg import errors as postgresql_errors
from psycopg.types.datetime import TimestamptzLoader
from sqlalchemy import exc

from adapters import databases
from adapters.key_stores.row import COLUMNS, key_of, scopes_cell
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed, KeyStoreUnavailable

_CREATING = 7_383_100  # the number of the lock under which processes create the table in PostgreSQL, in turn


class _Moment(sql.types.TypeDecorator[object]):
    """A time in UTC. SQLite has no type for it: it holds ISO 8601 text there, which comes back as text."""

    impl = sql.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sql.Dialect) -> sql.types.TypeEngine[Any]:
        return dialect.type_descriptor(sql.Text() if dialect.name == "sqlite" else sql.DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: sql.Dialect) -> Any:
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.isoformat() if dialect.name == "sqlite" else in_utc


_SCHEMA = sql.MetaData()
_KEYS = sql.Table(
    "api_keys",
    _SCHEMA,
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("label", sql.Text, nullable=False),
    sql.Column("secret_hash", sql.Text, nullable=False),
    sql.Column("pepper_id", sql.Text, nullable=False),
    sql.Column("scopes", sql.Text, nullable=False),
    sql.Column("created_at", _Moment, nullable=False),
    sql.Column("expires_at", _Moment, nullable=False),
    sql.Column("revoked_at", _Moment),
)


class SqlKeyStore(KeyStore):
    """Keeps keys in the table `api_keys` of a SQLite or PostgreSQL database, made at first use.

    Safe for threads and processes. Constructing it connects to nothing: a database that is down when the service
    starts may come up later. Only a url that can never work raises KeyStoreUnavailable at once.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = databases.understood(url)
            self._engine = databases.engine(self._url)
        except ValueError as error:
            raise KeyStoreUnavailable(f"The key store's url is of no use: {error}.") from None
        self._name = databases.shown(self._url)
        self._prepared = False
        if self._engine.dialect.name == "postgresql":
            sql.event.listen(self._engine, "connect", _take_any_time)

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable, KeyStoreMalformed (not our table)."""
        row = {column: getattr(key, column) for column in COLUMNS} | {"scopes": scopes_cell(key)}
        with self._transaction(writing=True) as connection:
            try:
                connection.execute(sql.insert(_KEYS).values(row))
            except exc.IntegrityError as error:
                if _is_taken(error):
                    raise DuplicateKey(f"A key with the id {key.id} is in {self._name} already.") from None
                raise

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the id."""
        with self._transaction() as connection:
            row = connection.execute(sql.select(_KEYS).where(_KEYS.c.id == key_id)).one_or_none()
        return None if row is None else self._key_of(row)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first. Raises KeyStoreUnavailable, KeyStoreMalformed naming the id of a bad one."""
        with self._transaction() as connection:
            rows = connection.execute(sql.select(_KEYS)).all()
        return sorted((self._key_of(row) for row in rows), key=attrgetter("created_at", "id"))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, KeyStoreUnavailable, KeyStoreMalformed naming the id."""
        of_this_id = _KEYS.c.id == key_id
        with self._transaction(writing=True) as connection:
            connection.execute(sql.update(_KEYS).where(of_this_id, _KEYS.c.revoked_at.is_(None)).values(revoked_at=at))
            row = connection.execute(sql.select(_KEYS).where(of_this_id)).one_or_none()
            if row is None:
                raise KeyNotFound(f"There is no key {key_id} in {self._name}.")
            return self._key_of(row)

    def close(self) -> None:
        """Gives the connections back. The store may be used again afterwards."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool = False) -> Iterator[sql.Connection]:
        """One transaction, committed at the end of the block, with errors translated."""
        try:
            if not self._prepared:
                self._prepare()
            with self._connected(writing=writing) as connection:
                yield connection
        except exc.SQLAlchemyError as error:
            # The table may be gone: an older backup restored, another database under the same address.
            self._prepared = False
            cause = databases.cause(error)
            # Exactly this class is what sqlite3 raises for a file that is no database, or a damaged one.
            if type(error) is exc.DatabaseError:
                raise KeyStoreMalformed(
                    f"{self._name} is no database of keys: {cause}. Restore it from a backup, or name another."
                ) from error
            raise KeyStoreUnavailable(f"The key store {self._name} cannot be used: {cause}.") from error

    @contextmanager
    def _connected(self, *, writing: bool) -> Iterator[sql.Connection]:
        with self._engine.connect().execution_options(writing=writing) as connection, connection.begin():
            yield connection

    def _prepare(self) -> None:
        """Makes the table where there is none, and sees that it is the one meant. Two at once do no harm."""
        if self._engine.dialect.name == "sqlite":
            try:
                databases.make_sqlite_file(self._url)
            except OSError as error:
                raise KeyStoreUnavailable(f"The key store {self._name} cannot be made: {error.strerror}.") from error
        with self._connected(writing=False) as connection:
            found = _columns_of_table(connection)
        if not found:
            with self._connected(writing=True) as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_CREATING)))
                _SCHEMA.create_all(connection)
        elif missing := [column for column in COLUMNS if column not in found]:
            raise KeyStoreMalformed(
                f"The table {_KEYS.name} in {self._name} is not Tasador's: it lacks {', '.join(missing)}. "
                "Name another database."
            )
        self._prepared = True

    def _key_of(self, row: sql.Row[Any]) -> ApiKey:
        cells = dict(zip(COLUMNS, row, strict=True))
        try:
            return key_of(cells)
        except ValueError as error:
            raise KeyStoreMalformed(
                f"In {self._name} the row of the key {cells['id']!r} is no key: {error}. Mend or delete the row."
            ) from None


class _TimeOrText(TimestamptzLoader):
    """Hands on as text what is no datetime, such as a hand-written 'infinity', so that it fails its own row alone."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except postgresql_errors.DataError:
            return bytes(data).decode()


def _take_any_time(connection: Any, _record: object) -> None:
    connection.adapters.register_loader("timestamptz", _TimeOrText)


def _columns_of_table(connection: sql.Connection) -> set[str]:
    inspector = sql.inspect(connection)
    if not inspector.has_table(_KEYS.name):
        return set()
    return {column["name"] for column in inspector.get_columns(_KEYS.name)}


def _is_taken(error: exc.IntegrityError) -> bool:
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
    return isinstance(error.orig, postgresql_errors.UniqueViolation)
