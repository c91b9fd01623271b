"""SQLite and PostgreSQL by their urls: engines that wait for seconds and no longer, and errors in one line."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sql
from sqlalchemy import exc

from domain.errors import SecretUnavailable

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SECONDS = 5


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
    if password_file is None:
        return url
    try:
        password = password_file.read_text("utf-8").strip()
    except OSError as error:
        raise SecretUnavailable(f"The password file {password_file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SecretUnavailable(f"The password file {password_file} is not UTF-8 text.") from None
    if "\0" in password:  # no database takes one, and `understood` would blame the url
        raise SecretUnavailable(f"The password file {password_file} holds a NUL character: write it as plain text.")
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
    """An engine for an understood url. It connects when it is first used.

    A connection with the execution option `writing` takes SQLite's write lock as its transaction begins, so that two
    writers wait for each other and never fail half-way. Without it, a connection to SQLite is for reading alone.
    Raises ValueError where the url's options cannot be.
    """
    try:
        return _sqlite(url) if url.drivername == "sqlite" else _postgresql(url)
    except exc.ArgumentError as error:
        raise ValueError(f"its options are no good: {cause(error)}") from None


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
    return {name: value for name, value in options.items() if name not in url.query}


def make_sqlite_file(url: sql.URL) -> None:
    """Makes the file of a SQLite url (mode 0600) and its folder (mode 0700) where there are none. Raises OSError."""
    file = Path(url.database or "")
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)


def _sqlite(url: sql.URL) -> sql.Engine:
    made = sql.create_engine(url, hide_parameters=True, pool_timeout=_SECONDS)

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
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


def _postgresql(url: sql.URL) -> sql.Engine:
    return sql.create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=_SECONDS,
        connect_args=postgresql_options(url),
    )
