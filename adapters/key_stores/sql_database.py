"""Keys in a database: SQLite on one machine, PostgreSQL for several."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sql
from psycopg import errors as postgresql_errors
from psycopg.types.datetime import TimestamptzLoader
from sqlalchemy import exc

from adapters import databases
from adapters.database_schemas.sql_database import prepare
from adapters.key_stores.row import COLUMNS, NOBODY, key_of, scopes_cell
from adapters.key_stores.tables import EVENTS, KEYS
from application.ports.key_store import KeptKeys, KeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed, KeyStoreUnavailable
from domain.key_event import KeyEvent, issued, revoked, rotated

_CHANGING_KEYS = 7_383_101  # writers take turns by it in PostgreSQL; any number that nobody else takes


class SqlKeyStore(KeyStore):
    """Keeps keys in the table `api_keys` of a SQLite or PostgreSQL database, and their events in `key_events`.

    Safe for threads and processes: writers take turns. Constructing it connects to nothing: a database that is down
    when the service starts may come up later. An empty one is set up at first use, and one of another version of the
    program is refused with SchemaOutdated. One that was used and is gone then, or empty, is never made anew: nobody
    would be known to it. Only a url that can never work raises KeyStoreUnavailable at once.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = databases.engine(databases.understood(url))
        except ValueError as error:
            raise KeyStoreUnavailable(f"key_store.url is of no use: {error}.") from None
        self._name = databases.shown(self._engine.url)
        self._prepared = self._was_used = False
        if self._engine.dialect.name == "postgresql":
            sql.event.listen(self._engine, "connect", _take_any_time)

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable, KeyStoreMalformed (not our table)."""
        with self._transaction(writing=True) as connection:
            self._insert(connection, key)
            _tell(connection, issued(key))

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the id."""
        with self._transaction() as connection:
            row = connection.execute(_KEY_OF_ID_OR_NOBODY, {"wanted": key_id}).one()
        key = self._key_of(row)
        return None if row.is_there is None else key

    def all(self) -> KeptKeys:
        """Every key, oldest first; a fault names the id of a bad one. Raises KeyStoreUnavailable, KeyStoreSpoiled."""
        with self._transaction() as connection:
            rows = connection.execute(sql.select(KEYS).order_by(KEYS.c.id)).all()
        keys, faults = [], []
        for row in rows:
            try:
                keys.append(self._key_of(row))
            except KeyStoreMalformed as error:
                faults.append(str(error))
        return KeptKeys(sorted(keys, key=attrgetter("created_at", "id")), tuple(faults))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, LastAdminKey, KeyStoreUnavailable, KeyStoreMalformed."""
        with self._transaction(writing=True) as connection:
            key = self._known(connection, key_id)
            if key.revoked_at is not None:
                return key
            if spare_last_admin:
                key.check_not_last_admin(self._others(connection, key_id), at)
            taken_back = key.revoked(at, by, because)
            _change(connection, taken_back, "revoked_at", "revoked_by", "revoked_because")
            _tell(connection, revoked(taken_back))
            return taken_back

    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Puts another key in a key's place. Raises KeyNotFound, DuplicateKey, KeyNotActive, and as `revoke`."""
        with self._transaction(writing=True) as connection:
            key = self._known(connection, key_id)
            key.check_rotatable(successor.created_at)
            self._insert(connection, successor)
            replaced = key.replaced(successor.id, until)
            _change(connection, replaced, "replaced_by", "expires_at")
            _tell(connection, issued(successor), rotated(replaced, successor))
            return replaced

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keeps when keys were last used. Raises KeyStoreUnavailable, KeyStoreMalformed (not our table)."""
        if not uses:
            return
        with self._transaction(writing=True) as connection:
            for row in connection.execute(sql.select(KEYS).where(KEYS.c.id.in_(list(uses)))).all():
                with suppress(KeyStoreMalformed):
                    key = self._key_of(row)
                    if key.used(uses[key.id]) is not key:
                        _change(connection, key.used(uses[key.id]), "last_used_at")

    def record(self, event: KeyEvent) -> None:
        """Keeps an event that is about no key. Raises KeyStoreUnavailable, KeyStoreMalformed (not our table)."""
        with self._transaction(writing=True) as connection:
            _tell(connection, event)

    def events(self) -> list[KeyEvent]:
        """Every event, in their order. Raises KeyStoreUnavailable, KeyStoreMalformed naming the number of a bad one."""
        with self._transaction() as connection:
            rows = connection.execute(sql.select(EVENTS).order_by(EVENTS.c.number)).all()
        return [self._event_of(row) for row in rows]

    def close(self) -> None:
        """Gives the connections back. The store may be used again afterwards."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool = False) -> Iterator[sql.Connection]:
        """One transaction, committed at the end of the block, with errors translated."""
        try:
            if not self._prepared:
                prepare(self._engine, anew=not self._was_used)
                self._prepared = self._was_used = True
            with databases.connected(self._engine, writing=writing) as connection:
                if writing:
                    databases.take_turns(connection, _CHANGING_KEYS)
                yield connection
        except exc.SQLAlchemyError as error:
            # The tables may be gone or others: an older backup restored, another database under the same address.
            self._prepared = False
            raise databases.refusal(error, self._name) from error

    def _known(self, connection: sql.Connection, key_id: str) -> ApiKey:
        row = connection.execute(_KEY_OF_ID, {"wanted": key_id}).one_or_none()
        if row is None:
            raise KeyNotFound(f"There is no key {key_id} in {self._name}.")
        return self._key_of(row)

    def _insert(self, connection: sql.Connection, key: ApiKey) -> None:
        row = {column: getattr(key, column) for column in COLUMNS} | {"scopes": scopes_cell(key)}
        try:
            connection.execute(sql.insert(KEYS).values(row))
        except exc.IntegrityError as error:
            if _is_taken(error):
                raise DuplicateKey(f"A key with the id {key.id} is in {self._name} already.") from None
            raise

    def _others(self, connection: sql.Connection, key_id: str) -> Iterator[ApiKey]:
        for row in connection.execute(sql.select(KEYS).where(KEYS.c.id != key_id, KEYS.c.revoked_at.is_(None))):
            with suppress(KeyStoreMalformed):
                yield self._key_of(row)

    def _key_of(self, row: sql.Row[Any]) -> ApiKey:
        cells = dict(zip(COLUMNS, row, strict=False))
        try:
            return key_of(cells)
        except ValueError as error:
            raise KeyStoreMalformed(
                f"In {self._name} the row of the key {cells['id']!r} is no key: {error}. Mend or delete the row."
            ) from None

    def _event_of(self, row: sql.Row[Any]) -> KeyEvent:
        cells = {"at": row.at, "action": row.action, "key_id": row.key_id, "by": row.by_whom, "detail": row.detail}
        try:
            return msgspec.convert(cells, KeyEvent)
        except msgspec.ValidationError:
            raise KeyStoreMalformed(f"In {self._name} the row {row.number} of key_events is no event.") from None


_KEY_OF_ID = sql.select(KEYS).where(KEYS.c.id == sql.bindparam("wanted"))


def _key_of_id_or_nobody() -> sql.Select[Any]:
    """Finds one row in any case, so that the time it takes does not tell which ids there are."""
    columns: list[sql.ColumnElement[Any]] = []
    for column in KEYS.c:
        nobodys: Any = NOBODY[column.name]
        if column.name.endswith("_at") and nobodys:
            nobodys = datetime.fromisoformat(nobodys)
        columns.append(column if column.nullable else sql.func.coalesce(column, sql.literal(nobodys, column.type)))
    any_row = sql.select(sql.literal(1)).subquery()
    found = any_row.outerjoin(KEYS, KEYS.c.id == sql.bindparam("wanted"))
    return sql.select(*columns, KEYS.c.id.label("is_there")).select_from(found)


_KEY_OF_ID_OR_NOBODY = _key_of_id_or_nobody()


def _change(connection: sql.Connection, key: ApiKey, *columns: str) -> None:
    values = {column: getattr(key, column) for column in columns}
    connection.execute(sql.update(KEYS).where(KEYS.c.id == key.id).values(values))


def _tell(connection: sql.Connection, *events: KeyEvent) -> None:
    for event in events:
        connection.execute(
            sql.insert(EVENTS).values(
                at=event.at, action=event.action, key_id=event.key_id, by_whom=event.by, detail=event.detail
            )
        )


class _TimeOrText(TimestamptzLoader):
    """Hands on as text what is no datetime, such as a hand-written 'infinity', so that it fails its own row alone."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except postgresql_errors.DataError:
            return bytes(data).decode()


def _take_any_time(connection: Any, _record: object) -> None:
    connection.adapters.register_loader("timestamptz", _TimeOrText)


def _is_taken(error: exc.IntegrityError) -> bool:
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
    return isinstance(error.orig, postgresql_errors.UniqueViolation)
