"""What every sink does with a valued portfolio."""

import csv
import io
import pickle
import sqlite3
from abc import abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import psycopg
import pytest
from psycopg.rows import dict_row
from pyarrow import parquet

from adapters.portfolio_sinks.csv_file import CsvSink
from adapters.portfolio_sinks.parquet_file import ParquetSink
from adapters.portfolio_sinks.sql_table import SqlTableSink
from application.portfolio_order import ANSWERS, FIGURES
from application.ports.portfolio_sink import PortfolioSink
from domain.errors import OutputUnavailable
from tests.fakes.answers import made_up_answers, put
from tests.fakes.in_memory_portfolio import InMemoryPortfolio
from tests.fakes.in_memory_portfolio_sink import InMemorySink

HOMES = pd.DataFrame(
    {
        "id": ["a", "b, c", 'say "d"', "é\nf", None, "=g", "h"],
        "área": [80.5, 1.0, None, 0.1 + 0.2, 1e10, -3.0, 70.25],
        "rooms": [3, None, 1, 2, 4, 5, 6],
    }
)

Rows = list[dict[str, object]]


class Output(Protocol):
    """A sink, and what is in the place that it writes to."""

    @property
    @abstractmethod
    def sink(self) -> PortfolioSink: ...

    @abstractmethod
    def rows(self) -> Rows | None:
        """None where nothing is there."""


class Fake(Output):
    def __init__(self, folder: Path) -> None:
        self._sink = InMemorySink()

    @property
    def sink(self) -> PortfolioSink:
        return self._sink

    def rows(self) -> Rows | None:
        return self._sink.rows


class CsvOutput(Output):
    def __init__(self, folder: Path) -> None:
        self._place = folder / "valued.csv"

    @property
    def sink(self) -> PortfolioSink:
        return CsvSink(str(self._place))

    def rows(self) -> Rows | None:
        """Numbers made of what cannot be told from them in a text."""
        if not self._place.exists():
            return None
        numbers = {"área": float, "rooms": int, **dict.fromkeys((each for each in FIGURES), float)}
        return [
            {name: numbers.get(name, str)(cell) if cell else None for name, cell in row.items()}
            for row in csv.DictReader(io.StringIO(self._place.read_bytes().decode(), newline=""))
        ]


class ParquetOutput(Output):
    def __init__(self, folder: Path) -> None:
        self._place = folder / "valued.parquet"

    @property
    def sink(self) -> PortfolioSink:
        return ParquetSink(str(self._place))

    def rows(self) -> Rows | None:
        if not self._place.exists():
            return None
        rows: Rows = parquet.read_table(self._place).to_pylist()
        return rows


class SqliteOutput(Output):
    def __init__(self, folder: Path) -> None:
        self._file = folder / "valued.db"

    @property
    def sink(self) -> PortfolioSink:
        return SqlTableSink(f"sqlite:///{self._file}", "valued", replace=True)

    def rows(self) -> Rows | None:
        if not self._file.exists():
            return None
        with closing(sqlite3.connect(self._file)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("select * from valued order by rowid")]


class PostgresOutput(Output):
    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def sink(self) -> PortfolioSink:
        return SqlTableSink(self._url, "valued", replace=True)

    def rows(self) -> Rows | None:
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            try:
                return connection.execute("select * from valued").fetchall()
            except psycopg.errors.UndefinedTable:
                return None


OUTPUTS: dict[str, Callable[[pytest.FixtureRequest], Output]] = {
    "fake": lambda request: Fake(request.getfixturevalue("tmp_path")),
    "csv": lambda request: CsvOutput(request.getfixturevalue("tmp_path")),
    "parquet": lambda request: ParquetOutput(request.getfixturevalue("tmp_path")),
    "sqlite": lambda request: SqliteOutput(request.getfixturevalue("tmp_path")),
    "postgresql": lambda request: PostgresOutput(request.getfixturevalue("fresh_postgres_url")),
}


@pytest.fixture(params=OUTPUTS)
def output(request: pytest.FixtureRequest) -> Output:
    return OUTPUTS[request.param](request)


def expected(count: int = len(HOMES)) -> Rows:
    both: Any = pd.concat([HOMES.head(count), made_up_answers(0, count)], axis="columns").astype(object)
    rows: Rows = both.where(both.notna(), None).to_dict("records")
    return rows


def test_the_callers_columns_stay_as_they_are_and_the_answers_follow(output: Output) -> None:
    put(InMemoryPortfolio(HOMES, rows_a_part=3), output.sink)
    rows = output.rows()
    assert rows == expected()
    assert list(rows[0]) == [*HOMES.columns, *ANSWERS]


def test_a_portfolio_without_rows_has_its_columns(output: Output) -> None:
    put(InMemoryPortfolio(HOMES.head(0)), output.sink)
    assert output.rows() == []


def test_what_breaks_off_leaves_what_was_there(output: Output) -> None:
    assert output.rows() is None
    with pytest.raises(RuntimeError):
        put(InMemoryPortfolio(HOMES), output.sink, breaks_off=RuntimeError())
    assert output.rows() is None
    put(InMemoryPortfolio(HOMES.head(1)), output.sink)
    with pytest.raises(RuntimeError):
        put(InMemoryPortfolio(HOMES), output.sink, breaks_off=RuntimeError())
    assert output.rows() == expected(1)
    put(InMemoryPortfolio(HOMES), output.sink)
    assert output.rows() == expected()


def test_a_column_that_is_there_already_is_refused_and_a_prefix_helps(output: Output) -> None:
    homes = HOMES.assign(value=1, reason="mine")
    with pytest.raises(OutputUnavailable, match=r"value, reason already.*--prefix"):
        put(InMemoryPortfolio(homes), output.sink)
    assert output.rows() is None
    put(InMemoryPortfolio(homes), output.sink, prefix="tasador_")
    rows = output.rows()
    assert rows is not None
    assert (rows[0]["reason"], rows[0]["tasador_reason"], rows[2]["tasador_reason"]) == (
        "mine",
        None,
        "invalid_property",
    )


def test_what_makes_pieces_can_be_sent_and_says_what_decides_them(output: Output) -> None:
    source = InMemoryPortfolio(HOMES)
    encoder = output.sink.encoder(source.head(), ANSWERS)
    sent = pickle.loads(pickle.dumps(encoder))  # noqa: S301 (our own)
    assert repr(sent) == repr(encoder)
    rows = next(source.parts()).read(())
    assert sent(rows, made_up_answers(0, 2)) == encoder(rows, made_up_answers(0, 2))


def test_the_place_is_called_the_same_whoever_asks(output: Output) -> None:
    assert output.sink.name == output.sink.name
