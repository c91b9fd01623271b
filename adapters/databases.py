"""SQLite and PostgreSQL by their urls: engines that wait for seconds and no longer, and errors in one line."""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sql
from sqlalchemy import exc

from adapters.passwords import password_in
from domain.errors import KeyStoreSpoiled, KeyStoreUnavailable

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SECONDS = 5
_LONGEST_PAUSE = 0.01
_SQLITE_HINTS = {
    sqlite3.SQLITE_CANTOPEN: " (it must be a file, in a folder where SQLite may write its log even to read)",
    sqlite3.SQLITE_IOERR: " (see whether the disk is full, and whether it fails)",
}
_CONNECTIONS = 4  # of a process, kept open; as many again under load. 12 processes fit into PostgreSQL's usual 100.


def understood(url: str) -> sql.URL:
    """The url of a SQLite file or a PostgreSQL database, with the driver to use.

    Raises ValueError in words for the user, which do not repeat the url: it may hold a password.
    """
    accepted = "give sqlite:///path/to/file.db or postgresql://user:password@host/database"
    try:
        parsed = sql.make_url(url)
    except (exc.ArgumentError, ValueError):
        parsed = None
    if parsed is None or "\0" in unquote(url):
        raise ValueError(f"no database url can be read from it: {accepted}")
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"'{parsed.drivername}' is no database that it can be on: {accepted}")
    database = parsed.database or ""
    in_file = database not in {"", ":memory:"} and not database.startswith("file:")
    if driver == "sqlite" and (not in_file or parsed.host or parsed.query):
        raise ValueError(
            "SQLite needs a file that outlives the process, and nothing else: give sqlite:///path/to/file.db"
        )
    if "@" in (parsed.host or ""):  # the end of a password, which would be shown as the host
        raise ValueError("an @ in the user or the password has to be written as %40")
    return parsed.set(drivername=driver)


def with_password(url: str, password_file: Path | None) -> str:
    """The url with the content of the file, trimmed, as its password; without a file, the url as it is.

    So is a url that cannot be read: `understood` says in the adapter's name what is wrong with it.
    Raises SecretUnavailable, naming the file, where it holds no password that can be read.
    """
    password = password_in(password_file)
    if password is None:
        return url
    try:
        return sql.make_url(url).set(password=password).render_as_string(hide_password=False)
    except (exc.ArgumentError, ValueError):
        return url


def shown(url: sql.URL) -> str:
    """The url for a message: no password, and no options, which may hold one too."""
    bare = sql.URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database)
    return bare.render_as_string()


def cause(error: exc.SQLAlchemyError) -> str:
    """What went wrong, in one line. SQLAlchemy's own text would add the statement and its values."""
    said = str(error.orig) if isinstance(error, exc.DBAPIError) else str(error)
    lines = said.strip().splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__


def engine(url: sql.URL) -> sql.Engine:
    """An engine for an understood url. It connects when it is first used, to a SQLite file that is there by then.

    A connection with the execution option `writing` takes SQLite's write lock as its transaction begins, so that two
    writers wait for each other and never fail half-way. Without it, a connection to SQLite is for reading alone.
    Raises ValueError where the url's options cannot be.
    """
    try:
        return _sqlite(url) if url.drivername == "sqlite" else _postgresql(url)
    except exc.ArgumentError as error:
        raise ValueError(f"its options are no good: {cause(error)}") from None


@contextmanager
def connected(engine: sql.Engine, *, writing: bool) -> Iterator[sql.Connection]:
    """One connection and one transaction, committed at the end of the block."""
    with engine.connect().execution_options(writing=writing) as connection, connection.begin():
        yield connection


def take_turns(connection: sql.Connection, number: int) -> None:
    """Waits until no other transaction has this number, and keeps it to the end of this one; for seconds, no longer.

    On SQLite this does nothing: its writers take turns anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_SECONDS}s'")
        connection.execute(sql.select(sql.func.pg_advisory_xact_lock(number)))


def refusal(
    error: exc.SQLAlchemyError, name: str, called: str = "key store", of: str = "of keys"
) -> KeyStoreUnavailable | KeyStoreSpoiled:
    """What to raise for an error of the database that is shown as `name`."""
    # Exactly this class is what sqlite3 raises for a file that is no database, or a damaged one.
    if type(error) is exc.DatabaseError:
        return KeyStoreSpoiled(
            f"{name} is no database {of}: {cause(error)}. Restore it from a backup, or name another."
        )
    return KeyStoreUnavailable(f"The {called} {name} cannot be used: {cause_and_hint(error)}.")


def cause_and_hint(error: exc.SQLAlchemyError) -> str:
    """What went wrong, and where to look, in one line."""
    return cause(error) + _SQLITE_HINTS.get(_sqlite_kind(error), "")


def _sqlite_kind(error: exc.SQLAlchemyError) -> int:
    """SQLite's own number of a kind of error, without its details; 0 where it has none."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0) if isinstance(error, exc.DBAPIError) else 0
    return code & 0xFF


def _identity(url: sql.URL) -> tuple[int, int] | None:
    """Which file it is that stands there now, or None."""
    try:
        found = Path(url.database or "").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def postgresql_options(url: sql.URL) -> dict[str, Any]:
    """What to connect to PostgreSQL with, so that no one waits for ever; what the url says itself is left to it."""
    # tcp_user_timeout, in ms: a server that vanished without a word would otherwise hold a request for minutes.
    # An SQL_ASCII database sends bytes where text is expected, unless it is told what text is.
    options = {"connect_timeout": _SECONDS, "tcp_user_timeout": _SECONDS * 1000, "client_encoding": "utf8"}
    # tcp_user_timeout sees what is sent and not taken; keepalives see a server that vanished after taking it.
    options |= {"keepalives_idle": _SECONDS, "keepalives_interval": 2, "keepalives_count": 3}
    return {name: value for name, value in options.items() if name not in url.query}


def make_sqlite_file(url: sql.URL) -> None:
    """Makes the file of a SQLite url (mode 0600) and its folder (mode 0700) where there are none. Raises OSError."""
    file = Path(url.database or "")
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)


def _sqlite(url: sql.URL) -> sql.Engine:
    made = sql.create_engine(url, hide_parameters=True, pool_timeout=_SECONDS, creator=lambda: _opened(url))

    # SQLAlchemy's recipe for sqlite3: it begins transactions itself, and the driver does not interfere.
    @sql.event.listens_for(made, "connect")
    def set_up(connection: Any, record: Any) -> None:
        record.info["file"] = _identity(url)
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_SECONDS * 1000}")
        # Locked: another process turns a new file to WAL this moment, and SQLite does not wait for that.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @sql.event.listens_for(made, "checkout")
    def check_out(_connection: object, record: Any, _proxy: object) -> None:
        # A file that was replaced, by a backup say, lives on in the connections that were opened before.
        if record.info["file"] != _identity(url):
            raise exc.DisconnectionError("the file was replaced")

    @sql.event.listens_for(made, "begin")
    def begin(connection: sql.Connection) -> None:
        # A reading connection begins nothing: each of its statements sees one state of the file anyway.
        if connection.get_execution_options().get("writing", False):
            _begin_writing(connection)

    return made


def _opened(url: sql.URL) -> sqlite3.Connection:
    """A connection to a file that is there: SQLite itself would make a new one, which would know of no key."""
    file = Path(url.database or "").absolute()
    if not file.exists():
        raise sqlite3.OperationalError("there is no such file: restore it from a backup")
    return sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, check_same_thread=False)


def _begin_writing(connection: sql.Connection) -> None:
    """Begins a transaction that writes, as soon as no other does; for seconds, no longer.

    SQLite itself would ask the more seldom the longer it has waited: of sixteen busy writers some never had a turn.
    """
    file: Any = connection.connection.driver_connection
    file.execute("PRAGMA busy_timeout = 0")
    try:
        give_up = time.monotonic() + _SECONDS
        while time.monotonic() < give_up:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 (no secret)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails in SQLAlchemy's words
    finally:
        file.execute(f"PRAGMA busy_timeout = {_SECONDS * 1000}")


def _postgresql(url: sql.URL) -> sql.Engine:
    return sql.create_engine(
        url,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=_CONNECTIONS,
        pool_pre_ping=True,
        pool_timeout=_SECONDS,
        connect_args=postgresql_options(url),
    )
