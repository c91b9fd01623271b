"""What can happen to a database of keys: first use, outages, other people's tables, wrong urls."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import exc, make_url

from adapters import databases
from adapters.key_stores.sql_database import SqlKeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyStoreMalformed, KeyStoreSpoiled, KeyStoreUnavailable
from domain.key_event import KeyEvent, issued
from tests.example_keys import example_key

Opener = Callable[[str], SqlKeyStore]
REVOCATION = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture
def opened() -> Iterator[Opener]:
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(SqlKeyStore(url)))


def every_question(keys: SqlKeyStore) -> list[Callable[[], object]]:
    return [
        keys.all,
        lambda: keys.find("Unknown00000"),
        lambda: keys.add(example_key()),
        lambda: keys.revoke("Unknown00000", REVOCATION),
        lambda: keys.rotate("Unknown00000", example_key(), REVOCATION),
        lambda: keys.note_uses({"Unknown00000": REVOCATION}),
        lambda: keys.record(KeyEvent(REVOCATION, "pepper_rotated", "", "ana")),
        keys.events,
    ]


class TestAFileThatIsReplaced:
    def test_is_the_one_that_is_asked(self, tmp_path: Path, opened: Opener) -> None:
        """A backup that is put back must not leave a revoked key valid in the connections of before."""
        file, backup, key = tmp_path / "keys.db", tmp_path / "backup.db", example_key()
        serving = opened(f"sqlite:///{file}")
        serving.add(key)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
            source.backup(copy)
        for part in tmp_path.glob("keys.db*"):
            part.unlink()
        backup.rename(file)
        opened(f"sqlite:///{file}").revoke(key.id, REVOCATION)
        found = serving.find(key.id)
        assert found is not None
        assert found.revoked_at == REVOCATION


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("mysql://root:pa55word@db/keys", "'mysql' is no database"),
            ("postgresql+asyncpg://root:pa55word@db/keys", "no database that it can be on"),
            ("pa55word", "no database url"),
            ("", "no database url"),
            ("postgresql://root:pa55word@db:port/keys", "no database url"),
            ("postgresql://root:pa55word@pa55word@db/keys", "has to be written as %40"),
            ("postgresql://root:pa55word%00@db/keys", "no database url"),
            ("postgresql://root:pa55word@db/keys?plugin=none", "its options"),
            ("sqlite://", "needs a file"),
            ("sqlite:///:memory:", "needs a file"),
            ("sqlite://var/keys.db", "needs a file"),
            ("sqlite:///var/keys.db?timeout=pa55word", "needs a file"),
            ("sqlite:///file:pa55word?mode=memory&uri=true", "needs a file"),
        ],
    )
    def test_one_that_can_never_work_is_refused_at_once_without_being_repeated(self, url: str, said: str) -> None:
        with pytest.raises(KeyStoreUnavailable, match=said) as caught:
            SqlKeyStore(url)
        assert "pa55word" not in str(caught.value)
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_every_usual_spelling_of_postgresql_is_understood(
        self, fresh_postgres_url: str, opened: Opener, scheme: str
    ) -> None:
        keys = opened(fresh_postgres_url.replace("postgresql://", f"{scheme}://"))
        key = example_key()
        keys.add(key)
        assert keys.find(key.id) == key


class TestOutages:
    @pytest.mark.parametrize("options", ["", "?connect_timeout=2&password=pa55word"])
    def test_a_server_that_is_down_is_named_without_the_password(self, opened: Opener, options: str) -> None:
        keys = opened(f"postgresql://tasador:pa55word@127.0.0.1:1/keys{options}")
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match=r"tasador@127\.0\.0\.1:1/keys") as caught:
                ask()
            assert "refused" in str(caught.value)
            assert "pa55word" not in str(caught.value)
            assert str(caught.value).isprintable()

    def test_a_wrong_password_is_not_repeated(self, fresh_postgres_url: str, opened: Opener) -> None:
        url = make_url(fresh_postgres_url).set(username="guarded", password="pa55word")
        keys = opened(url.render_as_string(hide_password=False))
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute("DROP ROLE IF EXISTS guarded")
            connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
            with pytest.raises(KeyStoreUnavailable, match="password authentication failed") as caught:
                keys.all()
            connection.execute("DROP ROLE guarded")
        assert "pa55word" not in str(caught.value)

    def test_a_database_that_comes_up_later_is_used_then(self, tmp_path: Path, opened: Opener) -> None:
        (tmp_path / "volume").touch()  # not mounted yet
        keys = opened(f"sqlite:///{tmp_path}/volume/keys.db")
        key = example_key()
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match=r"volume/keys\.db"):
                ask()

        (tmp_path / "volume").unlink()
        keys.add(key)

        assert keys.find(key.id) == key

    def test_a_server_that_drops_its_connections_is_reached_again(
        self, fresh_postgres_url: str, opened: Opener
    ) -> None:
        keys = opened(fresh_postgres_url)
        key = example_key()
        keys.add(key)
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert keys.find(key.id) == key

    def test_tables_that_went_away_are_missed_and_never_made_anew(
        self, fresh_postgres_url: str, opened: Opener
    ) -> None:
        keys = opened(fresh_postgres_url)
        keys.add(example_key())
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        with pytest.raises(KeyStoreUnavailable, match="api_keys"):
            keys.all()
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match="are gone, which were there before: restore it") as caught:
                ask()
            assert str(caught.value).isprintable()
        key = example_key()
        opened(fresh_postgres_url).add(key)
        assert keys.all().keys == [key]

    def test_a_file_that_is_gone_is_missed_and_never_made_anew(self, tmp_path: Path, opened: Opener) -> None:
        file, backup, key = tmp_path / "keys.db", tmp_path / "backup", example_key()
        keys = opened(f"sqlite:///{file}")
        keys.add(key)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
            source.backup(copy)
        for part in tmp_path.glob("keys.db*"):
            part.unlink()

        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match="there is no such file: restore it from a backup"):
                ask()
        assert [each.name for each in tmp_path.iterdir()] == ["backup"]
        file.touch()
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match=r"no such table|are gone, which were there before"):
                ask()

        backup.replace(file)
        assert keys.find(key.id) == key

    def test_what_the_disk_or_the_folder_may_have_to_do_with_it_is_told(self, tmp_path: Path, opened: Opener) -> None:
        (tmp_path / "keys.db").mkdir()
        with pytest.raises(KeyStoreUnavailable, match="must be a file, in a folder where SQLite may write its log"):
            opened(f"sqlite:///{tmp_path}/keys.db").all()
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        told = databases.refusal(exc.OperationalError(None, None, error), "sqlite:///keys.db")
        assert str(told).endswith(
            "cannot be used: disk I/O error (see whether the disk is full, and whether it fails)."
        )

    def test_a_database_that_another_process_keeps_locked_fails_the_write_and_not_the_read(
        self, tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adapters.databases._SECONDS", 0)
        keys = opened(f"sqlite:///{tmp_path}/keys.db")
        key = example_key()
        keys.add(key)
        with closing(sqlite3.connect(tmp_path / "keys.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(KeyStoreUnavailable, match="database is locked"):
                keys.add(example_key())
            assert keys.find(key.id) == key
            other.execute("ROLLBACK")
        keys.revoke(key.id, REVOCATION)


class TestEvents:
    def test_are_kept_from_changes_by_the_database_itself(
        self, tmp_path: Path, fresh_postgres_url: str, opened: Opener
    ) -> None:
        statements = {
            f"sqlite:///{tmp_path}/keys.db": "INSERT OR REPLACE INTO key_events SELECT * FROM key_events",
            fresh_postgres_url: "TRUNCATE key_events",
        }
        for url, statement in statements.items():
            keys, key = opened(url), example_key()
            keys.add(key)
            for past_the_program in (statement, "UPDATE key_events SET by_whom = 'eve'", "DELETE FROM key_events"):
                with (
                    pytest.raises(exc.SQLAlchemyError, match="key_events is append-only"),
                    databases.connected(keys._engine, writing=True) as connection,
                ):
                    connection.exec_driver_sql(past_the_program)
            assert keys.events() == [issued(key)]

    def test_that_somebody_spoiled_are_named_and_the_keys_still_work(
        self, fresh_postgres_url: str, opened: Opener
    ) -> None:
        keys, key = opened(fresh_postgres_url), example_key()
        keys.add(key)
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute(
                "INSERT INTO key_events (at, action, key_id, by_whom, detail) VALUES ('infinity', 'issued', '', '', '')"
            )
        with pytest.raises(KeyStoreMalformed, match="row 2 of key_events"):
            keys.events()
        assert keys.revoke(key.id, REVOCATION) == keys.find(key.id)


class TestSqlite:
    def test_constructing_makes_nothing_and_first_use_a_file_of_the_owners_own(
        self, tmp_path: Path, opened: Opener
    ) -> None:
        keys = opened(f"sqlite:///{tmp_path}/var/keys.db")
        assert list(tmp_path.iterdir()) == []
        keys.add(example_key())
        assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "var").iterdir()}
        assert modes == {"keys.db": 0o600, "keys.db-wal": 0o600, "keys.db-shm": 0o600}

    def test_an_empty_file_takes_its_first_key(self, tmp_path: Path, opened: Opener) -> None:
        (tmp_path / "keys.db").touch()
        key = example_key()
        keys = opened(f"sqlite:///{tmp_path}/keys.db")
        keys.add(key)
        assert keys.all().keys == [key]

    def test_it_keeps_a_write_ahead_log_and_syncs_it(self, tmp_path: Path, opened: Opener) -> None:
        keys = opened(f"sqlite:///{tmp_path}/keys.db")
        keys.add(example_key())
        with databases.connected(keys._engine, writing=False) as connection:
            pragmas = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout")
            ]
        assert pragmas == ["wal", 2, 5000]

    @pytest.mark.parametrize("content", [b"id,label\n" * 500, bytes(range(256)) * 32])
    def test_a_file_that_is_something_else_is_named_and_left_alone(
        self, tmp_path: Path, opened: Opener, content: bytes
    ) -> None:
        file = tmp_path / "keys.db"
        file.write_bytes(content)
        for ask in every_question(opened(f"sqlite:///{file}")):
            with pytest.raises(KeyStoreSpoiled, match=r"keys\.db is no database of keys"):
                ask()
        assert file.read_bytes() == content

    @pytest.mark.parametrize("nonsense", [b"\xff", 7, 1.5])
    def test_a_cell_of_another_type_is_refused_alone(
        self, tmp_path: Path, opened: Opener, nonsense: bytes | float
    ) -> None:
        keys = opened(f"sqlite:///{tmp_path}/keys.db")
        spoiled, sound = example_key(), example_key()
        keys.add(spoiled)
        keys.add(sound)
        with closing(sqlite3.connect(tmp_path / "keys.db")) as by_hand, by_hand:
            by_hand.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ?", (nonsense, spoiled.id))
        with pytest.raises(KeyStoreMalformed, match=spoiled.id):
            keys.find(spoiled.id)
        assert keys.find(sound.id) == sound


class TestOtherPeoplesTables:
    def test_a_table_of_the_same_name_is_refused_and_left_alone(self, fresh_postgres_url: str, opened: Opener) -> None:
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("CREATE TABLE api_keys (id integer PRIMARY KEY, label text)")
            connection.execute("INSERT INTO api_keys VALUES (1, 'theirs')")
        for ask in every_question(opened(fresh_postgres_url)):
            with pytest.raises(KeyStoreSpoiled, match="it lacks secret_hash, pepper_id"):
                ask()
        with psycopg.connect(fresh_postgres_url) as connection:
            assert connection.execute("SELECT * FROM api_keys").fetchall() == [(1, "theirs")]

    def test_a_column_that_somebody_added_does_no_harm(self, fresh_postgres_url: str, opened: Opener) -> None:
        key = example_key()
        opened(fresh_postgres_url).add(key)
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("ALTER TABLE api_keys ADD COLUMN remark text")
        assert opened(fresh_postgres_url).all().keys == [key]

    def test_a_demand_that_somebody_added_is_not_taken_for_a_duplicate(
        self, fresh_postgres_url: str, opened: Opener
    ) -> None:
        keys = opened(fresh_postgres_url)
        key = example_key()
        keys.add(key)
        with psycopg.connect(fresh_postgres_url) as connection:
            connection.execute("ALTER TABLE api_keys ADD CONSTRAINT short CHECK (length(label) < 5) NOT VALID")
        with pytest.raises(KeyStoreUnavailable, match="short") as caught:
            keys.add(example_key())
        assert key.secret_hash not in str(caught.value)
        with pytest.raises(DuplicateKey):
            keys.add(ApiKey(key.id, "abc", key.secret_hash, "p", key.scopes, key.created_at, key.expires_at))

    def test_who_may_only_read_can_check_keys(self, fresh_postgres_url: str, opened: Opener) -> None:
        key = example_key()
        opened(fresh_postgres_url).add(key)
        reader = opened(make_url(fresh_postgres_url).set(username="reader").render_as_string(hide_password=False))
        with psycopg.connect(fresh_postgres_url, autocommit=True) as connection:
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
            try:
                assert reader.find(key.id) == key
                with pytest.raises(KeyStoreUnavailable, match="permission denied"):
                    reader.add(example_key())
            finally:
                connection.execute("DROP OWNED BY reader")
                connection.execute("DROP ROLE reader")

    def test_times_are_times_to_postgresql(self, fresh_postgres_url: str, opened: Opener) -> None:
        key = example_key()
        opened(fresh_postgres_url).add(key)
        with psycopg.connect(fresh_postgres_url) as connection:
            row = connection.execute("SELECT expires_at - created_at FROM api_keys").fetchone()
        assert row == (key.expires_at - key.created_at,)
