"""Portfolios from databases: whatever a column is, no row is lost and no cell is changed in silence."""

import math
import pickle
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from adapters.portfolio_sources.sql_database import SqlPortfolio
from adapters.queries.python_rows import KindsSeen, typed
from application.ports.portfolio_source import PortfolioRows
from domain.errors import DomainError, SourceMalformed, SourceUnavailable

CANARY = "canary-Zq7"


def plain(frame: pd.DataFrame) -> list[list[Any]]:
    """Its rows as Python's own cells."""
    return [[None if cell is pd.NA else cell for cell in row] for row in frame.astype(object).to_numpy().tolist()]


def in_parts_of(rows: int, url: str, query: str) -> SqlPortfolio:
    return SqlPortfolio(url, query, rows_a_part=rows)


def only_part(url: str, query: str) -> PortfolioRows:
    source = SqlPortfolio(url, query)
    (part,) = source.parts()
    sent = pickle.loads(pickle.dumps(part))  # noqa: S301 (our own)
    assert sent.digest == part.digest
    rows: PortfolioRows = sent.read(source.head().columns)
    return rows


def typed_refusal(first: list[tuple[object]], later: list[tuple[object]]) -> str:
    seen = KindsSeen(1)
    seen.look_at(first)
    try:
        list(typed(("a",), seen.kinds(), iter([first, later])))
    except SourceMalformed as error:
        return str(error).partition(":")[0]
    return ""


def refusal(url: str, query: str = "select 1 as a") -> str:
    with pytest.raises(DomainError) as error:
        list(SqlPortfolio(url, query).parts())
    message = f"{error.value}"
    assert "\n" not in message
    assert CANARY not in message
    assert error.value.__cause__ is None
    return message


class TestPostgres:
    def test_numbers_stay_exact_for_the_caller_and_become_floats_to_be_valued(self, fresh_postgres_url: str) -> None:
        rows = only_part(
            fresh_postgres_url,
            """
            select 0.10::numeric(12, 2) as money, 123456789012345678901234567890.123::numeric as exact,
                   'NaN'::numeric as nan, '-Infinity'::numeric as infinite, sum(g::numeric) as sum,
                   0.1::real as real, 'NaN'::float8 as float_nan, 'Infinity'::float8 as float_infinite,
                   9223372036854775807 as big, 7::smallint as small, null::numeric(12, 2) as none
            from generate_series(1, 3) as g
            """,
        )

        (own,) = plain(rows.own())
        assert own[:5] == [Decimal("0.10"), "123456789012345678901234567890.123", "NaN", "-Infinity", "6"]
        assert own[5] == pytest.approx(0.1)
        assert math.isnan(own[6])
        assert own[7:] == [math.inf, 9223372036854775807, 7, None]
        (cells,) = plain(rows.cells)
        assert cells == [0.1, 1.2345678901234568e29, None, -math.inf, 6.0, 0.1, None, math.inf, 2**63 - 1, 7, None]

    def test_moments_are_days_in_the_time_zone_of_the_session(self, fresh_postgres_url: str) -> None:
        query = """
            select '2024-03-01 02:00+00'::timestamptz as zoned, '2024-03-01 23:59:59.999999'::timestamp as moment,
                   '2024-03-01'::date as day, '1969-12-31 23:00'::timestamp as before,
                   '2024-02-29 20:00+00'::timestamptz as evening
        """
        leap, next_day = date(2024, 2, 29), date(2024, 3, 1)
        zones = {"America/Santiago": (leap, leap), "UTC": (next_day, leap), "<x>11:30": (leap, leap)}
        for zone, (day, evening) in {**zones, "Asia/Tokyo": (next_day, next_day)}.items():
            rows = only_part(f"{fresh_postgres_url}&options=-ctimezone%3D{zone}", query)

            (cells,) = plain(rows.cells)
            assert cells == [day, date(2024, 3, 1), date(2024, 3, 1), date(1969, 12, 31), evening]
            (own,) = plain(rows.own())
            assert own[0] == datetime(2024, 3, 1, 2, tzinfo=UTC)
            assert own[2] == date(2024, 3, 1)

    def test_a_moment_that_cannot_be_kept_costs_its_row_and_no_other(self, fresh_postgres_url: str) -> None:
        query = """
            select n, day, seen, raw::numeric(9, 2) as sum from (values
                (1, '2024-01-01'::date, '2024-01-01'::timestamptz, 1.5),
                (2, 'infinity', '2024-01-01', 1), (3, '2024-01-01', '-infinity', 1), (4, '2024-01-01', null, 'NaN'),
                (5, '12024-01-01', '294276-01-01', 1), (6, '0044-03-15 BC', '2024-01-01', 1)) as v (n, day, seen, raw)
        """

        rows = only_part(fresh_postgres_url, query)

        assert {row: told.split(",")[0] for row, told in rows.broken.items()} == {
            1: "column 'day' is infinity",
            2: "column 'seen' is -infinity",
            3: "column 'sum' is NaN",
            4: "column 'seen' is out of range",
        }
        assert [row[0] for row in plain(rows.own().drop(columns=["day"]))] == [1, 2, 3, 4, 5, 6]
        assert [row[0] for row in plain(rows.cells)] == [1, None, None, None, None, 6]
        assert rows.cells["day"].tolist()[5] == "out of range"

    def test_what_arrow_does_not_know_is_text_as_the_database_writes_it(self, fresh_postgres_url: str) -> None:
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute("create type state as enum ('new', 'as is'); create type pair as (a int, b text)")
            connection.execute("create domain euros as numeric(10, 2); create domain place as text")
        told = {
            "'as is'::state": "as is",
            "'here'::place": "here",
            "7.5::euros": Decimal("7.50"),
            "(1, 'x')::pair": "(1,x)",
            "array['new'::state]": "{new}",
            "'{{1,2},{3,4}}'::int[]": "{{1,2},{3,4}}",
            """'{"a": [1]}'::json""": '{"a": [1]}',
            """'{"a":1}'::jsonb""": '{"a": 1}',
            "'1 day 2 hours'::interval": "1 day 02:00:00",
            "'12:30+02'::timetz": "12:30:00+02",
            "point(1, 2)": "(1,2)",
            "'10.1.2.0/24'::cidr": "10.1.2.0/24",
            "int4range(1, 3)": "[1,3)",
            "4000000000::oid": "4000000000",
            "12.5::money": "$12.50",
            "B'101'": "101",
            "'00000000-0000-0000-0000-000000000001'::uuid": "00000000-0000-0000-0000-000000000001",
            "'a'::char(3)": "a  ",
            "' a '::varchar": " a ",
            "true": True,
            "'\\x00ff'::bytea": b"\x00\xff",
            "null": None,
        }

        query = "select " + ", ".join(f"{cell} as c{place}" for place, cell in enumerate(told))
        rows = only_part(fresh_postgres_url, query)

        assert dict(zip(told, plain(rows.own())[0], strict=True)) == told
        assert plain(rows.cells)[0][-5:] == ["a", "a", True, "\0\\xff", None]

    @pytest.mark.parametrize(
        "query",
        [
            "select ';' as a, '--' as b, $x$;'$x$ as c; -- ; the end",
            "with q as (select 7) table q /* ; /* ' */ */ ; ; ",
            "values ('it''s; \"', E'\\';') order by 1 --",
            'select 1 as "a;--b" -- it\'s',
        ],
    )
    def test_a_query_may_end_as_people_end_it(self, fresh_postgres_url: str, query: str) -> None:
        with psycopg.connect(fresh_postgres_url) as connection:
            expected = connection.execute(query.encode()).fetchall()

        assert plain(only_part(fresh_postgres_url, query).own()) == [list(row) for row in expected]

    def test_the_order_of_the_query_is_kept_where_it_is_asked_within_another(self, fresh_postgres_url: str) -> None:
        query = "select g, now() as seen from generate_series(1, 14000) as g order by (g * 7919) % 14009"

        parts = list(in_parts_of(6000, fresh_postgres_url, query).parts())

        read = [part.read(("g",)) for part in parts]
        assert [rows.places[0] for rows in read] == [1, 6001, 12_001]
        found = pd.concat([rows.cells for rows in read])["g"].to_numpy()
        assert found.tolist() == sorted(range(1, 14_001), key=lambda g: g * 7919 % 14_009)

    def test_a_table_may_be_as_wide_as_postgresql_allows(self, fresh_postgres_url: str) -> None:
        wide = ", ".join(f"{place} as c{place}" for place in range(1600))

        assert plain(only_part(fresh_postgres_url, f"select {wide}").own()) == [list(range(1600))]

    def test_no_rows_are_no_parts_and_the_columns_are_known(self, fresh_postgres_url: str) -> None:
        source = SqlPortfolio(fresh_postgres_url, 'select 1 as a, now() as "Día 1" where false')

        assert source.head().columns == ("a", "Día 1")
        assert list(source.parts()) == []

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("select 1 as a, 2 as a", "more than one column 'a'"),
            ("", "returns no rows"),
            ("-- nothing", "returns no rows"),
            ("select", "returns no rows"),
            ("set datestyle = 'ISO'", "returns no rows"),
            ("create table mine (a int)", "read-only transaction"),
            ("select 1; select 2", "multiple commands"),
            ("select 1) to program 'true' --", "syntax error"),
            ("select $1::int as a", "there is no parameter $1"),
            ("slect", 'syntax error at or near "slect"'),
            ("select 1 / (400000 - g) as a from generate_series(1, 500000) as g", "division by zero"),
            ("select pg_sleep(60)", "statement timeout"),
        ],
    )
    def test_a_query_that_fails_at_whatever_row_is_told(self, fresh_postgres_url: str, query: str, told: str) -> None:
        patience = "&options=-cstatement_timeout%3D100ms" if "sleep" in query else ""

        message = refusal(fresh_postgres_url + patience, query)

        assert told in message
        assert "--query" in message

    def test_a_connection_that_dies_in_the_middle_is_told_and_never_taken_for_the_end(
        self, fresh_postgres_url: str
    ) -> None:
        query = "select g, repeat('x', 100) as note from generate_series(1, 2000000) as g"
        parts = SqlPortfolio(fresh_postgres_url, query).parts()
        next(parts)
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )

        with pytest.raises(SourceUnavailable, match=r"terminating connection|closed the connection"):
            list(parts)

    def test_a_portfolio_that_is_left_in_the_middle_leaves_no_connection(self, fresh_postgres_url: str) -> None:
        parts: Any = SqlPortfolio(fresh_postgres_url, "select g from generate_series(1, 2000000) as g").parts()
        next(parts)
        parts.close()

        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            gone = False
            for _ in range(200):
                gone = connection.execute(
                    "select count(*) = 1 from pg_stat_activity, pg_sleep(0.01) where datname = current_database()"
                ).fetchone() == (True,)
                if gone:
                    break
            assert gone

    def test_columns_may_be_called_anything(self, fresh_postgres_url: str) -> None:
        names = ["Precio de Venta", "área útil", 'say "so"', "c0", "q", "日本", "a" * 63, "%s $1 ;"]
        columns = sql.SQL(", ").join(
            sql.SQL("{}::text as {}").format(sql.Literal(name), sql.Identifier(name)) for name in names
        )
        with psycopg.connect(fresh_postgres_url) as connection:
            query = sql.SQL("select {}, now() as now").format(columns).as_string(connection)

        rows = only_part(fresh_postgres_url, query)

        assert list(rows.own().columns) == [*names, "now"]
        assert plain(rows.cells[names]) == [names]

    def test_a_table_changed_since_is_told(self, fresh_postgres_url: str) -> None:
        (part,) = SqlPortfolio(fresh_postgres_url, "select 1 as a").parts()

        with pytest.raises(SourceMalformed, match="no longer returns a column 'b'"):
            part.read(("a", "b"))


class TestPasswords:
    @pytest.fixture
    def guarded(self, fresh_postgres_url: str) -> Iterator[str]:
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("create role guarded login password {}").format(sql.Literal(CANARY)))
            url = make_url(fresh_postgres_url)
            yield URL.create("postgresql", "guarded", database=url.database, query=url.query).render_as_string()
            connection.execute("drop role guarded")

    def test_come_from_wherever_postgresql_s_own_programs_have_them(
        self, guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        query = "select current_user::text as me"
        assert "no password supplied" in refusal(guarded, query)
        passfile = tmp_path / "pgpass"
        passfile.write_text(f"*:*:*:*:{CANARY}\n")
        passfile.chmod(0o600)
        services = tmp_path / "services"
        services.write_text(f"[sales]\nuser=guarded\npassword={CANARY}\nhost={make_url(guarded).query['host']}\n")
        database = make_url(guarded).database
        for place in ({"PGPASSWORD": CANARY}, {"PGPASSFILE": str(passfile)}, {"PGSERVICEFILE": str(services)}):
            with monkeypatch.context() as environment:
                for name, value in place.items():
                    environment.setenv(name, value)
                url = f"postgresql:///{database}?service=sales" if "PGSERVICEFILE" in place else guarded
                assert plain(only_part(url, query).own()) == [["guarded"]]
                assert CANARY not in SqlPortfolio(url, query).head().name

    @pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
    def test_are_shown_by_no_error(self, guarded: str, scheme: str) -> None:
        address = make_url(guarded).set(drivername=scheme)
        right = address.set(password=CANARY).render_as_string(hide_password=False)
        for query in ("slect", "select 1 / 0 as a", "select 1 as a, 2 as a", "", "create table t (a int)"):
            refusal(right, query)
        wrong = address.set(password=CANARY + "!").render_as_string(hide_password=False)
        assert "password authentication failed" in refusal(wrong)
        for url in (
            f"{scheme}://me:{CANARY}@127.0.0.1:1/db",
            f"{scheme}://me:{CANARY}@127.0.0.1:port/db",
            f"{scheme}://me:{CANARY}@{CANARY}@127.0.0.1/db",
            f"{scheme}://me@127.0.0.1:1/db?password={CANARY}",
            f"{scheme}://me:{CANARY}@127.0.0.1:1/db?nothing={CANARY}",
            f"{scheme}://me:{CANARY}%00@127.0.0.1:1/db",
            f"oracle://me:{CANARY}@127.0.0.1:1/db",
            f"nowhere://me:{CANARY}@127.0.0.1:1/db",
        ):
            refusal(url)
        assert CANARY not in repr(SqlPortfolio(right, "select 1"))


class TestSqlite:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "homes.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("create table homes (id, mixed, area, note, day, blob, none)")
            connection.executemany(
                "insert into homes values (?, ?, ?, ?, ?, ?, null)",
                [
                    (1, 5, 80, "a\0b", "2024-03-01", b"\x00\xff"),
                    (2**63 - 1, " n/a ", 70.5, "  ", None, None),
                    (None, 1.234, None, "ñ", "x", b""),
                    (4, b"\xff", math.inf, None, "2024", b"x"),
                ],
            )
            connection.commit()
        return path

    def test_any_type_in_any_column_is_kept(self, file: Path) -> None:
        rows = only_part(f"sqlite:///{file}", "select * from homes")

        assert plain(rows.own()) == [
            [1, "5", 80.0, "a\0b", "2024-03-01", b"\x00\xff", None],
            [2**63 - 1, " n/a ", 70.5, "  ", None, None, None],
            [None, "1.234", None, "ñ", "x", b"", None],
            [4, "\\xff", math.inf, None, "2024", b"x", None],
        ]
        assert plain(rows.cells) == [
            [1, 5.0, 80.0, "a\0b", "2024-03-01", "\0\\xff", None],
            [2**63 - 1, "n/a", 70.5, None, None, None, None],
            [None, 1.234, None, "ñ", "x", None, None],
            [4, "\\xff", math.inf, None, "2024", "x", None],
        ]

    def test_the_types_of_a_column_are_those_of_all_its_rows(self, file: Path) -> None:
        query = (
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 700) "
            "select i, case when i = 700 then 'last' else i end as odd from n"
        )

        source = in_parts_of(500, f"sqlite:///{file}", query)
        parts = list(source.parts())

        assert [part.share for part in parts] == [500 / 700, 1.0]
        assert [str(part.read(()).own()["odd"].iloc[-1]) for part in parts] == ["500", "last"]

    @pytest.mark.parametrize("query", ["slect", "select 1 as a, 2 as a", "", "delete from homes", "select :x"])
    def test_a_query_that_fails_is_told(self, file: Path, query: str) -> None:
        assert "--query" in refusal(f"sqlite:///{file}", query)


class TestSqlAlchemy:
    """Any other database; here PostgreSQL, through a driver of Python's."""

    def test_rows_are_those_of_the_database_s_own_way(self, fresh_postgres_url: str) -> None:
        query = """
            select g, g * 1.5 as half, 'x' || g as text, '2024-03-01 02:00+00'::timestamptz as zoned,
                   '2024-03-01 23:00'::timestamp as moment, date '2024-03-01' as day, null as nothing, g > 1 as flag,
                   0.5::float8 as float, '{1,2}'::int[] as list
            from generate_series(1, 2) as g order by g; -- as written
        """
        url = f"{fresh_postgres_url}&options=-ctimezone%3DAmerica/Santiago"
        by_alchemy = url.replace("postgresql:", "postgresql+psycopg:", 1)

        one, other = only_part(url, query), only_part(by_alchemy, query)

        assert plain(one.cells.iloc[:, :-1]) == plain(other.cells.iloc[:, :-1])
        assert plain(other.cells)[0] == [
            *(1, 1.5, "x1", date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 1), None, False, 0.5, "[1, 2]")
        ]
        assert plain(other.own())[1][1:4] == ["3.0", "x2", datetime(2024, 3, 1, 2, tzinfo=UTC)]

    def test_moments_are_days_in_a_zone_east_of_utc_too(self, fresh_postgres_url: str) -> None:
        url = f"{fresh_postgres_url}&options=-ctimezone%3DAsia/Tokyo".replace("postgresql:", "postgresql+psycopg:", 1)

        (cells,) = plain(only_part(url, "select '2024-02-29 20:00+00'::timestamptz as evening").cells)

        assert cells == [date(2024, 3, 1)]

    def test_rows_come_in_the_same_parts(self, fresh_postgres_url: str) -> None:
        url = fresh_postgres_url.replace("postgresql:", "postgresql+psycopg:", 1)

        parts = list(in_parts_of(500, url, "select g from generate_series(1, 700) as g").parts())

        assert [len(part.read(()).places) for part in parts] == [500, 200]
        assert parts[1].read(("g",)).cells["g"].tolist()[-1] == 700

    def test_a_column_that_changes_its_type_is_told(self) -> None:
        assert typed_refusal([(1,)], [(1.5,)]) == "Column 'a' changes its type between rows 2 and 2"
        assert typed_refusal([("x",)], [(1,)]) == "Column 'a' changes its type between rows 2 and 2"
        assert typed_refusal([(None,)], [("x",)]) == ""

    def test_a_driver_that_is_missing_is_named_with_how_to_have_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "oracledb", None)

        message = refusal(f"oracle://me:{CANARY}@host/db")

        assert "'oracledb'" in message
        assert "pip install '.[databases]' in the checkout" in message

    def test_a_database_that_nobody_knows_is_told(self) -> None:
        assert "'nowhere' is no database that SQLAlchemy knows" in refusal("nowhere://host/db")

    def test_nothing_can_be_written(self, fresh_postgres_url: str) -> None:
        url = fresh_postgres_url.replace("postgresql:", "postgresql+psycopg:", 1)

        refusal(url, "create table mine (a int)")
        with psycopg.connect(fresh_postgres_url) as connection:
            assert connection.execute("select to_regclass('mine')").fetchone() == (None,)


def test_a_portfolio_can_be_read_in_a_thread_of_its_own(fresh_postgres_url: str, tmp_path: Path) -> None:
    found: list[int] = []
    sqlite3.connect(tmp_path / "empty.db").close()
    sources = [SqlPortfolio(url, "select 1 as a") for url in (fresh_postgres_url, f"sqlite:///{tmp_path}/empty.db")]

    def read() -> None:
        found.extend(len(part.read(("a",)).cells) for source in sources for part in source.parts())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()

    assert found == [1, 1]
