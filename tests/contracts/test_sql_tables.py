"""Valued portfolios as tables of a database: all of it or nothing, whatever happens, and every type as it was."""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import pandas as pd
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from adapters.portfolio_sinks.sql_table import SqlTableSink
from adapters.portfolio_sources.sql_database import SqlPortfolio
from application.portfolio_order import ANSWERS
from domain.errors import OutputBusy, OutputUnavailable
from tests.fakes.answers import put
from tests.fakes.in_memory_portfolio import InMemoryPortfolio

HOMES = pd.DataFrame({"id": ["a", "b", "c"]})
CANARY = "canary-Zq7"

KILLED = """
import os, sys
import pandas as pd
from adapters.portfolio_sinks.sql_table import SqlTableSink
from application.portfolio_order import ANSWERS
from tests.fakes.answers import made_up_answers
from tests.fakes.in_memory_portfolio import InMemoryPortfolio
source = InMemoryPortfolio(pd.DataFrame({"id": ["a", "b", "c"]}))
sink = SqlTableSink(sys.argv[1], "valued", replace=True)
encode = sink.encoder(source.head(), ANSWERS)
with sink.writing(source.head(), ANSWERS) as writer:
    rows = next(source.parts()).read(())
    writer.append(encode(rows, made_up_answers(0, 2)))
    print("begun", flush=True)
    sys.stdin.read()
"""


def refusal(sink: SqlTableSink, homes: pd.DataFrame = HOMES) -> str:
    with pytest.raises(OutputUnavailable) as error:
        put(InMemoryPortfolio(homes), sink)
    assert "\n" not in str(error.value)
    assert CANARY not in str(error.value)
    return str(error.value)


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace order by 1"
        )
        return [name for (name,) in found]


class TestPostgres:
    def test_columns_of_every_type_stay_what_they_were(self, fresh_postgres_url: str) -> None:
        kinds = {
            "smallint": "7",
            "integer": "-7",
            "bigint": "9223372036854775807",
            "real": "0.1",
            "double precision": "'-Infinity'",
            "numeric(12,2)": "'-0.07'",
            "numeric(70,9)": "12345678901234567890123456789012345678901234567890.000000001",
            "boolean": "true",
            "text": "' ñ\\n'",
            "bytea": "'\\x00ff'",
            "date": "'0044-03-15 BC'",
            "timestamp without time zone": "'2024-03-01 23:59:59.999999'",
            "timestamp with time zone": "'2024-03-01 23:59+03'",
        }
        cells = ", ".join(f'{cell}::{kind} as "{kind}"' for kind, cell in kinds.items())
        nulls = ", ".join(f"null::{kind}" for kind in kinds)
        query = f"select {cells} union all select {nulls}"

        put(SqlPortfolio(fresh_postgres_url, query), SqlTableSink(fresh_postgres_url, "valued"))

        columns = ", ".join(f'"{kind}"' for kind in kinds)
        with psycopg.connect(fresh_postgres_url) as connection:
            other = connection.execute(f"select {columns} from valued except all ({query})".encode()).fetchall()  # noqa: S608
            assert other == []
            assert connection.execute("select count(*) from valued").fetchone() == (2,)
            found = connection.execute(
                "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a "
                "where a.attrelid = 'valued'::regclass and attnum > 0 order by attnum"
            ).fetchall()
        assert found[: len(kinds)] == [(kind, kind) for kind in kinds]
        assert dict(found[len(kinds) :]) == {
            **dict.fromkeys(ANSWERS, "text"),
            **dict.fromkeys(("value", "value_low", "value_high", "fsd"), "double precision"),
            "confidence_score": "smallint",
        }

    @pytest.mark.parametrize(
        ("given", "schema", "table"),
        [
            ("Valued Homes", "public", "Valued Homes"),
            ('other."a.b"', "other", "a.b"),
            ('"Other Schéma".日本', "Other Schéma", "日本"),
            ("x" * 63, "public", "x" * 63),
            ('"say ""so"""', "public", 'say "so"'),
        ],
    )
    def test_tables_and_columns_may_be_called_anything(
        self, fresh_postgres_url: str, given: str, schema: str, table: str
    ) -> None:
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute('create schema other; create schema "Other Schéma"')
        homes = pd.DataFrame({"Precio de Venta": ["1"], "área;--": ["2"], 'say "so"': ["3"], "é" * 31: ["4"]})

        put(InMemoryPortfolio(homes), SqlTableSink(fresh_postgres_url, given))

        with psycopg.connect(fresh_postgres_url) as connection:
            cursor = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, table)))
            assert [column.name for column in cursor.description or ()] == [*homes.columns, *ANSWERS]
            assert [row[:4] for row in cursor] == [("1", "2", "3", "4")]
            query = sql.SQL("select * from {}").format(sql.Identifier(schema, table)).as_string(connection)
        assert SqlPortfolio(fresh_postgres_url, query).head().columns == (*homes.columns, *ANSWERS)

    def test_what_cannot_be_written_is_told_before_the_long_work(self, fresh_postgres_url: str) -> None:
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("create table taken (a int); create view seen as select * from taken")
            connection.execute("create table held (a int); create view holding as select * from held")
        before = tables(fresh_postgres_url)
        head = InMemoryPortfolio(HOMES).head()
        long = InMemoryPortfolio(HOMES.rename(columns={"id": "é" * 32})).head()
        for given, replace, told in [
            ("taken", False, "is there already"),
            ("seen", True, '"seen" is not a table'),
            ("held", True, "cannot drop table held because other objects depend on it"),
            ("nowhere.valued", False, 'schema "nowhere" does not exist'),
            ("x" * 64, False, "longer than PostgreSQL's 63 bytes"),
            ("pg_catalog.valued", False, "permission denied"),
        ]:
            with pytest.raises(OutputUnavailable, match=told):
                SqlTableSink(fresh_postgres_url, given, replace=replace).check(head, ANSWERS)
        with pytest.raises(OutputUnavailable, match="longer than PostgreSQL's 63 bytes"):
            SqlTableSink(fresh_postgres_url, "valued").check(long, ANSWERS)
        for given in ("", ".", "a.b.c", 'a"b', "a\0b"):
            with pytest.raises(OutputUnavailable, match="is no name of a table"):
                SqlTableSink(fresh_postgres_url, given)
        assert tables(fresh_postgres_url) == before

    def test_a_text_that_postgresql_does_not_keep_is_told_with_its_row(self, fresh_postgres_url: str) -> None:
        message = refusal(SqlTableSink(fresh_postgres_url, "valued"), pd.DataFrame({"id": ["a", "b", "c\0d"]}))

        assert "row or line 3, column 'id' holds a NUL character" in message
        assert tables(fresh_postgres_url) == []

    def test_readers_see_the_former_table_until_the_new_one_is_whole(self, fresh_postgres_url: str) -> None:
        put(InMemoryPortfolio(HOMES.head(1)), SqlTableSink(fresh_postgres_url, "valued"))
        sink = SqlTableSink(fresh_postgres_url, "valued", replace=True)
        head = InMemoryPortfolio(HOMES).head()

        with psycopg.connect(fresh_postgres_url, autocommit=True) as reader:
            with sink.writing(head, ANSWERS):
                assert reader.execute("select count(*) from valued").fetchone() == (1,)
            assert reader.execute("select count(*) from valued").fetchone() == (0,)

    def test_a_table_that_came_in_between_is_not_replaced_unasked(self, fresh_postgres_url: str) -> None:
        sink = SqlTableSink(fresh_postgres_url, "valued")
        head = InMemoryPortfolio(HOMES).head()

        with (
            pytest.raises(OutputUnavailable, match="is there already"),
            sink.writing(head, ANSWERS),
            psycopg.connect(fresh_postgres_url) as connection,
        ):
            connection.execute("create table valued (mine int)")
        assert tables(fresh_postgres_url) == ["valued"]

    def test_the_table_that_is_read_may_be_the_one_that_is_replaced(self, fresh_postgres_url: str) -> None:
        sink = SqlTableSink(fresh_postgres_url, "valued", replace=True)
        put(InMemoryPortfolio(HOMES), sink)
        source = SqlPortfolio(fresh_postgres_url, "select id from valued")
        head, parts = source.head(), source.parts()
        next(parts)

        sink.check(head, ANSWERS)

        assert list(parts) == []
        put(source, sink)

    @pytest.mark.parametrize("what", ["connection", "password", "port", "driver"])
    def test_a_database_out_of_reach_is_told_without_its_password(self, fresh_postgres_url: str, what: str) -> None:
        unknown = make_url(fresh_postgres_url).set(username="nobody", password=CANARY)
        url = {
            "connection": f"postgresql://me:{CANARY}@127.0.0.1:1/db",
            "password": unknown.render_as_string(hide_password=False),
            "port": f"postgresql://me:{CANARY}@127.0.0.1:port/db",
            "driver": f"mysql://me:{CANARY}@127.0.0.1/db",
        }[what]
        with pytest.raises(OutputUnavailable) as error:
            SqlTableSink(url, "valued").check(InMemoryPortfolio(HOMES).head(), ANSWERS)
        assert CANARY not in str(error.value)
        assert "\n" not in str(error.value)

    def test_a_server_that_dies_in_the_middle_leaves_nothing(self, fresh_postgres_url: str) -> None:
        sink = SqlTableSink(fresh_postgres_url, "valued")
        head = InMemoryPortfolio(HOMES).head()

        with (
            pytest.raises(OutputUnavailable, match=r"terminating connection|closed the connection"),
            sink.writing(head, ANSWERS),
            psycopg.connect(fresh_postgres_url, autocommit=True) as connection,
        ):
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        assert tables(fresh_postgres_url) == []


class TestSqlite:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "my homes#1.db"

    def test_columns_keep_what_sqlite_can_keep(self, file: Path, fresh_postgres_url: str) -> None:
        query = """
            select 7::smallint as small, 0.5::real as real, 1.50::numeric(9, 2) as money, true as flag, 'a' as text,
                   '\\x00'::bytea as bytes, date '2024-03-01' as day, '2024-03-01 23:00+00'::timestamptz as seen
        """

        put(SqlPortfolio(fresh_postgres_url, query), SqlTableSink(f"sqlite:///{file}", "Valued Ñ"))

        with closing(sqlite3.connect(file)) as connection:
            (row,) = connection.execute('select * from "Valued Ñ"')
        assert row[:8] == (7, 0.5, "1.50", 1, "a", b"\0", "2024-03-01", "2024-03-01 23:00:00.000000Z")

    def test_text_with_a_nul_stays_as_it_is(self, file: Path) -> None:
        put(InMemoryPortfolio(pd.DataFrame({"id": ["c\0d"]})), SqlTableSink(f"sqlite:///{file}", "valued"))

        (part,) = SqlPortfolio(f"sqlite:///{file}", "select id from valued").parts()
        assert part.read(()).own()["id"].tolist() == ["c\0d"]

    def test_the_file_that_is_read_may_be_the_one_that_is_written(self, file: Path) -> None:
        sink = SqlTableSink(f"sqlite:///{file}", "valued", replace=True)
        put(InMemoryPortfolio(HOMES), sink)
        source = SqlPortfolio(f"sqlite:///{file}", "select id from valued")
        parts = source.parts()
        next(parts)

        sink.check(source.head(), ANSWERS)

        assert list(parts) == []
        put(source, sink)
        (part,) = source.parts()
        assert part.read(()).own()["id"].tolist() == ["a", "b", "c"]

    def test_one_run_at_a_time_writes_a_table_however_its_file_is_called(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(file.parent)
        head = InMemoryPortfolio(HOMES).head()
        one, other = (SqlTableSink(f"sqlite:///{path}", "valued") for path in (file, f"./{file.name}"))
        assert one.name == other.name
        with (
            one.writing(head, ANSWERS),
            pytest.raises(OutputBusy, match="Another run is writing sqlite:"),
            other.writing(head, ANSWERS),
        ):
            pass
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_what_goes_wrong_elsewhere_is_not_told_of_the_output(self, file: Path) -> None:
        sink = SqlTableSink(f"sqlite:///{file}", "valued")
        with pytest.raises(OSError, match="a source"):
            put(InMemoryPortfolio(HOMES), sink, breaks_off=OSError("a source"))
        assert not list(file.parent.iterdir())

    def test_what_cannot_be_written_is_told_before_the_long_work(self, file: Path, tmp_path: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("create table Taken (a)")
            connection.execute("create view seen as select * from taken")
        (tmp_path / "no.db").write_text("no database" * 100)
        before = sorted(tmp_path.iterdir())
        head = InMemoryPortfolio(HOMES).head()
        twice = InMemoryPortfolio(pd.DataFrame({"id": ["a"], "ID": ["b"]})).head()
        for path, table, replace, columns, told in [
            (file, "TAKEN", False, head, "is there already"),
            (file, "seen", True, head, "is there already"),
            (file, "valued", True, twice, "duplicate column name"),
            (tmp_path / "no.db", "valued", False, head, "file is not a database"),
            (tmp_path / "nowhere" / "a.db", "valued", False, head, "There is no folder"),
        ]:
            with pytest.raises(OutputUnavailable, match=told):
                SqlTableSink(f"sqlite:///{path}", table, replace=replace).check(columns, ANSWERS)
        with pytest.raises(OutputUnavailable, match="no schemas"):
            SqlTableSink(f"sqlite:///{file}", "a.b")
        assert sorted(tmp_path.iterdir()) == before


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/homes.db"
    else:
        yield request.getfixturevalue("fresh_postgres_url")


def test_a_process_that_is_killed_leaves_what_was_there_and_nothing_that_the_next_run_does_not_clear(
    database: str, tmp_path: Path
) -> None:
    put(InMemoryPortfolio(HOMES.head(1)), SqlTableSink(database, "valued"))
    source = SqlPortfolio(database, "select id from valued order by id")
    with Popen([sys.executable, "-c", KILLED, database], stdin=PIPE, stdout=PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)

    (part,) = source.parts()
    assert part.read(()).own()["id"].tolist() == ["a"]
    put(InMemoryPortfolio(HOMES), SqlTableSink(database, "valued", replace=True))
    (part,) = source.parts()
    assert part.read(()).own()["id"].tolist() == ["a", "b", "c"]
    if database.startswith("sqlite"):
        assert [path.name for path in tmp_path.iterdir()] == ["homes.db"]
    else:
        assert tables(database) == ["valued"]
