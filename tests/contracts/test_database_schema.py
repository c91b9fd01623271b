"""The tables of a database: set up at first use, upgraded when that is asked for, and never half of the way."""

import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sql
from alembic import command
from alembic.config import Config

from adapters import databases
from adapters.database_schemas import migrating, revisions
from adapters.database_schemas.backups import copy_of
from adapters.database_schemas.sql_database import SqlDatabaseSchema
from adapters.key_stores.sql_database import SqlKeyStore
from adapters.key_stores.tables import TABLES
from adapters.valuation_logs.sql_tables import EVIDENCE_TABLES
from domain.api_key import ApiKey
from domain.errors import KeyStoreMalformed, KeyStoreUnavailable, SchemaOutdated
from domain.key_event import revoked
from tests.example_keys import example_key
from tests.fork_server import FORK_SERVER

YESTERDAYS_TABLE = """CREATE TABLE api_keys (
	id TEXT NOT NULL, 
	label TEXT NOT NULL, 
	secret_hash TEXT NOT NULL, 
	pepper_id TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	created_at {moment} NOT NULL, 
	expires_at {moment} NOT NULL, 
	revoked_at {moment}, 
	PRIMARY KEY (id)
)"""  # noqa: W291 (to the letter as Tasador made it before it had migrations)
REVOCATION = datetime(2026, 12, 1, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Database:
    """A database, past the program."""

    url: str

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def connected(self) -> sql.Engine:
        url = databases.understood(self.url)
        if url.get_backend_name() == "sqlite":
            databases.make_sqlite_file(url)
        return databases.engine(url)

    def run(self, *statements: str) -> None:
        engine = self.connected()
        with databases.connected(engine, writing=True) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def tables(self) -> dict[str, list[object]]:
        """What it holds: each table with its columns, and in SQLite every object as it was made."""
        engine = self.connected()
        inspector = sql.inspect(engine)
        found: dict[str, list[object]] = {
            name: [(*map(str, column.values()),) for column in inspector.get_columns(name)]
            for name in inspector.get_table_names()
        }
        if self.url.startswith("sqlite"):
            with engine.connect() as connection:
                made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()
                found["as made"] = [tuple(row) for row in made]
        engine.dispose()
        return found

    def insert_as_yesterday(self, key: ApiKey) -> None:
        scopes = " ".join(sorted(key.scopes))
        self.run(
            "INSERT INTO api_keys (id, label, secret_hash, pepper_id, scopes, created_at, expires_at, revoked_at) "  # noqa: S608
            f"VALUES ('{key.id}', '{key.label}', '{key.secret_hash}', '{key.pepper_id}', '{scopes}', "
            f"'{key.created_at.isoformat()}', '{key.expires_at.isoformat()}', NULL)"
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database, or the place of one."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/keys.db")
    return Database(request.getfixturevalue("fresh_postgres_url"))


def make_yesterdays(database: Database) -> ApiKey:
    """Makes the database of a Tasador that had no migrations, with a key in it."""
    moment = "TEXT" if database.url.startswith("sqlite") else "TIMESTAMP WITH TIME ZONE"
    key = example_key()
    database.run(YESTERDAYS_TABLE.format(moment=moment))
    database.insert_as_yesterday(key)
    return key


@pytest.fixture
def opened() -> Iterator[Callable[[Database], SqlKeyStore]]:
    with ExitStack() as stack:
        yield lambda database: stack.enter_context(closing(SqlKeyStore(database.url)))


Opener = Callable[[Database], SqlKeyStore]


def schema(database: Database) -> SqlDatabaseSchema:
    return SqlDatabaseSchema(database.url)


def backups(database: Database) -> list[Path]:
    return sorted(database.file.parent.glob("*.bak")) if database.url.startswith("sqlite") else []


class TestAnEmptyDatabase:
    def test_is_set_up_at_first_use(self, fresh: Database, opened: Opener) -> None:
        schema(fresh).check()
        assert opened(fresh).all().keys == []
        assert set(fresh.tables()) - {"as made"} == {*TABLES.tables, *EVIDENCE_TABLES.tables, "tasador_schema"}
        schema(fresh).check()

    def test_is_set_up_once_by_several_at_once(self, fresh: Database, opened: Opener) -> None:
        keys = [example_key() for _ in range(4)]
        stores = [opened(fresh) for _ in keys]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda store, key: store.add(key), stores, keys))
        assert {key.id for key in stores[0].all().keys} == {key.id for key in keys}

    def test_is_set_up_by_an_upgrade_too(self, fresh: Database) -> None:
        done = schema(fresh).upgrade()
        assert (done.before, done.after, done.backup) == (None, revisions.NEWEST, None)
        again = schema(fresh).upgrade()
        assert (again.before, again.after, again.backup) == (revisions.NEWEST, revisions.NEWEST, None)
        assert backups(fresh) == []

    def test_has_the_tables_that_the_program_asks_for(self, fresh: Database) -> None:
        schema(fresh).upgrade()
        engine = fresh.connected()
        inspector = sql.inspect(engine)
        for table in (*TABLES.tables.values(), *EVIDENCE_TABLES.tables.values()):
            found = [(column["name"], column["nullable"]) for column in inspector.get_columns(table.name)]
            assert found == [(column.name, column.nullable) for column in table.columns]
        engine.dispose()

    def test_is_not_made_by_a_look_at_it(self, tmp_path: Path) -> None:
        SqlDatabaseSchema(f"sqlite:///{tmp_path}/var/keys.db").check()
        assert list(tmp_path.iterdir()) == []


class TestYesterdaysDatabase:
    def test_is_refused_with_what_to_do(self, fresh: Database, opened: Opener) -> None:
        key = make_yesterdays(fresh)
        before, keys = fresh.tables(), opened(fresh)
        for ask in (keys.all, keys.events, lambda: keys.find(key.id), lambda: keys.add(key), schema(fresh).check):
            with pytest.raises(SchemaOutdated, match=r"has the schema 0001 .* needs 0003: run `tasador db upgrade`"):
                ask()
        assert fresh.tables() == before

    def test_is_upgraded_to_what_a_new_one_is(
        self, fresh: Database, opened: Opener, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        key = make_yesterdays(fresh)
        keys = opened(fresh)
        with pytest.raises(SchemaOutdated):
            keys.find(key.id)

        done = schema(fresh).upgrade()

        assert (done.before, done.after) == ("0001", revisions.NEWEST)
        assert keys.find(key.id) == key
        taken_back = keys.revoke(key.id, REVOCATION, "ana")
        assert keys.events() == [revoked(taken_back)]
        upgraded = fresh.tables()
        if fresh.url.startswith("sqlite"):
            new = Database(f"sqlite:///{tmp_path}/new.db")
        else:
            fresh.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            new = fresh
        schema(new).upgrade()
        assert new.tables() == upgraded

    def test_that_was_upgraded_still_serves_yesterdays_program(self, fresh: Database, opened: Opener) -> None:
        make_yesterdays(fresh)
        schema(fresh).upgrade()
        key = example_key()
        fresh.insert_as_yesterday(key)
        assert opened(fresh).find(key.id) == key

    def test_is_upgraded_once_by_several_at_once(self, fresh: Database, opened: Opener) -> None:
        key = make_yesterdays(fresh)
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: schema(fresh).upgrade(), range(4)))
        assert {each.after for each in done} == {revisions.NEWEST}
        assert [each.before for each in done].count("0001") == 1
        assert len(backups(fresh)) == (1 if fresh.url.startswith("sqlite") else 0)
        assert opened(fresh).all().keys == [key]

    def test_stays_as_it_was_where_the_upgrade_fails(self, fresh: Database) -> None:
        make_yesterdays(fresh)
        fresh.run("CREATE TABLE key_events (theirs TEXT)")
        before = fresh.tables()
        with pytest.raises(KeyStoreUnavailable, match="key_events"):
            schema(fresh).upgrade()
        assert fresh.tables() == before
        assert backups(fresh) == []

    def test_with_migrations_of_another_program_in_it_is_upgraded_beside_them(self, fresh: Database) -> None:
        make_yesterdays(fresh)
        fresh.run("CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('9999')")
        assert schema(fresh).upgrade().before == "0001"
        schema(fresh).check()


class TestADatabaseWithoutEvidence:
    """As a Tasador with the schema 0002 left it."""

    @pytest.fixture
    def without(self, fresh: Database, opened: Opener) -> tuple[Database, ApiKey]:
        engine = fresh.connected()
        with databases.connected(engine, writing=True) as connection:
            migrating.migrate(connection, None, "0002")
        engine.dispose()
        key = example_key()
        fresh.insert_as_yesterday(key)
        return fresh, key

    def test_gets_its_tables_and_keeps_its_keys(self, without: tuple[Database, ApiKey], opened: Opener) -> None:
        database, key = without
        assert not set(EVIDENCE_TABLES.tables) & set(database.tables())
        with pytest.raises(SchemaOutdated, match="has the schema 0002"):
            opened(database).all()

        done = schema(database).upgrade()

        assert (done.before, done.after) == ("0002", revisions.NEWEST)
        assert [copy.name[:12] for copy in backups(database)] == ["keys.db.0002"] * bool(done.backup)
        assert opened(database).all().keys == [key]
        assert set(EVIDENCE_TABLES.tables) < set(database.tables())

    def test_with_a_table_of_somebody_elses_in_their_place_stays_as_it_was(
        self, without: tuple[Database, ApiKey]
    ) -> None:
        database, _ = without
        database.run("CREATE TABLE evidence_entries (theirs TEXT)")
        before = database.tables()
        with pytest.raises(KeyStoreUnavailable, match="evidence_entries"):
            schema(database).upgrade()
        assert database.tables() == before


class TestTheCopyOfASqliteFile:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Database:
        database = Database(f"sqlite:///{tmp_path}/keys.db")
        make_yesterdays(database)
        return database

    def test_is_what_the_file_was_and_the_owners_alone(self, old: Database) -> None:
        before = old.tables()
        done = schema(old).upgrade()
        assert done.backup is not None
        assert backups(old) == [done.backup]
        assert done.backup.name.startswith("keys.db.0001-")
        assert stat.S_IMODE(done.backup.stat().st_mode) == 0o600
        assert Database(f"sqlite:///{done.backup}").tables() == before
        with closing(sqlite3.connect(done.backup)) as copy:
            assert copy.execute("SELECT count(*) FROM api_keys").fetchone() == (1,)

    def test_survives_a_crash_where_the_file_is_linked_to(
        self, old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It lies beside the link, so that this is the folder that must reach the disk."""
        link = tmp_path / "linked" / "keys.db"
        link.parent.mkdir()
        link.symlink_to(old.file)
        flushed: list[Path] = []
        monkeypatch.setattr("adapters.database_schemas.backups.flush_folder", flushed.append)
        copy = copy_of(link, "0001")
        assert copy.parent == link.parent == flushed[-1]

    def test_that_cannot_be_made_stops_the_upgrade(self, old: Database) -> None:
        before = old.tables()
        (old.file.parent / ".keys.db.backup.tmp").mkdir()
        with pytest.raises(KeyStoreUnavailable, match="was not upgraded, for no copy of it can be made") as caught:
            schema(old).upgrade()
        assert str(caught.value).isprintable()
        assert old.tables() == before

    def test_of_an_upgrade_that_was_killed_does_no_harm(self, old: Database) -> None:
        before = old.tables()
        process = FORK_SERVER.Process(target=_killed_before_it_is_done, args=(old.url,))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert old.tables() == before
        assert schema(old).upgrade().before == "0001"


def _killed_before_it_is_done(url: str) -> None:
    to_newest = command.upgrade

    def upgrade(config: Config, revision: str) -> None:
        to_newest(config, revision)
        os.kill(os.getpid(), signal.SIGKILL)

    command.upgrade = upgrade  # type: ignore[assignment]
    SqlDatabaseSchema(url).upgrade()


class TestADatabaseOfANewerTasador:
    def test_is_refused_and_left_alone(self, fresh: Database, opened: Opener) -> None:
        keys = opened(fresh)
        keys.add(example_key())
        fresh.run("UPDATE tasador_schema SET version_num = '0099'")
        for ask in (opened(fresh).all, schema(fresh).check, schema(fresh).upgrade):
            with pytest.raises(SchemaOutdated, match=r"made by a newer Tasador: it has the schema 0099"):
                ask()


class TestWhatCannotBeUpgraded:
    @pytest.mark.parametrize("ask", [SqlDatabaseSchema.check, SqlDatabaseSchema.upgrade])
    def test_is_named(self, tmp_path: Path, ask: Callable[[SqlDatabaseSchema], object]) -> None:
        (tmp_path / "notes.db").write_bytes(b"id,label\n" * 500)
        (tmp_path / "folder.db").mkdir()
        for url, error, told in (
            (f"sqlite:///{tmp_path}/notes.db", KeyStoreMalformed, r"notes\.db is no database of Tasador"),
            (f"sqlite:///{tmp_path}/folder.db", KeyStoreUnavailable, r"folder\.db cannot be used"),
            ("postgresql://tasador:pa55word@127.0.0.1:1/keys", KeyStoreUnavailable, "refused"),
        ):
            with pytest.raises(error, match=told) as caught:
                ask(SqlDatabaseSchema(url))
            assert "pa55word" not in str(caught.value)
            assert str(caught.value).isprintable()

    def test_is_told_at_once_where_the_url_can_never_work(self) -> None:
        with pytest.raises(KeyStoreUnavailable, match="url is of no use"):
            SqlDatabaseSchema("mysql://root@db/keys")

    def test_is_the_table_of_somebody_else(self, fresh: Database) -> None:
        fresh.run("CREATE TABLE api_keys (id integer PRIMARY KEY, label text)")
        for ask in (schema(fresh).check, schema(fresh).upgrade):
            with pytest.raises(KeyStoreMalformed, match="it lacks secret_hash, pepper_id"):
                ask()


class TestServing:
    def test_asks_for_the_revision_once(self, fresh: Database, opened: Opener) -> None:
        keys = opened(fresh)
        keys.find("Unknown00000")
        asked: list[str] = []
        sql.event.listen(keys._engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        for _ in range(3):
            keys.find("Unknown00000")
        assert len(asked) == 3
        assert all("JOIN api_keys" in statement for statement in asked)

    def test_needs_no_alembic_where_the_database_is_current(
        self, fresh: Database, opened: Opener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = example_key()
        opened(fresh).add(key)
        for module in ("alembic", migrating.__name__):
            monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delattr("adapters.database_schemas.migrating")
        assert opened(fresh).find(key.id) == key
        schema(fresh).check()
        assert schema(fresh).upgrade().before == revisions.NEWEST

    def test_knows_the_newest_revision(self) -> None:
        versions = Path(migrating.__file__).parent / "migrations" / "versions"
        assert max(versions.glob("[0-9]*.py")).name.startswith(f"{revisions.NEWEST}_")

    def test_notices_an_older_database_that_was_put_back(self, fresh_postgres_url: str, opened: Opener) -> None:
        database = Database(fresh_postgres_url)
        keys = opened(database)
        keys.add(example_key())
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        make_yesterdays(database)
        with suppress(KeyStoreUnavailable):
            keys.all()
        with pytest.raises(SchemaOutdated):
            keys.all()
