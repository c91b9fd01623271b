"""What every source of sales does, whatever it reads from."""

import csv
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import pandas as pd
import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from pyarrow import parquet

from adapters.data_sources.csv_file import CsvDataSource
from adapters.data_sources.parquet_files import ParquetDataSource
from adapters.data_sources.sql_database import SqlDataSource
from application.ports.data_source import DataSource, SourceTable
from application.ports.model_trainer import Extras
from application.sales.layout import SalesLayout
from application.sales.table import check_sales, sales_digest
from domain.errors import SourceMalformed, SourceUnavailable
from tests.fakes.in_memory_data_source import InMemoryDataSource

Row = Sequence[object]

COLUMNS = ("type", "sector", "net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude", "price")
HOMES: list[Row] = [
    ("Casa", "Ñuñoa", 103.0, 110.5, 4.0, 2.0, -33.428185, -70.618222, 6065.462241),
    ("Departamento", "San Miguel", 80.0, 90.0, 2.0, 2.5, -33.485147, -70.650404, 5290.0),
]


class World(Protocol):
    """Makes sources of one technology."""

    @abstractmethod
    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        """A source of these rows."""

    @abstractmethod
    def naming_twice(self, column: str) -> DataSource:
        """A source with two columns of this name."""

    @abstractmethod
    def out_of_reach(self) -> DataSource:
        """A source that cannot be reached."""


class Memory(World):
    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        return InMemoryDataSource(
            pd.DataFrame([*rows], columns=[*columns], dtype=object),
            None if holdout is None else pd.DataFrame([*holdout], columns=[*columns], dtype=object),
        )

    def naming_twice(self, column: str) -> DataSource:
        return InMemoryDataSource(pd.DataFrame([[1, 2]], columns=[column, column]))

    def out_of_reach(self) -> DataSource:
        return InMemoryDataSource(pd.DataFrame(), out_of_order=SourceUnavailable("memory is gone."))


class CsvFile(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        return CsvDataSource(
            self._written("sales.csv", columns, rows),
            None if holdout is None else self._written("holdout.csv", columns, holdout),
        )

    def naming_twice(self, column: str) -> DataSource:
        return CsvDataSource(self._written("twice.csv", (column, column), [(1, 2)]))

    def out_of_reach(self) -> DataSource:
        return CsvDataSource(self._folder / "nowhere.csv")

    def _written(self, name: str, columns: Sequence[str], rows: Sequence[Row]) -> Path:
        path = self._folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        return path


class ParquetFile(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        return ParquetDataSource(
            self._written("sales.parquet", columns, rows),
            None if holdout is None else self._written("holdout.parquet", columns, holdout),
        )

    def naming_twice(self, column: str) -> DataSource:
        return ParquetDataSource(self._written("twice.parquet", (column, column), [(1, 2)]))

    def out_of_reach(self) -> DataSource:
        return ParquetDataSource(self._folder / "nowhere.parquet")

    def _written(self, name: str, columns: Sequence[str], rows: Sequence[Row]) -> Path:
        path = self._folder / name
        arrays = [pa.array([row[place] for row in rows]) for place in range(len(columns))]
        parquet.write_table(pa.Table.from_arrays(arrays, names=[*columns]), path)
        return path


class SqliteDatabase(World):
    def __init__(self, folder: Path) -> None:
        self._path = folder / "sales.db"
        self._folder = folder

    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        with sqlite3.connect(self._path) as connection:
            for table, content in (("sales", rows), ("holdout", holdout or [])):
                names = ", ".join(f'"{column}"' for column in columns)
                connection.execute(f"create table {table} ({names})")
                marks = ", ".join("?" * len(columns))
                cells = [[str(cell) if isinstance(cell, date) else cell for cell in row] for row in content]
                connection.executemany(f"insert into {table} values ({marks})", cells)  # noqa: S608
        connection.close()
        return SqlDataSource(
            f"sqlite:///{self._path}",
            "select * from sales order by rowid",
            None if holdout is None else "select * from holdout order by rowid",
        )

    def naming_twice(self, column: str) -> DataSource:
        sqlite3.connect(self._path).close()
        return SqlDataSource(f"sqlite:///{self._path}", f'select 1 as "{column}", 2 as "{column}"')

    def out_of_reach(self) -> DataSource:
        return SqlDataSource(f"sqlite:///{self._folder / 'nowhere.db'}", "select 1")


class PostgresDatabase(World):
    def __init__(self, url: str) -> None:
        self._url = url

    def holding(self, columns: Sequence[str], rows: Sequence[Row], holdout: Sequence[Row] | None = None) -> DataSource:
        with psycopg.connect(self._url) as connection:
            for table, content in (("sales", rows), ("holdout", holdout or [])):
                kinds = [_postgres_type([row[position] for row in content]) for position in range(len(columns))]
                named = zip(map(sql.Identifier, columns), map(sql.SQL, kinds), strict=True)
                fields = sql.SQL(", ").join(sql.SQL("{} {}").format(name, kind) for name, kind in named)
                connection.execute(sql.SQL("create table {} (place serial, {})").format(sql.Identifier(table), fields))
                marks = sql.SQL(", ").join([sql.SQL("%s")] * len(columns))
                insert = sql.SQL("insert into {} values (default, {})").format(sql.Identifier(table), marks)
                with connection.cursor() as cursor:
                    cursor.executemany(insert, content)
        names = ", ".join(f'"{column}"' for column in columns)
        return SqlDataSource(
            self._url,
            f"select {names} from sales order by place",  # noqa: S608
            None if holdout is None else f"select {names} from holdout order by place",  # noqa: S608
        )

    def naming_twice(self, column: str) -> DataSource:
        return SqlDataSource(self._url, f'select 1 as "{column}", 2 as "{column}"')

    def out_of_reach(self) -> DataSource:
        return SqlDataSource("postgresql://someone:hush-hush@127.0.0.1:1/sales", "select 1")


def _postgres_type(cells: Sequence[object]) -> str:
    known = next((cell for cell in cells if cell is not None), "")
    return {float: "double precision", date: "date"}.get(type(known), "text")


WORLDS: dict[str, Callable[[pytest.FixtureRequest], World]] = {
    "memory": lambda request: Memory(),
    "csv": lambda request: CsvFile(request.getfixturevalue("tmp_path")),
    "parquet": lambda request: ParquetFile(request.getfixturevalue("tmp_path")),
    "sqlite": lambda request: SqliteDatabase(request.getfixturevalue("tmp_path")),
    "postgresql": lambda request: PostgresDatabase(request.getfixturevalue("fresh_postgres_url")),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param](request)


def rows_of(table: SourceTable) -> list[dict[str, object]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.frame.to_dict("records")]


class TestDataSource:
    def test_sales_come_in_the_source_s_order_and_under_its_own_column_names(self, world: World) -> None:
        table = world.holding(("Tipo de bien", "comuna"), [("b", "x"), ("a", "y"), ("c", "z")]).sales()

        assert list(table.frame.columns) == ["Tipo de bien", "comuna"]
        assert list(table.frame["Tipo de bien"]) == ["b", "a", "c"]
        assert table.broken == {}

    def test_text_is_trimmed_and_empty_text_is_none(self, world: World) -> None:
        table = world.holding(("type", "sector"), [("  casa ", "   "), ("", " Ñuñoa"), (None, "x")]).sales()

        assert rows_of(table) == [
            {"type": "casa", "sector": None},
            {"type": None, "sector": "Ñuñoa"},
            {"type": None, "sector": "x"},
        ]

    def test_each_sale_says_where_a_person_finds_it(self, world: World) -> None:
        table = world.holding(("type",), [("a",), ("b",), ("c",)]).sales()

        first = {"line": 2, "row": 1}[table.place]
        assert list(table.frame.index) == [first, first + 1, first + 2]

    def test_reading_twice_gives_the_same(self, world: World) -> None:
        source = world.holding(COLUMNS, HOMES)

        assert rows_of(source.sales()) == rows_of(source.sales())

    def test_there_is_no_holdout_unless_one_is_given(self, world: World) -> None:
        assert world.holding(("type",), [("casa",)]).holdout() is None

    def test_a_given_holdout_is_read_apart_from_the_sales(self, world: World) -> None:
        source = world.holding(("type",), [("casa",)], holdout=[("loft",), ("casa",)])
        holdout = source.holdout()

        assert holdout is not None
        assert rows_of(source.sales()) == [{"type": "casa"}]
        assert rows_of(holdout) == [{"type": "loft"}, {"type": "casa"}]

    def test_a_source_without_sales_is_an_empty_table_with_its_columns(self, world: World) -> None:
        table = world.holding(COLUMNS, []).sales()

        assert table.frame.empty
        assert list(table.frame.columns) == list(COLUMNS)
        assert check_sales(table, SalesLayout()).read == 0

    def test_a_column_named_twice_is_refused_by_name(self, world: World) -> None:
        with pytest.raises(SourceMalformed, match="price"):
            world.naming_twice("price").sales()

    def test_a_source_out_of_reach_is_told_when_it_is_read_and_in_one_line(self, world: World) -> None:
        source = world.out_of_reach()

        with pytest.raises(SourceUnavailable) as refusal:
            source.sales()
        assert "\n" not in str(refusal.value)
        assert "hush-hush" not in str(refusal.value) + repr(source)

    def test_the_same_sales_are_the_same_whichever_source_they_came_from(self, world: World) -> None:
        columns = (*COLUMNS, "sold_on", "id", "year_built", "style")
        sales: list[Row] = [
            (*HOMES[0], date(2024, 3, 1), "a", 1950.0, "Colonial "),
            (*HOMES[1], None, "b", None, None),
        ]
        layout = SalesLayout(extras=Extras(("year_built",), ("style",)))

        checked = check_sales(world.holding(columns, sales).sales(), layout)

        reference = check_sales(Memory().holding(columns, sales[::-1]).sales(), layout)
        assert len(checked.usable) == 2
        pd.testing.assert_frame_equal(checked.usable, reference.usable)
        assert sales_digest(checked.usable) == sales_digest(reference.usable)
