"""Valuations on record in a database: many writers, outages, and what somebody does past the program."""

import multiprocessing
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sql
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import exc

from adapters import databases
from adapters.valuation_logs.group_commit import GroupCommit
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.sql_database import SqlValuationLog
from application.verify_evidence import VerifyEvidence
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.follow_up import Outcome
from tests.contracts.test_valuation_log import NOON, VALUED, a_record
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fork_server import FORK_SERVER

Opener = Callable[..., SqlValuationLog]
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens logs as processes of their own would."""
    with ExitStack() as stack:

        def open_log(url: str, now: datetime = NOON, **more: Any) -> SqlValuationLog:
            return stack.enter_context(closing(SqlValuationLog(url, InMemoryEvidenceSigner(), lambda: now, **more)))

        yield open_log


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/evidence.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_evidence_url"
    found: str = request.getfixturevalue(kind)
    return found


def run(url: str, *statements: str) -> None:
    """Runs statements past the program."""
    engine = databases.engine(databases.understood(url))
    try:
        with databases.connected(engine, writing=True) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def faults(log: SqlValuationLog) -> list[str]:
    return [fault.said for fault in VerifyEvidence(log, InMemoryEvidenceSigner())().faults]


def kept(log: SqlValuationLog) -> list[str]:
    return [record.id for record in log.records()]


def actions(log: SqlValuationLog) -> list[str]:
    return [each.event.action for each in log.events()]


class TestSeveralWriters:
    def test_lose_nothing_where_another_closes_their_segments_meanwhile(self, url: str, opened: Opener) -> None:
        writer, other = opened(url), opened(url)
        writer.record([a_record(0)])
        ended = threading.Event()

        def close() -> None:
            while not ended.is_set():
                other.tend(close_all=True)

        closing_all = threading.Thread(target=close)
        closing_all.start()
        told = ["id-0"]
        while actions(other).count("opened") < 3 or len(told) < 40:
            pair = [a_record(len(told) + 1), a_record(len(told) + 2)]
            writer.record(pair)
            told += [each.id for each in pair]
        ended.set()
        closing_all.join()
        other.tend(close_all=True)
        assert faults(other) == []
        assert sorted(kept(other)) == sorted(told)
        assert actions(other).count("opened") == actions(other).count("closed")

    def test_a_killed_one_takes_nothing_with_it_that_it_has_told_of(self, sqlite_url: str, opened: Opener) -> None:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = FORK_SERVER.Process(target=_record_for_ever, args=(sqlite_url, sender))
        process.start()
        sender.close()
        log = opened(sqlite_url)
        told = []
        for number in range(20):
            told.append(receiver.recv())
            log.record([a_record(number)])
        assert process.pid
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        while True:
            try:
                told.append(receiver.recv())
            except EOFError:
                break
        log.tend(close_all=True)
        assert faults(log) == []
        assert set(told) <= set(kept(log))
        assert actions(log).count("closed") == 2

    def test_a_segment_that_nobody_writes_to_any_more_is_closed_when_it_is_old_enough(
        self, url: str, opened: Opener
    ) -> None:
        opened(url).record([a_record(1)])
        opened(url, LATER - timedelta(seconds=1)).tend()
        assert actions(opened(url)) == ["opened"]
        opened(url, LATER).tend()
        assert actions(opened(url)) == ["opened", "closed"]

    def test_a_large_segment_is_closed_by_its_writer(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url, limits=SegmentLimits(size=3000))
        for number in range(3):
            log.record([a_record(number), VALUED])
            log.tend()
        assert actions(log) == ["opened", "closed", "opened"]

    def test_share_transactions(self) -> None:
        written: list[list[int]] = []
        begun, go_on = threading.Event(), threading.Event()

        def write(batch: Any) -> None:
            begun.set()
            go_on.wait()
            if 3 in batch:
                raise ValueError("none of these")
            written.append(sorted(batch))

        failed: list[int] = []
        commit = GroupCommit(write)

        def bring(number: int) -> None:
            try:
                commit(number)
            except ValueError:
                failed.append(number)

        threads = [threading.Thread(target=bring, args=(number,)) for number in range(4)]
        threads[0].start()
        begun.wait()
        for thread in threads[1:]:
            thread.start()
        while len(commit._waiting) < 3:
            pass
        go_on.set()
        for thread in threads:
            thread.join()
        assert written == [[0]]
        assert sorted(failed) == [1, 2, 3]
        commit(4)
        assert written == [[0], [4]]


def _record_for_ever(url: str, told: "Connection[str, str]") -> None:
    log = SqlValuationLog(url, InMemoryEvidenceSigner(), lambda: NOON)
    number = 1000
    while True:
        log.record([a_record(number), a_record(number + 1)])
        told.send(f"id-{number}")
        told.send(f"id-{number + 1}")
        number += 2


class TestWhatCouldNotBeKept:
    def test_leaves_no_gap(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url)
        log.record([a_record(1)])
        run(
            sqlite_url,
            "CREATE TRIGGER full BEFORE INSERT ON evidence_entries WHEN NEW.subject = 'id-3' "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END",
        )
        with pytest.raises(ValuationLogUnavailable, match="no room"):
            log.record([a_record(2), a_record(3)])
        log.record([a_record(4)])
        assert kept(log) == ["id-1", "id-4"]
        assert faults(log) == []
        assert actions(log) == ["opened"]

    def test_and_may_have_been_kept_all_the_same_ends_the_segment(self, url: str, opened: Opener) -> None:
        log = opened(url)
        log.record([a_record(1)])
        dialect = log._database._engine.dialect
        commit = dialect.do_commit

        def lost_on_the_way_back(connection: Any) -> None:
            commit(connection)
            dialect.do_commit = commit  # type: ignore[method-assign]
            error = sqlite3.OperationalError if dialect.name == "sqlite" else psycopg.OperationalError
            raise error("the server went away")

        dialect.do_commit = lost_on_the_way_back  # type: ignore[assignment, method-assign]
        with pytest.raises(ValuationLogUnavailable, match="the server went away"):
            log.record([a_record(2)])
        log.record([a_record(3)])
        log.tend(close_all=True)
        assert sorted(kept(log)) == ["id-1", "id-2", "id-3"]
        assert faults(log) == []
        assert sorted(actions(log)) == ["closed", "closed", "opened", "opened"]

    @pytest.mark.parametrize("is_kept", [True, False])
    def test_is_missed_where_the_database_has_lost_what_was_recorded_before(
        self, sqlite_url: str, opened: Opener, is_kept: bool
    ) -> None:
        """As PostgreSQL may when it is killed and `durability` is not "disk"."""
        log = opened(sqlite_url)
        log.record([a_record(1), a_record(2)])
        log._writer._in_doubt = True
        if not is_kept:
            run(sqlite_url, "DROP TRIGGER evidence_entries_are_not_removed", "DELETE FROM evidence_entries")
        log.record([a_record(3)])
        assert actions(log) == ["opened", "closed", "opened"]
        assert bool(faults(log)) is not is_kept

    def test_because_the_signing_key_is_missing_is_told_as_any_other_reason(
        self, sqlite_url: str, opened: Opener
    ) -> None:
        class NoSigner(InMemoryEvidenceSigner):
            def public_key(self) -> str:
                raise SecretUnavailable("there is no key")

            def sign(self, content: bytes) -> tuple[str, str]:
                raise SecretUnavailable("there is no key")

        with closing(SqlValuationLog(sqlite_url, NoSigner(), lambda: NOON)) as log:
            for ask in (log.check, lambda: log.record([VALUED])):
                with pytest.raises(ValuationLogUnavailable, match="there is no key"):
                    ask()
        assert actions(opened(sqlite_url)) == []


def _copied(as_what: str) -> str:
    columns = f"{as_what}, at, NULL, salt, digest, link, content"
    return f"INSERT INTO evidence_entries SELECT {columns} FROM evidence_entries"  # noqa: S608


class TestThePastIsKept:
    def test_by_the_database_itself(self, url: str, opened: Opener) -> None:
        log = opened(url)
        log.record([VALUED, a_record(1)])
        log.tend(close_all=True)
        statements = [
            "UPDATE evidence_entries SET at = at",
            "UPDATE evidence_entries SET content = NULL, salt = NULL, client_ref = NULL",
            "DELETE FROM evidence_entries",
            _copied("segment, 3, kind, 'new'") + " WHERE number = 1",
            "UPDATE evidence_register SET signature = ''",
            "DELETE FROM evidence_register",
        ]
        replacing = [
            "INSERT OR REPLACE INTO evidence_entries SELECT * FROM evidence_entries",
            "INSERT OR REPLACE INTO evidence_register SELECT * FROM evidence_register",
            "INSERT OR REPLACE INTO evidence_register SELECT 9, segment, action, '', '', '' FROM evidence_register",
        ]
        emptying = ["TRUNCATE evidence_entries", "TRUNCATE evidence_register"]
        for statement in statements + (replacing if url.startswith("sqlite") else emptying):
            with pytest.raises(exc.SQLAlchemyError, match=r"append-only|are never|are removed with"):
                run(url, statement)
        assert log.erase([VALUED.id], LATER, "ana", "asked for it") == 1
        with pytest.raises(exc.SQLAlchemyError, match="never changed"):
            run(url, "UPDATE evidence_entries SET subject = 'x', content = NULL, salt = NULL, client_ref = NULL")
        assert faults(log) == []
        assert log.prune(LATER, LATER, "ana").entries == 2
        assert actions(log) == ["opened", "closed", "erased", "pruned"]
        assert faults(log) == []

    def test_and_what_is_erased_leaves_the_file_of_sqlite(self, tmp_path: Path, opened: Opener) -> None:
        log = opened(f"sqlite:///{tmp_path}/evidence.db")
        log.record([VALUED, a_record(1)])
        marked = VALUED.client_ref.encode()[:8] if VALUED.client_ref else b""
        assert any(marked in file.read_bytes() for file in tmp_path.iterdir())
        log.erase([VALUED.id], LATER, "ana", "asked for it")
        assert not any(marked in file.read_bytes() for file in tmp_path.iterdir())

    def test_and_a_writer_that_finds_its_own_entries_gone_sees_that_they_are_missed(
        self, sqlite_url: str, opened: Opener
    ) -> None:
        log = opened(sqlite_url)
        log.record([a_record(1), a_record(2), a_record(3)])
        run(
            sqlite_url,
            "DROP TRIGGER evidence_entries_are_not_removed",
            "DELETE FROM evidence_entries WHERE number > 1",
        )
        log.record([a_record(4)])
        assert kept(log) == ["id-1", "id-4"]
        assert faults(log) == ["records 2 to 3 are missing at its end, behind id-1"]

    def test_and_entries_of_nobodys_segment_are_told(self, url: str, opened: Opener) -> None:
        log = opened(url)
        log.record([a_record(1)])
        run(url, _copied("'theirs', number, kind, subject"))
        assert faults(log) == ["segment theirs in evidence_entries belongs to no segment of the register"]

    def test_and_an_entry_of_no_segment_is_told_and_never_shown(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url)
        log.record([a_record(1)])
        run(
            sqlite_url,
            "ALTER TABLE evidence_entries RENAME TO theirs",
            "CREATE TABLE evidence_entries AS SELECT * FROM theirs",
            "INSERT INTO evidence_entries"
            " SELECT NULL, number, kind, 'id-2', at, client_ref, salt, digest, link, content FROM theirs",
        )
        assert (kept(log), log.find("id-2"), list(log.about(["id-2"]))) == (["id-1"], None, [])
        assert faults(log) == [
            "a row of evidence_entries without a segment, about 'id-2', belongs to no segment of the register"
        ]
        [gone] = log.fences_gone()
        assert gone.count("evidence_entries_are") == 3  # those of the table that is another now

    def test_and_a_trigger_that_was_removed_is_told(self, url: str, opened: Opener) -> None:
        log = opened(url)
        log.record([a_record(1)])
        assert log.fences_gone() == []
        is_sqlite = url.startswith("sqlite")
        name = "evidence_register_is_not_changed" if is_sqlite else "evidence_register_is_kept"
        run(
            url,
            f"DROP TRIGGER {name}" if is_sqlite else f"ALTER TABLE evidence_register DISABLE TRIGGER {name}",
        )
        [gone] = VerifyEvidence(log, InMemoryEvidenceSigner())().fences_gone
        assert gone.endswith(f"against changes are gone or switched off: {name}")

    @pytest.mark.parametrize("cell", ["content = '{}'", "segment = 'x'", "number = 7", "signature = x'00'"])
    def test_and_an_event_that_cannot_be_read_is_named(self, sqlite_url: str, opened: Opener, cell: str) -> None:
        log = opened(sqlite_url)
        log.record([a_record(1)])
        run(sqlite_url, "DROP TRIGGER evidence_register_is_not_changed", f"UPDATE evidence_register SET {cell}")  # noqa: S608
        with pytest.raises(ValuationLogUnavailable, match=r"the row \d of evidence_register cannot be read"):
            log.events()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlValuationLog, sqlite3.Connection]]:
    """A log with a closed segment, and a way past the program and the triggers."""
    file = tmp_path_factory.mktemp("sealed") / "evidence.db"
    with closing(SqlValuationLog(f"sqlite:///{file}", InMemoryEvidenceSigner(), lambda: NOON)) as log:
        log.record([VALUED, a_record(1)])
        log.follow_up([Outcome(VALUED.id, 3.5, NOON.date(), NOON)])
        log.record([a_record(2)])
        log.erase(["id-2"], LATER, "ana", "asked for it")
        with closing(sqlite3.connect(file, isolation_level=None)) as past_the_program:
            triggers = past_the_program.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (trigger,) in triggers:
                past_the_program.execute(f"DROP TRIGGER {trigger}")
            yield log, past_the_program


@settings(max_examples=60)
@given(st.data())
def test_one_changed_cell_is_found(sealed: tuple[SqlValuationLog, sqlite3.Connection], data: st.DataObject) -> None:
    """Whatever stands anywhere in the register or a closed segment: another value is found."""
    log, database = sealed
    table = data.draw(st.sampled_from(["evidence_entries", "evidence_register"]))
    all_rows = f"SELECT * FROM {table} ORDER BY rowid"  # noqa: S608
    before = database.execute(all_rows).fetchall()
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    row, column = data.draw(st.integers(1, len(before))), data.draw(st.integers(0, len(columns) - 1))
    change = f"UPDATE {table} SET {columns[column]} = ? WHERE rowid = ?"  # noqa: S608
    try:
        database.execute(change, (data.draw(_others_than(before[row - 1][column])), row))
    except sqlite3.IntegrityError:
        reject()  # the database does not take it
    is_changed = repr(database.execute(all_rows).fetchall()) != repr(before)
    try:
        is_found = bool(faults(log))
    except ValuationLogUnavailable:
        is_found = True
    finally:
        database.execute(f"DELETE FROM {table}")  # noqa: S608
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", before)  # noqa: S608
    assert is_found == is_changed


def _others_than(cell: Any) -> st.SearchStrategy[Any]:
    """Other values: near ones, such as mean almost the same, and any."""
    anything = st.one_of(st.none(), st.integers(-5, 5), st.floats(), st.text(max_size=5), st.binary(max_size=5))
    if isinstance(cell, int):
        return st.integers(-(2**63), 2**63 - 1) | anything
    if not cell:
        return anything
    text = cell.decode() if isinstance(cell, bytes) else str(cell)
    near = [text.upper(), text.lower(), text + text[0], text[1:], text[:-1], text[:-2]]
    near += [text.replace("+00:00", "Z"), text.replace(",", ", "), text]
    characters = st.tuples(st.integers(0, len(text) - 1), st.characters(min_codepoint=32, max_codepoint=126))
    changed = characters.map(lambda change: text[: change[0]] + change[1] + text[change[0] + 1 :])
    as_text = st.sampled_from(near) | changed
    return as_text | as_text.map(str.encode) | anything


class TestOutages:
    def test_a_server_that_is_down_is_named_without_the_password(self, opened: Opener) -> None:
        log = opened("postgresql://tasador:pa55word@127.0.0.1:1/valuations?connect_timeout=2")
        asked: list[Callable[[], object]] = [
            log.check,
            log.tend,
            log.events,
            log.strangers,
            lambda: log.record([VALUED]),
            lambda: log.find("x"),
            lambda: list(log.records()),
            lambda: list(log.follow_ups()),
            lambda: list(log.entries("x")),
            lambda: log.erase(["x"], LATER, "ana", ""),
            lambda: log.prune(LATER, LATER, "ana"),
        ]
        for ask in asked:
            with pytest.raises(ValuationLogUnavailable, match=r"tasador@127\.0\.0\.1:1/valuations") as caught:
                ask()
            assert "valuation_log.url" in str(caught.value)
            assert "pa55word" not in str(caught.value)
            assert str(caught.value).isprintable()

    def test_a_server_that_stalls_is_given_up_and_used_again_when_it_is_back(
        self, fresh_postgres_url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adapters.valuation_logs.bounded_postgresql._SECONDS", 0.3)
        log = opened(fresh_postgres_url)
        log.record([a_record(1)])
        with psycopg.connect(fresh_postgres_url) as other:
            other.execute("LOCK evidence_entries IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(ValuationLogUnavailable, match="has not answered"):
                log.record([a_record(2)])
            with pytest.raises(ValuationLogUnavailable, match="has not answered"):
                log.find("id-1")
        log.check()
        log.record([a_record(3)])
        log.tend(close_all=True)
        assert kept(log) == ["id-1", "id-3"]
        assert faults(log) == []

    def test_a_database_that_comes_up_later_is_used_then(self, tmp_path: Path, opened: Opener) -> None:
        (tmp_path / "volume").touch()  # not mounted yet
        log = opened(f"sqlite:///{tmp_path}/volume/evidence.db")
        for ask in (log.check, lambda: log.record([VALUED])):
            with pytest.raises(ValuationLogUnavailable, match=r"volume/evidence\.db"):
                ask()
        (tmp_path / "volume").unlink()
        log.check()
        log.record([VALUED])
        assert kept(log) == [VALUED.id]

    def test_a_database_that_may_not_be_written_fails_the_check(self, fresh_postgres_url: str, opened: Opener) -> None:
        log = opened(fresh_postgres_url)
        log.check()
        run(
            fresh_postgres_url,
            f"ALTER DATABASE {sql.make_url(fresh_postgres_url).database} SET default_transaction_read_only = on",
        )
        log.close()
        with pytest.raises(ValuationLogUnavailable, match="may not write to it"):
            log.check()

    def test_tables_that_went_away_are_missed_and_never_made_anew(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url)
        log.record([VALUED])
        run(sqlite_url, "DROP TABLE evidence_entries")
        for ask in (lambda: log.record([VALUED]), lambda: log.find("x"), lambda: list(log.records())):
            with pytest.raises(ValuationLogUnavailable, match="evidence_entries"):
                ask()

    def test_a_backup_that_is_put_back_is_gone_on_with(self, tmp_path: Path, opened: Opener) -> None:
        file, backup = tmp_path / "evidence.db", tmp_path / "backup"
        log = opened(f"sqlite:///{file}")
        log.record([a_record(1)])
        log.tend(close_all=True)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
            source.backup(copy)
        log.record([a_record(2)])
        for part in tmp_path.glob("evidence.db*"):
            part.unlink()
        backup.rename(file)
        log.record([a_record(3)])
        log.tend(close_all=True)
        assert kept(log) == ["id-1", "id-3"]
        assert faults(log) == []

    def test_an_older_schema_is_refused_with_what_to_do(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url)
        log.check()
        run(sqlite_url, "UPDATE tasador_schema SET version_num = '0002'")
        for ask in (opened(sqlite_url).check, lambda: opened(sqlite_url).record([VALUED])):
            with pytest.raises(ValuationLogUnavailable, match=r"has the schema 0002 .* run `tasador db upgrade`"):
                ask()

    @pytest.mark.parametrize(
        ("url", "said"),
        [("mysql://root:pa55word@db/x", "'mysql' is no database"), ("pa55word", "no database url")],
    )
    def test_a_url_that_can_never_work_is_refused_at_once(self, opened: Opener, url: str, said: str) -> None:
        with pytest.raises(ValuationLogUnavailable, match=f"valuation_log.url is of no use: .*{said}") as caught:
            opened(url)
        assert "pa55word" not in str(caught.value)

    def test_a_file_that_is_something_else_is_named_and_left_alone(self, tmp_path: Path, opened: Opener) -> None:
        file = tmp_path / "notes.db"
        file.write_bytes(b"id,label\n" * 500)
        with pytest.raises(ValuationLogUnavailable, match=r"notes\.db is no database"):
            opened(f"sqlite:///{file}").record([VALUED])
        assert file.read_bytes() == b"id,label\n" * 500


class TestConnections:
    @pytest.mark.parametrize(("to_disk", "expected"), [(False, 1), (True, 2)])
    def test_of_sqlite_are_as_durable_as_configured(
        self, sqlite_url: str, opened: Opener, to_disk: bool, expected: int
    ) -> None:
        log = opened(sqlite_url, to_disk=to_disk)
        with log._database.transaction() as connection:
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", expected]

    def test_of_postgresql_are_as_durable_as_configured(self, fresh_postgres_url: str, opened: Opener) -> None:
        of_serializable = sql.make_url(fresh_postgres_url).update_query_dict(
            {"options": "-c default_transaction_isolation=serializable"}
        )
        for to_disk, expected in ((False, "off"), (True, "on")):
            log = opened(of_serializable.render_as_string(hide_password=False), to_disk=to_disk)
            with log._database.transaction() as connection:
                assert connection.scalar(sql.text("SHOW synchronous_commit")) == expected
                assert connection.scalar(sql.text("SHOW transaction_isolation")) == "read committed"

    def test_are_given_back_by_a_reader_that_stops_half_way(self, url: str, opened: Opener) -> None:
        log = opened(url)
        log.record([a_record(number) for number in range(510)])
        reading = log.records()
        assert next(reading).id == "id-0"
        assert log._database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        log.record([a_record(510)])
        assert sum(1 for _ in reading) == 510

    def test_look_up_by_index(self, sqlite_url: str, opened: Opener) -> None:
        log = opened(sqlite_url)
        log.record([a_record(1)])
        asked: list[tuple[str, Any]] = []

        def note(*told: Any) -> None:
            asked.append((told[2], told[3]))

        sql.event.listen(log._database._engine, "before_cursor_execute", note)
        log.find("id-1")
        list(log.records(NOON, LATER))
        list(log.records(client_ref="x"))
        list(log.entries("x"))
        list(log.about(["x", "y"]))
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
            for statement, values in asked:
                plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))
                assert "SEARCH" in plan
                assert "SCAN" not in plan


def test_times_come_back_in_utc_to_the_microsecond(url: str, opened: Opener) -> None:
    log = opened(url)
    ats = [datetime(2026, 11, 22, 12, 0, 0, fraction, tzinfo=UTC) for fraction in (0, 1, 999_999)]
    for number, at in enumerate(ats):
        log.record([a_record(number, at)])
    log.tend(close_all=True)
    assert [record.at for record in log.records()] == ats
    closed = log.events()[-1].event
    assert (closed.first_at, closed.last_at) == (ats[0], ats[-1])
    assert [record.at for record in log.records(ats[1], ats[2])] == [ats[1]]
