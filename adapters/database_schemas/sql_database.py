"""Tasador's tables in SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import exc

from adapters import databases
from adapters.database_schemas import backups, revisions
from application.ports.database_schema import DatabaseSchema, SchemaUpgrade
from domain.errors import KeyStoreUnavailable

_CHANGING_THE_SCHEMA = 7_383_100  # processes take turns by it in PostgreSQL; any number that nobody else takes


class SqlDatabaseSchema(DatabaseSchema):
    """The tables of a SQLite or PostgreSQL database. Changes are made in one transaction, by one process at a time.

    Constructing it connects to nothing; only a url that can never work raises KeyStoreUnavailable at once, by the name
    of its setting.
    """

    def __init__(self, url: str, setting: str = "key_store.url") -> None:
        try:
            self._url = databases.understood(url)
            self._engine = databases.engine(self._url)
        except ValueError as error:
            raise KeyStoreUnavailable(f"{setting} is of no use: {error}.") from None

    def check(self) -> None:
        """Raises SchemaOutdated, KeyStoreUnavailable, KeyStoreMalformed. Makes nothing."""
        if self._engine.dialect.name == "sqlite" and not Path(self._url.database or "").exists():
            return
        name = databases.shown(self._url)
        with self._translated(), databases.connected(self._engine, writing=False) as connection:
            revision = revisions.found(connection, name)
        if revision is not None:
            revisions.check(revision, name)

    def upgrade(self) -> SchemaUpgrade:
        """Brings the database to the newest revision. Raises SchemaOutdated, KeyStoreUnavailable, KeyStoreMalformed."""
        with self._translated():
            return upgrade(self._engine)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as error:
            raise databases.refusal(error, databases.shown(self._url), "database", "of Tasador") from error
        finally:
            self._engine.dispose()


def prepare(engine: sql.Engine, *, anew: bool = True) -> None:
    """Sets an empty database up, making a SQLite file where there is none, and leaves another as it is.

    Without `anew` nothing is made: then a database that is missing or empty raises KeyStoreUnavailable. Raises
    SchemaOutdated, KeyStoreUnavailable, KeyStoreMalformed and SQLAlchemyError.
    """
    revision = _found(engine, anew=anew)
    if revision is None:
        if not anew:
            raise KeyStoreUnavailable(
                f"The tables of {databases.shown(engine.url)} are gone, which were there before: restore it from a "
                "backup, or restart the service to begin anew."
            )
        revision = upgrade(engine).after
    revisions.check(revision, databases.shown(engine.url))


def upgrade(engine: sql.Engine) -> SchemaUpgrade:
    """Brings a database to the newest revision. Raises as `prepare` does."""
    name = databases.shown(engine.url)
    before = _found(engine)
    if before == revisions.NEWEST:
        return SchemaUpgrade(name, before, before)
    from adapters.database_schemas.migrating import migrate

    with databases.connected(engine, writing=True) as connection:
        databases.take_turns(connection, _CHANGING_THE_SCHEMA)
        before = revisions.found(connection, name)  # another process may have been faster
        if before is None:
            migrate(connection, None)
            return SchemaUpgrade(name, None, revisions.NEWEST)
        if before < revisions.NEWEST:
            with _backed_up(engine.url, before) as backup:
                migrate(connection, before)
            return SchemaUpgrade(name, before, revisions.NEWEST, backup)
    revisions.check(before, name)
    return SchemaUpgrade(name, before, before)


def _found(engine: sql.Engine, *, anew: bool = True) -> str | None:
    name = databases.shown(engine.url)
    if anew and engine.dialect.name == "sqlite":
        try:
            databases.make_sqlite_file(engine.url)
        except OSError as error:
            raise KeyStoreUnavailable(f"The database {name} cannot be made: {error.strerror}.") from error
    with databases.connected(engine, writing=False) as connection:
        return revisions.found(connection, name)


@contextmanager
def _backed_up(url: sql.URL, revision: str) -> Iterator[Path | None]:
    """Yields the copy that was made of a SQLite file; it is removed again where the block fails."""
    if url.get_backend_name() != "sqlite":
        yield None
        return
    try:
        copy = backups.copy_of(Path(url.database or ""), revision)
    except (OSError, sqlite3.Error) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise KeyStoreUnavailable(
            f"The database {databases.shown(url)} was not upgraded, for no copy of it can be made beside it: {said}."
        ) from error
    try:
        yield copy
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
