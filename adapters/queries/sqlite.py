"""Queries on a SQLite file, which is opened for reading only and never made."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL

from adapters import databases
from adapters.queries.python_rows import KindsSeen, Row, typed
from adapters.queries.result import QueryResult, SaidOf, names_of
from domain.errors import SourceUnavailable

_SECONDS = 5
_ROWS_AT_A_TIME = 8_192


@contextmanager
def opened(url: URL, query: str, said: SaidOf, rows: int) -> Iterator[QueryResult]:
    """The query's result, with its rows counted and the types of its cells seen: SQLite keeps any type in any column.

    So the query runs twice, on one state of the file. Raises SourceUnavailable, SourceMalformed.
    """
    name = databases.shown(url)
    path = Path(url.database or "")
    if not path.is_file():
        raise SourceUnavailable(f"There is no SQLite database {path}: check {said.url}.")
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = sqlite3.connect(address, _SECONDS, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise SourceUnavailable(f"{name} cannot be reached: {error}. Check {said.url}.") from None
    with closing(connection):
        try:
            connection.execute("begin")
            cursor = connection.execute(query)
            names = names_of([column[0] for column in cursor.description or ()], name, said)
            seen = KindsSeen(len(names))
            count = 0
            while part := cursor.fetchmany(_ROWS_AT_A_TIME):
                seen.look_at(part)
                count += len(part)
        except sqlite3.Error as error:
            raise _refused(error, name, said) from None
        parts = _parts(connection, query, rows, name, said)
        yield QueryResult(name, names, typed(names, seen.kinds(), parts), count)


def _parts(connection: sqlite3.Connection, query: str, rows: int, name: str, said: SaidOf) -> Iterator[Sequence[Row]]:
    try:
        cursor = connection.execute(query)
        while part := cursor.fetchmany(rows):
            yield part
    except sqlite3.Error as error:
        raise _refused(error, name, said) from None


def _refused(error: sqlite3.Error, name: str, said: SaidOf) -> SourceUnavailable:
    cause = (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
    return SourceUnavailable(f"{name} refused {said.query}: {cause}. Check the query.")
