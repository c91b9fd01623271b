"""A table of a SQLite file, written beside it first: the file itself is busy for the moment of the copy alone."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL

from adapters import databases
from adapters.outputs.unfinished_file import UnfinishedFile
from adapters.portfolio_sinks.table_names import TableName, quoted
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pyarrow as pa

_SECONDS = 30  # for readers to come to an end
_ROWS_AT_A_TIME = 8_192


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """Where a table is to stand. `replace`: one of that name goes when this one comes."""

    url: URL
    name: TableName
    replace: bool

    @property
    def shown(self) -> str:
        """What to call it: the same for one file, however its path is written."""
        return f"{databases.shown(self.url.set(database=str(self._file)))} table {self.name.table}"

    def check(self, columns: Sequence[str]) -> None:
        """Looks for the folder and for a table of that name, and tries the names. Raises OutputUnavailable."""
        with self._told():
            if not self._file.parent.is_dir():
                raise OutputUnavailable(f"There is no folder {self._file.parent} for {self.shown}.")
            if self._file.exists():
                with closing(self._connected("rw")) as connection:
                    connection.execute("begin immediate")
                    self._refuse_existing(connection)
            with closing(sqlite3.connect(":memory:")) as trial:
                trial.execute(_creation([(column, "text") for column in columns], self.name.table))

    @contextmanager
    def writing(self) -> Iterator["TableBeside"]:
        """The table is in its place once the block ends well, and the file is as it was if not. Raises OutputBusy."""
        with self._told():
            unfinished = UnfinishedFile(self._file.with_name(self._file.name + self._mark), self.shown, self._file)
        try:
            with closing(TableBeside(self, unfinished.path)) as running:
                yield running
                running.finish()
            with self._told():
                self._take_over(unfinished.path, running.columns)
        finally:
            unfinished.let_go()

    @property
    def _file(self) -> Path:
        return Path(os.path.realpath(self.url.database or ""))

    @property
    def _mark(self) -> str:
        return f".tasador-{hashlib.sha256(self.name.table.encode()).hexdigest()[:12]}"

    def _connected(self, mode: str) -> sqlite3.Connection:
        address = f"file:{quote(str(self._file))}?mode={mode}"
        return sqlite3.connect(address, _SECONDS, uri=True, isolation_level=None)

    def _take_over(self, beside: Path, columns: Sequence[tuple[str, str]]) -> None:
        is_new = not self._file.exists()
        try:
            with closing(self._connected("rwc")) as connection:
                connection.execute("attach ? as beside", (str(beside),))
                connection.execute("begin immediate")
                if self._refuse_existing(connection):
                    connection.execute(f"drop table main.{quoted(self.name.table)}")
                connection.execute(_creation(columns, "main", self.name.table))
                connection.execute(
                    f"insert into main.{quoted(self.name.table)} select * from beside.homes order by rowid"  # noqa: S608
                )
                connection.execute("commit")
        except sqlite3.Error:
            if is_new and self._file.exists() and not self._file.stat().st_size:  # else it holds another run's table
                self._file.unlink()
            raise

    def _refuse_existing(self, connection: sqlite3.Connection) -> bool:
        """Whether a table of that name stands there that may be replaced. Raises OutputUnavailable where it may not."""
        kind = connection.execute(
            "select type from main.sqlite_master where lower(name) = lower(?) limit 1", (self.name.table,)
        ).fetchone()
        if kind is None:
            return False
        if not self.replace or kind[0] != "table":
            raise OutputUnavailable(
                f"{self.shown} is there already: give another name"
                + ("." if kind[0] != "table" else ", or --replace to put the new one in its place.")
            )
        return True

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            cause = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
            raise OutputUnavailable(f"{self.shown} cannot be written: {cause.rstrip('. ')}.") from None


class TableBeside:
    """The unfinished table, in a file of its own, which nobody else opens."""

    def __init__(self, target: SqliteTable, path: Path) -> None:
        self.columns: Sequence[tuple[str, str]] = ()
        self._target = target
        with target._told():  # noqa: SLF001 (of one file)
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("pragma journal_mode = off")
            self._connection.execute("pragma synchronous = off")
            self._connection.execute("begin")

    def create(self, columns: Sequence[tuple[str, str]]) -> None:
        """Makes the table with columns of these names and types. Raises OutputUnavailable."""
        self.columns = columns
        with self._target._told():  # noqa: SLF001
            self._connection.execute(_creation(columns, "homes"))

    def append(self, table: "pa.Table") -> None:
        """Inserts rows into it. Raises OutputUnavailable."""
        insertion = f"insert into homes values ({', '.join('?' * table.num_columns)})"  # noqa: S608
        for batch in table.to_batches(max_chunksize=_ROWS_AT_A_TIME):
            cells = [column.to_pylist() for column in batch.columns]
            with self._target._told():  # noqa: SLF001
                self._connection.executemany(insertion, zip(*cells, strict=True))

    def finish(self) -> None:
        """Writes it down. Raises OutputUnavailable."""
        with self._target._told():  # noqa: SLF001
            self._connection.execute("commit")

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()


def _creation(columns: Sequence[tuple[str, str]], *name: str) -> str:
    fields = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns)
    return f"create table {quoted(*name)} ({fields})"
