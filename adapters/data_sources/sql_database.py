"""Sales in a database: whatever one query of the client's own returns."""

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL, Connection, CursorResult, Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from adapters import databases
from application.ports.data_source import DataSource, SourceTable
from domain.errors import SourceMalformed, SourceUnavailable

if TYPE_CHECKING:
    import pandas as pd

_SECONDS = 5
_ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True, slots=True)
class SqlDataSource(DataSource):
    """Runs a query, as it is written, on PostgreSQL or SQLite. Nothing is opened before it is asked for.

    PostgreSQL runs it in a read-only transaction; SQLite opens the file read-only and never makes one. Decimals become
    floats, NaN becomes None, and a time stamp becomes its day, in the time zone of the database session where it has
    one: cast in the query for another. Text is trimmed, empty text is None; what is neither text, number nor date
    becomes text.
    """

    url: str = field(repr=False)
    query: str
    holdout_query: str | None = None

    def sales(self) -> SourceTable:
        """What the query returns. Raises SourceUnavailable, SourceMalformed."""
        return self._read(self.query, "data_source.query")

    def holdout(self) -> SourceTable | None:
        """What the holdout's query returns, or None. Raises as `sales` does."""
        return None if self.holdout_query is None else self._read(self.holdout_query, "data_source.test_query")

    def _read(self, query: str, key: str) -> SourceTable:
        url = _parsed(self.url)
        name = databases.shown(url)
        try:
            with _engine(url).connect() as connection:
                frame = _run(connection, query, name, key)
        except SQLAlchemyError as error:
            cause = databases.cause(error)
            raise SourceUnavailable(
                f"{name} cannot be reached: {cause}. Check data_source.url, and that the database runs."
            ) from None
        return SourceTable(frame, name, place="row")


def _parsed(text: str) -> URL:
    try:
        return databases.understood(text)
    except ValueError as error:
        raise SourceUnavailable(f"data_source.url cannot be used: {error}.") from None


def _engine(url: URL) -> Engine:
    """An engine that reads and never writes, and keeps no connection."""
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise SourceUnavailable(f"There is no SQLite database {path}: check data_source.url.")
        # In this mode SQLite never makes the file, nor changes it.
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        engine = create_engine(
            "sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(address, _SECONDS, uri=True)
        )
    else:
        engine = create_engine(url, poolclass=NullPool, connect_args=databases.postgresql_options(url))
    # Without parameters the driver leaves every % and : of the query alone; without the last, `as "a.b"` becomes b.
    return engine.execution_options(no_parameters=True, postgresql_readonly=True, sqlite_raw_colnames=True)


def _run(connection: Connection, query: str, name: str, key: str) -> "pd.DataFrame":
    try:
        result = connection.exec_driver_sql(query)
        if not result.returns_rows:
            raise SourceUnavailable(f"{key} returns no rows from {name}: it must be a select.")
        return _frame(result, name, key)
    except SQLAlchemyError as error:
        raise SourceUnavailable(f"{name} refused {key}: {databases.cause(error)}. Check the query.") from None


def _frame(result: CursorResult[tuple[object, ...]], name: str, key: str) -> "pd.DataFrame":
    import pandas as pd

    names = list(result.keys())
    for column in names:
        if names.count(column) > 1:
            raise SourceMalformed(f"{key} returns more than one column {column!r} from {name}: give one another name.")
    columns: list[list[object]] = [[] for _ in names]
    for rows in result.partitions(_ROWS_AT_A_TIME):
        for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(_cells(cells))
    index = pd.RangeIndex(1, len(columns[0]) + 1) if columns else pd.RangeIndex(0)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), index=index, columns=names, dtype=object)


def _cells(cells: Sequence[object]) -> Sequence[object]:
    return cells if set(map(type, cells)) <= {int, bool, type(None)} else [_cell(cell) for cell in cells]


def _cell(cell: object) -> object:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float | Decimal):
        return None if math.isnan(cell) else float(cell)
    if isinstance(cell, datetime):
        return cell.date()
    if cell is None or isinstance(cell, int | date):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace").strip() or None
    return str(cell)
