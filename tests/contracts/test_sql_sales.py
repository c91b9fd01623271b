"""Sales from databases: what a query may say, and what becomes of the cells."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from sqlalchemy import make_url

from adapters.data_sources.sql_database import SqlDataSource
from domain.errors import SourceUnavailable


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "my sales#1?.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table sales (type, price)")
        connection.execute("insert into sales values ('casa', 5)")
        connection.commit()
    return path


def on(path: Path, query: str) -> SqlDataSource:
    return SqlDataSource(make_url("sqlite://").set(database=str(path)).render_as_string(), query)


def only_row(source: SqlDataSource) -> list[object]:
    frame = source.sales().frame
    assert frame.index.tolist() == [1]
    return [None if pd.isna(cell) else cell for cell in frame.astype(object).iloc[0]]


def refusal(source: SqlDataSource) -> str:
    with pytest.raises(SourceUnavailable) as error:
        source.sales()
    assert "\n" not in str(error.value)
    return str(error.value)


class TestPostgres:
    def test_a_query_runs_as_it_is_written(self, fresh_postgres_url: str) -> None:
        query = """
            -- 100 % of :them
            select 7 % 4 as "price%", ':x' || '%s' as "a:b", '2024-01-31'::date as sold_on where 'abc' like 'a%';
        """

        source = SqlDataSource(fresh_postgres_url, query)

        assert source.sales().frame.columns.tolist() == ["price%", "a:b", "sold_on"]
        assert only_row(source) == [3, ":x%s", date(2024, 1, 31)]

    def test_cells_become_text_numbers_and_dates(self, fresh_postgres_url: str) -> None:
        query = """
            select 1.25::numeric as a, 0.1::real as b, 'NaN'::numeric as c, 'NaN'::float8 as d, null as e,
                   '  '::text as f, ' a '::char(5) as g, true as h, '2024-03-01 02:00+00'::timestamptz as i,
                   '2024-03-01 23:59'::timestamp as j, '{1,2}'::int[] as k, '\\x616263'::bytea as l,
                   '00000000-0000-0000-0000-000000000001'::uuid as m
        """
        in_santiago = f"{fresh_postgres_url}&options=-ctimezone%3DAmerica/Santiago"

        assert only_row(SqlDataSource(in_santiago, query)) == [
            *(1.25, 0.1, None, None, None, None, "a", True),
            *(date(2024, 2, 29), date(2024, 3, 1)),
            *("{1,2}", "abc", "00000000-0000-0000-0000-000000000001"),
        ]

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
    def test_its_url_may_begin_as_people_write_it(self, fresh_postgres_url: str, scheme: str) -> None:
        url = fresh_postgres_url.replace("postgresql", scheme, 1)

        assert only_row(SqlDataSource(url, "select 1 as a")) == [1]

    def test_nothing_can_be_written(self, fresh_postgres_url: str) -> None:
        source = SqlDataSource(fresh_postgres_url, "create table mine (a int)")

        assert "read-only transaction" in refusal(source)

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("slect 1", 'syntax error at or near "slect"'),
            ("select * from nowhere", 'relation "nowhere" does not exist'),
            ("", "returns no rows"),
            ("select 1/0 as price", "division by zero"),
        ],
    )
    def test_a_query_that_fails_is_told_in_one_line(self, fresh_postgres_url: str, query: str, told: str) -> None:
        message = refusal(SqlDataSource(fresh_postgres_url, query))

        assert told in message
        assert "data_source.query" in message

    def test_a_date_that_is_no_day_is_text_so_that_its_row_alone_is_set_aside(self, fresh_postgres_url: str) -> None:
        query = "select day::date as sold_on from unnest(array['2024-01-31', 'infinity', '-infinity', null]) as day"

        assert SqlDataSource(fresh_postgres_url, query).sales().frame["sold_on"].tolist() == [
            *("2024-01-31", "infinity", "-infinity", pd.NA)
        ]

    def test_a_wrong_password_is_told_and_not_shown(self, fresh_postgres_url: str) -> None:
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute("create role guarded login password 'right'")
        try:
            url = make_url(fresh_postgres_url).set(username="guarded")
            right = url.set(password="right").render_as_string(hide_password=False)
            wrong = url.set(password="wrong-one").render_as_string(hide_password=False)

            assert only_row(SqlDataSource(right, "select current_user")) == ["guarded"]
            message = refusal(SqlDataSource(wrong, "select 1"))
            assert "password authentication failed" in message
            assert "wrong-one" not in message
        finally:
            with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
                connection.execute("drop role guarded")

    def test_text_in_another_encoding_arrives(self, fresh_postgres_url: str) -> None:
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
            connection.execute("create database ascii encoding 'SQL_ASCII' locale 'C' template template0")
        try:
            for name in ("latin", "ascii"):
                url = make_url(fresh_postgres_url).set(database=name).render_as_string(hide_password=False)
                assert only_row(SqlDataSource(url, "select 'Ñuñoa'::text as sector")) == ["Ñuñoa"]
            assert "invalid byte sequence" in refusal(SqlDataSource(url, "select E'\\xd1'::text as sector"))
        finally:
            with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
                connection.execute("drop database latin")
                connection.execute("drop database ascii")


class TestSqlite:
    def test_a_query_runs_as_it_is_written(self, sqlite_file: Path) -> None:
        source = on(sqlite_file, "select type as 'a.b', 7 % 4 as \"%\", ':x' as x from sales where type like 'c%'")

        assert source.sales().frame.columns.tolist() == ["a.b", "%", "x"]
        assert only_row(source) == ["casa", 3, ":x"]

    def test_a_missing_file_is_not_made(self, tmp_path: Path) -> None:
        message = refusal(on(tmp_path / "none.db", "select 1"))

        assert "none.db" in message
        assert "data_source.url" in message
        assert list(tmp_path.iterdir()) == []

    def test_nothing_can_be_written(self, sqlite_file: Path) -> None:
        before = sqlite_file.read_bytes()

        assert "readonly" in refusal(on(sqlite_file, "delete from sales returning *"))
        assert sqlite_file.read_bytes() == before

    @pytest.mark.parametrize("query", ["slect 1", "select * from nowhere", "select 1; select 2", "select :x", "", "--"])
    def test_a_query_that_fails_is_told_in_one_line(self, sqlite_file: Path, query: str) -> None:
        assert "data_source.query" in refusal(on(sqlite_file, query))

    def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "sales.csv"
        path.write_text("type,price\n" * 500)

        assert "file is not a database" in refusal(on(path, "select * from sales"))

    def test_text_that_cannot_be_read_is_told(self, sqlite_file: Path) -> None:
        message = refusal(on(sqlite_file, "select cast(x'd1' as text) as sector"))

        assert "Could not decode to UTF-8" in message


class TestUrl:
    @pytest.mark.parametrize(
        "url", ["", "sales.db", "mysql://me:hush-hush@host/db", "postgresql://me:hush-hush@host:port/db"]
    )
    def test_that_cannot_be_used_is_told_without_its_password(self, url: str) -> None:
        message = refusal(SqlDataSource(url, "select 1"))

        assert "data_source.url" in message
        assert "hush" not in message

    def test_with_an_at_sign_in_the_password_shows_no_part_of_it(self) -> None:
        message = refusal(SqlDataSource("postgresql://me:hush@hush@host/db", "select 1"))

        assert "%40" in message
        assert "hush" not in message

    def test_with_a_password_among_its_options_shows_none_either(self) -> None:
        message = refusal(SqlDataSource("postgresql://me@127.0.0.1:1/db?password=hush-hush", "select 1"))

        assert "cannot be reached" in message
        assert "hush" not in message
