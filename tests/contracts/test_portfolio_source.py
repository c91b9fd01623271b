"""What every source of a portfolio does, whatever it reads from."""

import csv
import pickle
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pandas as pd
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from adapters.portfolio_sources.csv_file import CsvPortfolio
from adapters.portfolio_sources.parquet_files import ParquetPortfolio
from adapters.portfolio_sources.sql_database import SqlPortfolio
from application.ports.portfolio_source import Dialect, PortfolioPart, PortfolioRows, PortfolioSource
from domain.errors import SourceMalformed, SourceUnavailable
from tests.fakes.in_memory_portfolio import InMemoryPortfolio

Row = Sequence[str | None]


class World(Protocol):
    """Makes portfolios of one technology, whose parts hold few rows."""

    @abstractmethod
    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        """A portfolio of these rows, all text."""

    @abstractmethod
    def naming_twice(self, column: str) -> PortfolioSource:
        """A portfolio with two columns of this name."""

    @abstractmethod
    def out_of_reach(self) -> PortfolioSource:
        """A portfolio that cannot be reached."""


class Memory(World):
    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        return InMemoryPortfolio(pd.DataFrame([*rows], columns=[*columns], dtype=object))

    def naming_twice(self, column: str) -> PortfolioSource:
        return InMemoryPortfolio(pd.DataFrame([["1", "2"]], columns=[column, column]))

    def out_of_reach(self) -> PortfolioSource:
        return InMemoryPortfolio(pd.DataFrame(), out_of_order=SourceUnavailable("memory is gone."))


class TextInMemory(Memory):
    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        return InMemoryPortfolio(pd.DataFrame([*rows], columns=[*columns], dtype=object), dialect=Dialect())


class CsvFile(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        path = self._folder / "homes.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([columns, *rows])
        return CsvPortfolio(str(path), part_bytes=16)

    def naming_twice(self, column: str) -> PortfolioSource:
        return self.holding((column, column), [("1", "2")])

    def out_of_reach(self) -> PortfolioSource:
        return CsvPortfolio(str(self._folder / "nowhere.csv"))


class ParquetFile(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        path = self._folder / "homes.parquet"
        arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(columns))]
        parquet.write_table(pa.Table.from_arrays(arrays, names=[*columns]), path, row_group_size=3)
        return ParquetPortfolio(str(path), rows_a_part=2)

    def naming_twice(self, column: str) -> PortfolioSource:
        return self.holding((column, column), [("1", "2")])

    def out_of_reach(self) -> PortfolioSource:
        return ParquetPortfolio(str(self._folder / "nowhere.parquet"))


class SqliteDatabase(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        path = self._folder / "homes.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"create table homes ({', '.join(map(_quoted, columns))})")
            connection.executemany(f"insert into homes values ({', '.join('?' * len(columns))})", rows)  # noqa: S608
            connection.commit()
        return SqlPortfolio(f"sqlite:///{path}", "select * from homes order by rowid", rows_a_part=2)

    def naming_twice(self, column: str) -> PortfolioSource:
        sqlite3.connect(self._folder / "homes.db").close()
        return SqlPortfolio(f"sqlite:///{self._folder}/homes.db", f'select 1 as "{column}", 2 as "{column}"')

    def out_of_reach(self) -> PortfolioSource:
        return SqlPortfolio(f"sqlite:///{self._folder}/nowhere.db", "select 1")


class PostgresDatabase(World):
    def __init__(self, url: str) -> None:
        self._url = url
        self._tables = 0

    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        self._tables += 1
        name = f"homes_{self._tables}"
        fields = ", ".join(f"{_quoted(column)} text" for column in columns)
        marks = ", ".join(["%s"] * len(columns))
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor:
            cursor.execute(f"create table {name} (place serial, {fields})".encode())
            if rows:
                cursor.executemany(f"insert into {name} values (default, {marks})".encode(), rows)  # noqa: S608
        query = f"select {', '.join(map(_quoted, columns))} from {name} order by place"  # noqa: S608
        return SqlPortfolio(self._url, query, rows_a_part=2)

    def naming_twice(self, column: str) -> PortfolioSource:
        return SqlPortfolio(self._url, f'select 1 as "{column}", 2 as "{column}"')

    def out_of_reach(self) -> PortfolioSource:
        return SqlPortfolio("postgresql://someone@127.0.0.1:1/homes", "select 1")


class DatabaseThroughSqlAlchemy(PostgresDatabase):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._through = url.replace("postgresql:", "postgresql+psycopg:", 1)

    def holding(self, columns: Sequence[str], rows: Sequence[Row]) -> PortfolioSource:
        source = super().holding(columns, rows)
        assert isinstance(source, SqlPortfolio)
        return replace(source, url=self._through)


def _quoted(name: str) -> str:
    return f'"{name}"'


WORLDS: dict[str, Callable[[pytest.FixtureRequest], World]] = {
    "memory": lambda request: Memory(),
    "text in memory": lambda request: TextInMemory(),
    "csv": lambda request: CsvFile(request.getfixturevalue("tmp_path")),
    "parquet": lambda request: ParquetFile(request.getfixturevalue("tmp_path")),
    "sqlite": lambda request: SqliteDatabase(request.getfixturevalue("tmp_path")),
    "postgresql": lambda request: PostgresDatabase(request.getfixturevalue("fresh_postgres_url")),
    "sqlalchemy": lambda request: DatabaseThroughSqlAlchemy(request.getfixturevalue("fresh_postgres_url")),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param](request)


COLUMNS = ("type", "Comuna de la casa", "n_rooms")
HOMES: list[Row] = [(f"casa {number}", "Ñuñoa", str(number)) for number in range(7)]


def parts_of(source: PortfolioSource) -> list[PortfolioPart]:
    return [pickle.loads(pickle.dumps(part)) for part in source.parts()]  # noqa: S301 (as they reach a worker)


def read(source: PortfolioSource, *wanted: str) -> list[PortfolioRows]:
    return [part.read(wanted) for part in parts_of(source)]


def records(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(row) for row in frame.to_dict("split")["data"]]


class TestPortfolioSource:
    def test_all_rows_come_in_their_order_in_numbered_parts(self, world: World) -> None:
        source = world.holding(COLUMNS, HOMES)

        parts = parts_of(source)

        assert [part.number for part in parts] == list(range(len(parts)))
        assert len(parts) > 2
        assert [row for part in parts for row in records(part.read(()).own())] == HOMES

    def test_the_head_names_the_caller_s_columns_in_their_order(self, world: World) -> None:
        head = world.holding(COLUMNS, HOMES).head()

        assert head.columns == COLUMNS
        assert (head.header is None) == (head.dialect is None)

    def test_cells_are_those_asked_for_trimmed_and_missing_where_empty(self, world: World) -> None:
        source = world.holding(("type", "sector"), [("  casa ", "a"), (" ", "b"), ("", "c"), (None, "d")])

        cells = pd.concat([rows.cells for rows in read(source, "type")])

        assert records(cells) == [("casa",), (None,), (None,), (None,)]
        assert list(cells.columns) == ["type"]

    def test_the_caller_s_own_columns_are_untouched(self, world: World) -> None:
        rows: list[Row] = [('  casa, "grande" ', "a\nb"), ("7;8", "ñ")]

        own = [row for part in read(world.holding(("type", "note"), rows)) for row in records(part.own())]

        assert own == rows

    def test_each_row_says_where_a_person_finds_it(self, world: World) -> None:
        source = world.holding(COLUMNS, HOMES)

        places = [place for rows in read(source) for place in rows.places]

        first = {"line": 2, "row": 1}[source.head().place]
        assert places == list(range(first, first + len(HOMES)))
        assert [part.first for part in parts_of(source)] == [rows.places[0] for rows in read(source)]

    def test_parts_are_the_same_each_time_and_told_apart_by_their_content(self, world: World) -> None:
        source = world.holding(COLUMNS, HOMES)

        digests = [part.digest for part in parts_of(source)]

        assert [part.digest for part in parts_of(source)] == digests
        assert len(set(digests)) == len(digests)

    def test_the_share_that_has_been_read_grows_to_all(self, world: World) -> None:
        shares = [part.share for part in parts_of(world.holding(COLUMNS, HOMES))]

        known = [share for share in shares if share is not None]
        assert known == sorted(known)
        assert not known or known[-1] == 1

    def test_its_identity_is_that_of_its_content(self, world: World) -> None:
        identity = world.holding(COLUMNS, HOMES).head().identity

        assert world.holding(COLUMNS, HOMES[:-1]).head().identity != identity

    def test_no_home_at_all_is_a_head_without_rows(self, world: World) -> None:
        source = world.holding(COLUMNS, [])

        assert source.head().columns == COLUMNS
        assert [place for part in parts_of(source) for place in part.read(COLUMNS).places] == []

    def test_a_column_named_twice_is_refused_by_name(self, world: World) -> None:
        with pytest.raises(SourceMalformed, match="price"):
            world.naming_twice("price").head()

    def test_one_out_of_reach_is_told_in_one_line(self, world: World) -> None:
        with pytest.raises(SourceUnavailable) as refusal:
            world.out_of_reach().head()
        assert "\n" not in str(refusal.value)

    def test_what_a_text_file_wrote_is_given_as_it_was_written(self, world: World) -> None:
        source = world.holding(("type", "n"), [("casa", "1"), ('a "b"', "x,y")])

        lines = [rows.lines for rows in read(source)]

        if source.head().dialect is None:
            assert set(lines) == {None}
        else:
            assert [line for part in lines for line in part or ()] == ["casa,1", '"a ""b""","x,y"']


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_is_written_over_while_it_is_read_is_told(kind: str, tmp_path: Path) -> None:
    homes = pa.table({"loan": [1, 2, 3, 4]})
    file = tmp_path / f"homes.{kind}"
    if kind == "csv":
        file.write_text("loan\n1\n2\n3\n4\n")
        parts = CsvPortfolio(str(file), part_bytes=4).parts()
    else:
        parquet.write_table(homes, file)
        parts = ParquetPortfolio(str(file), rows_a_part=1).parts()
    next(parts)
    with file.open("ab") as more:
        more.write(b"5\n")
    with pytest.raises(SourceMalformed, match=r"changed while it was read"):
        list(parts)


def test_a_file_that_is_gone_once_it_was_opened_is_read_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "homes.csv").write_text("loan\n1\n2\n")
    parts = CsvPortfolio(str(tmp_path / "homes.csv"), part_bytes=4).parts()
    read = [next(parts)]
    (tmp_path / "homes.csv").unlink()
    read += parts
    assert sum(len(part.read(["loan"]).places) for part in read) == 2
