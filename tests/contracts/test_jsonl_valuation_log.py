"""Valuations on record in files: what becomes of them when something goes wrong."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from filelock import FileLock

from adapters.evidence_signers.ed25519_file import Ed25519EvidenceSigner
from adapters.valuation_logs import adoption, jsonl_files, lines_in_time, newest_first, whole_lines
from adapters.valuation_logs.best_effort import BestEffortValuationLog
from adapters.valuation_logs.entry_lines import entry_in, line_of
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.segment_limits import SegmentLimits
from application.ports.evidence_archive import AdoptedEvidence
from application.ports.valuation_log import LogPlace
from application.verify_evidence import VerifyEvidence
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.evidence_chain import Chain, Damage, Entry
from domain.evidence_register import Action, RegisterEvent, Segment, segments_of
from domain.valuation_id import new_valuation_id
from domain.valuation_record import ValuationRecord
from tests.contracts.test_valuation_log import NOON, REFUSED, SOLD, VALUED, a_record
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog

REPOSITORY = Path(__file__).parents[2]
SMALL = SegmentLimits(timedelta(hours=1), 4000)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


def a_log(folder: Path, now: Callable[[], datetime] = lambda: NOON, **more: Any) -> JsonlValuationLog:
    return JsonlValuationLog(folder, InMemoryEvidenceSigner(), now, **more)


def kept(folder: Path) -> list[str]:
    return [record.id for record in a_log(folder).records()]


def files(folder: Path, kind: str = "valuations") -> list[Path]:
    return sorted(folder.glob(f"{kind}-*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def segments(log: JsonlValuationLog) -> list[Segment]:
    return list(segments_of(each.event for each in log.events()).values())


def faults(folder: Path) -> list[str]:
    return [fault.said for fault in VerifyEvidence(a_log(folder), InMemoryEvidenceSigner())().faults]


def put(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


class TestASegment:
    """A file for each process, closed sooner or later."""

    def test_is_a_line_of_json_for_each_record_behind_one_that_names_it(self, tmp_path: Path) -> None:
        a_log(tmp_path).record([VALUED, REFUSED])
        [file] = files(tmp_path)
        assert file.name.startswith(f"valuations-20261122T120000Z-{os.getpid()}-")
        header, *lines = file.read_bytes().splitlines()
        assert msgspec.json.decode(header)["segment"] == file.stem
        assert [msgspec.json.decode(line)["id"] for line in lines] == [VALUED.id, REFUSED.id]

    def test_is_of_one_day(self, tmp_path: Path, clock: FixedClock) -> None:
        log = a_log(tmp_path, clock.now, limits=SegmentLimits(timedelta(days=9)))
        for hours in (0, 11, 12, 36):
            clock.set(NOON + timedelta(hours=hours))
            log.record([a_record(hours, clock.now())])
        assert [file.name[11:19] for file in files(tmp_path)] == ["20261122", "20261123", "20261124"]

    def test_and_its_folder_are_for_their_owner_alone_and_nobody_writes_to_it_once_it_is_closed(
        self, tmp_path: Path
    ) -> None:
        folder = tmp_path / "var" / "valuations"
        log = a_log(folder)
        log.record([VALUED])
        assert oct(folder.stat().st_mode)[-3:] == "700"
        assert {oct(file.stat().st_mode)[-3:] for file in folder.iterdir()} == {"600"}
        log.close()
        assert {oct(file.stat().st_mode)[-3:] for file in files(folder)} == {"400"}

    def test_is_never_that_of_two_logs(self, tmp_path: Path) -> None:
        logs = [a_log(tmp_path) for _ in range(3)]
        for number, log in enumerate(logs):
            log.record([a_record(number)])
        assert len(files(tmp_path)) == 3
        assert sorted(kept(tmp_path)) == ["id-0", "id-1", "id-2"]

    def test_is_not_made_before_there_is_something_to_record(self, tmp_path: Path) -> None:
        log = a_log(tmp_path / "valuations")
        log.record([])
        log.tend()
        assert list(log.records()) == []
        assert list(tmp_path.iterdir()) == []

    def test_is_closed_once_it_is_old_or_large_also_where_nothing_is_recorded(
        self, tmp_path: Path, clock: FixedClock
    ) -> None:
        log = a_log(tmp_path, clock.now, limits=SMALL)
        log.record([a_record(1)])
        log.follow_up([SOLD])
        log.tend()
        assert [bool(segment.closed) for segment in segments(log)] == [False, False]
        clock.advance(timedelta(hours=1))
        log.tend()
        assert [bool(segment.closed) for segment in segments(log)] == [True, True]
        log.record([a_record(number) for number in range(20)])
        log.record([a_record(20)])
        log.tend()
        assert [bool(segment.closed) for segment in segments(log)] == [True, True, True, False]

    @pytest.mark.parametrize("whole", [False, True])
    def test_that_is_taken_away_is_followed_by_another(self, tmp_path: Path, whole: bool) -> None:
        folder = tmp_path / "valuations"
        log = a_log(folder)
        log.record([a_record(1)])
        for file in folder.iterdir() if whole else files(folder):
            file.unlink()
        if whole:
            folder.rmdir()
        log.record([a_record(2)])
        log.tend()
        assert kept(folder) == ["id-2"]
        assert any("gone" in fault for fault in faults(folder)) is not whole

    def test_that_a_killed_process_wrote_to_is_missed_if_it_is_taken_away(self, tmp_path: Path) -> None:
        a_log(tmp_path).record([a_record(1)])
        files(tmp_path)[0].unlink()
        a_log(tmp_path).tend(close_all=True)
        [fault] = faults(tmp_path)
        assert "the file is gone" in fault

    def test_that_is_moved_away_gets_no_more_records(self, tmp_path: Path) -> None:
        folder, archive = tmp_path / "valuations", tmp_path / "archive.jsonl"
        log = a_log(folder)
        log.record([a_record(1)])
        files(folder)[0].rename(archive)
        log.record([a_record(2)])
        assert kept(folder) == ["id-2"]
        assert archive.read_bytes().count(b"\n") == 2

    def test_loses_what_a_killed_process_left_of_a_line_and_is_closed(self, tmp_path: Path) -> None:
        a_log(tmp_path).record([a_record(1), a_record(2)])
        [file] = files(tmp_path)
        whole = file.read_bytes()
        file.write_bytes(whole[:-20])
        log = a_log(tmp_path)
        log.record([a_record(3)])
        assert sorted(kept(tmp_path)) == ["id-1", "id-3"]
        log.tend()
        assert file.read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
        assert [segment.closed and segment.closed.entries for segment in segments(log)] == [1, None]
        assert oct(file.stat().st_mode)[-3:] == "400"
        assert faults(tmp_path) == []

    def test_that_others_write_to_is_left_alone_unless_it_is_asked_for(self, tmp_path: Path) -> None:
        one, other = a_log(tmp_path), a_log(tmp_path)
        one.record([a_record(1)])
        other.tend()
        one.record([a_record(2)])
        assert len(files(tmp_path)) == 1
        asked = threading.Thread(target=other.tend, kwargs={"close_all": True})
        asked.start()
        while asked.is_alive():
            one.tend()
        one.record([a_record(3)])
        assert [segment.closed and segment.closed.entries for segment in segments(one)] == [2, None]
        assert faults(tmp_path) == []

    def test_of_a_process_that_hangs_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jsonl_files, "_SECONDS_FOR_OTHERS", 0.05)
        hanging = a_log(tmp_path)
        hanging.record([a_record(1)])
        [file] = files(tmp_path)
        with pytest.raises(ValuationLogUnavailable, match=f"do not answer: {file.stem}"):
            a_log(tmp_path).tend(close_all=True)
        with pytest.raises(ValuationLogUnavailable, match=file.stem):
            a_log(tmp_path).erase(["id-1"], NOON, "operator", "asked")
        assert faults(tmp_path) == []

    def test_of_another_time_is_not_even_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = a_log(tmp_path)
        for day in range(4):
            at = NOON + timedelta(days=day)
            log.record([replace(a_record(day, at), id=new_valuation_id(at))])
            log.close()
        opened = []

        def noting(path: Path) -> Any:
            opened.append(path)
            return whole_lines.opened(path)

        monkeypatch.setattr(lines_in_time, "opened", noting)
        [found] = log.records(NOON + timedelta(hours=1), NOON + timedelta(hours=25))
        assert (len(opened), log.find(found.id), len(opened)) == (1, found, 2)
        next(log.records())
        assert len(opened) == 3

    def test_is_not_opened_for_the_newest_nor_for_those_before(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = a_log(tmp_path)
        for day in range(4):
            log.record([a_record(2 * day + each, NOON + timedelta(days=day, minutes=each)) for each in range(2)])
            log.close()
        opened = []

        def noting(path: Path) -> Any:
            opened.append(path)
            return whole_lines.opened(path)

        monkeypatch.setattr(newest_first, "opened", noting)
        place, _ = next(log.recent())
        assert (place.at, len(opened)) == (NOON + timedelta(days=3, minutes=1), 1)
        _, found = next(log.recent(LogPlace(NOON + timedelta(days=1, minutes=1))))
        assert found
        assert (found.id, len(opened)) == ("id-2", 2)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_segment_that_cannot_be_read_keeps_back_none_of_the_newest_but_its_own(
    tmp_path: Path, *, sealed: bool
) -> None:
    log = a_log(tmp_path)
    for number in range(3):
        log.record([a_record(number, NOON + timedelta(minutes=number))])
        if number < 2:
            log.close()
    place = files(tmp_path)[1 if sealed else 2]
    place.unlink()
    place.symlink_to(place)
    told = list[str]()
    assert [record.id for _, record in log.recent(damaged=told.append) if record] == (
        ["id-2", "id-0"] if sealed else ["id-1", "id-0"]
    )
    assert told == [str(place)]
    with pytest.raises(ValuationLogUnavailable, match="it is a link"):
        list(log.recent())


def test_a_line_that_was_changed_or_torn_is_passed_over_by_the_newest(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.record([a_record(number, NOON + timedelta(minutes=number)) for number in range(4)])
    [file] = files(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"visit-2", b"visit-9")  # it can be read, and is not what was recorded
    lines[3] = b"{}\n"
    file.write_bytes(b"".join(lines) + lines[1][:-9])
    told = list[str]()
    assert [record.id for _, record in log.recent(damaged=told.append) if record] == ["id-3", "id-0"]
    assert sorted(told) == [f"{file}, line 3", f"{file}, line 4"]


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path)])
@pytest.mark.parametrize("sealed", [True, False])
def test_what_stands_in_the_place_of_a_segment_is_named_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], None], *, sealed: bool
) -> None:
    log = a_log(tmp_path)
    ids = [new_valuation_id(NOON) for _ in range(2)]
    log.record([replace(a_record(1), id=ids[0])])
    log.close()
    log.record([replace(a_record(2), id=ids[1])])
    gone, kept_id = (files(tmp_path)[0], ids[1]) if sealed else (files(tmp_path)[1], ids[0])
    gone.unlink()
    make(gone)
    cause = f"{gone}: it cannot be read: it is a link, a pipe or the like, and no file"
    assert faults(tmp_path)[0] == cause
    about = list(log.about([kept_id]))
    assert [each.subject for each in about if isinstance(each, Entry)] == [kept_id]
    assert [f"{each.place}: {each.cause}" for each in about if isinstance(each, Damage)] == [cause]


class TestALine:
    """That holds no record."""

    def test_is_named(self, tmp_path: Path) -> None:
        log = a_log(tmp_path)
        log.record([VALUED, REFUSED])
        [file] = files(tmp_path)
        lines = file.read_bytes().splitlines(keepends=True)
        for altered in (
            b'{"n": 1}\n',
            lines[1].replace(b'"net_area":90.0', b'"net_area":-9.0'),
            b"\0" * 10 + b"\n",
        ):
            file.write_bytes(lines[0] + altered + lines[2])
            with pytest.raises(ValuationLogUnavailable, match=rf"{file.name}, line 2, is no record of a valuation"):
                list(log.records())

    def test_that_somebody_copied_and_changed_is_never_found_as_if_it_were_sound(self, tmp_path: Path) -> None:
        log = a_log(tmp_path)
        valued = replace(VALUED, id=new_valuation_id(NOON))
        log.record([replace(REFUSED, id=new_valuation_id(NOON))])
        log.close()
        log.record([valued])
        earlier, file = files(tmp_path)
        line = file.read_bytes().splitlines(keepends=True)[1]
        forged = line.replace(f'"value":{valued.value}'.encode(), b'"value":999999.0')
        earlier.chmod(0o600)
        for copy in (forged, b"{ " + forged[1:]):  # changed only, and not even written as entries are
            sound = earlier.read_bytes()
            earlier.write_bytes(sound + copy)
            one, other = log.about([valued.id])
            assert isinstance(one, Damage) or log.evidence_in(one) is None
            assert isinstance(other, Entry)
            assert log.evidence_in(other) == valued
            assert faults(tmp_path)
            earlier.write_bytes(sound)
        earlier.write_bytes(sound + forged)
        assert log.find(valued.id) == valued

    def test_that_is_longer_than_any_record_is_named_and_not_taken_into_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(whole_lines, "LONGEST_LINE", 10_000)
        log = a_log(tmp_path)
        one, other = (replace(each, id=new_valuation_id(NOON)) for each in (VALUED, REFUSED))
        log.record([one])
        [file] = files(tmp_path)
        file.write_bytes(file.read_bytes() + b"x" * 25_000 + b"\n")
        log.record([other])
        assert (log.find(one.id), log.find(other.id)) == (one, other)
        with pytest.raises(ValuationLogUnavailable, match="line 3, is no record"):
            list(log.records())
        assert faults(tmp_path) == [f"{file}, line 3: it is longer than any record"]

    def test_that_tells_of_another_valuation_than_its_content_is_found(self, tmp_path: Path) -> None:
        log = a_log(tmp_path)
        log.record([VALUED])
        [file] = files(tmp_path)
        header, line = file.read_bytes().splitlines(keepends=True)
        # Whoever holds the key can chain what he likes.
        opened = segments(log)[0].opened
        told = entry_in(line, file.stem)
        forged = Chain(file.stem, opened.genesis).next(told.kind, "another", told.at, told.content or b"")
        file.write_bytes(header + line_of(forged))
        [fault] = faults(tmp_path)
        assert f"{file}, line 2: it tells another valuation" in fault


def test_an_answered_valuation_survives_a_kill_of_the_process_at_any_moment(tmp_path: Path) -> None:
    # In a process of its own, for it has children that are copies of it.
    run("import sys; from tests.contracts.killed_processes import main; main(sys.argv[1])", tmp_path)


def test_a_full_disk_takes_all_valuations_of_a_request_or_none_and_is_survived(tmp_path: Path) -> None:
    # In a process of its own, for the limit on the size of files is the whole process's.
    script = """
import resource, sys
from pathlib import Path
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from tests.contracts.killed_processes import SOLD, a_log
from tests.fakes.records import a_record
folder = Path(sys.argv[1])
log = a_log(folder)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
def tried(*numbers):
    try:
        if numbers:
            log.record([a_record(f"id-{number}") for number in numbers])
        else:
            log.follow_up([SOLD])
    except ValuationLogUnavailable as error:
        sys.stdout.write(f"{error}\\n")
tried(1)
[file] = folder.glob("valuations-*")
size = file.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size * 5 // 2, hard))
tried(2, 3)
tried(4)
tried(5)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
tried()  # not even a segment can be opened
resource.setrlimit(resource.RLIMIT_FSIZE, ((folder / "register.jsonl").stat().st_size + 10, hard))
tried()  # nor be registered
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
tried(6, 7)
tried()
"""
    told = run(script, tmp_path).splitlines()
    assert len(told) == 4
    for line in told:
        assert line.startswith(f"Valuations cannot be recorded in {tmp_path}: ")
        assert "set valuation_log.path to another folder" in line
    assert kept(tmp_path) == ["id-1", "id-4", "id-6", "id-7"]
    assert len(list(a_log(tmp_path).follow_ups())) == 1
    assert (len(files(tmp_path)), len(files(tmp_path, "follow-ups"))) == (1, 1)
    assert faults(tmp_path) == []


def test_what_no_record_can_hold_is_not_found(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.record([VALUED])
    end_of_time = new_valuation_id(datetime.max.replace(tzinfo=UTC) - timedelta(minutes=1))
    assert (log.find("\udcff"), log.find(end_of_time), list(log.follow_ups("\udcff"))) == (None, None, [])
    assert list(log.records(client_ref="\udcff")) == []


def test_a_folder_that_cannot_be_made_or_listed_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = a_log(tmp_path / "file" / "valuations")
    with pytest.raises(ValuationLogUnavailable, match="file/valuations: not a directory"):
        log.record([VALUED])
    with pytest.raises(ValuationLogUnavailable, match="cannot be read: not a directory"):
        list(log.records())


class TestTheRegister:
    """Is there, or nothing goes on."""

    def test_loses_what_a_killed_process_left_of_an_event(self, tmp_path: Path) -> None:
        a_log(tmp_path).record([a_record(1)])
        register = tmp_path / "register.jsonl"
        whole = register.read_bytes()
        register.write_bytes(whole + whole[:-1])
        assert len(a_log(tmp_path).events()) == 1
        a_log(tmp_path).record([a_record(2)])
        assert len(a_log(tmp_path).events()) == 2
        assert faults(tmp_path) == []

    def test_that_is_gone_is_not_begun_anew_beside_segments(self, tmp_path: Path) -> None:
        log = a_log(tmp_path)
        log.record([a_record(1)])
        (tmp_path / "register.jsonl").unlink()
        other = a_log(tmp_path)
        for use in (log.check, log.tend, log.close, other.check, other.events, lambda: other.follow_up([SOLD])):
            with pytest.raises(ValuationLogUnavailable, match=r"register\.jsonl, is gone, and segments are there"):
                use()
        assert not (tmp_path / "register.jsonl").exists()

    def test_that_is_another_than_before_is_read_anew(self, tmp_path: Path) -> None:
        log, other = a_log(tmp_path / "log"), a_log(tmp_path / "other")
        log.record([a_record(1)])
        log.close()
        for number in range(3):
            other.record([a_record(number)])
            other.close()
        for file in (tmp_path / "log").glob("valuations-*"):
            file.unlink()
        for file in (tmp_path / "other").glob("valuations-*"):
            file.rename(tmp_path / "log" / file.name)
        # The number of a file that is gone may be given to the next.
        (tmp_path / "log" / "register.jsonl").write_bytes((tmp_path / "other" / "register.jsonl").read_bytes())
        assert [record.id for record in log.records()] == ["id-0", "id-1", "id-2"]
        log.record([a_record(3)])
        assert faults(tmp_path / "log") == []

    def test_names_a_line_that_was_altered(self, tmp_path: Path) -> None:
        log = a_log(tmp_path)
        log.record([a_record(1)])
        register = tmp_path / "register.jsonl"
        register.write_bytes(register.read_bytes().replace(b'"action":"opened"', b'"action":"Opened"'))
        for use in (log.events, a_log(tmp_path).tend, a_log(tmp_path).check):
            with pytest.raises(ValuationLogUnavailable, match=r"register\.jsonl, line 1, is no event"):
                use()

    def test_is_shared_by_all_who_open_segments_at_the_same_time(self, tmp_path: Path) -> None:
        logs = [a_log(tmp_path) for _ in range(6)]
        threads = [threading.Thread(target=log.record, args=([a_record(number)],)) for number, log in enumerate(logs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(segments(logs[0])) == 6
        assert faults(tmp_path) == []


class TestTakingAway:
    """What somebody may try who can write to the folder and has no key to sign with."""

    @pytest.fixture
    def log(self, tmp_path: Path, clock: FixedClock) -> JsonlValuationLog:
        log = a_log(tmp_path, clock.now)
        log.record([VALUED, REFUSED])
        log.tend(close_all=True)
        return log

    @staticmethod
    def registered(folder: Path, action: Action, segment: str) -> None:
        """An event that nobody has signed."""
        lines = (folder / "register.jsonl").read_bytes().splitlines()
        last = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(lines[-1])["event"]), type=RegisterEvent)
        event = RegisterEvent(last.number + 1, last.digest(), NOON, action, segment, numbers=(1,))
        with (folder / "register.jsonl").open("ab") as file:
            file.write(b'{"event":%b,"key":"test:a","signature":"0"}\n' % event.content())

    @pytest.mark.parametrize("action", ["pruned", "erased"])
    def test_is_not_finished_where_nobody_signed_it(
        self, tmp_path: Path, log: JsonlValuationLog, action: Action
    ) -> None:
        [file] = files(tmp_path)
        content = file.read_bytes()
        self.registered(tmp_path, action, file.stem)
        (tmp_path / "thinning.begun").touch()
        log.tend()
        assert not (tmp_path / "thinning.begun").exists()
        assert file.read_bytes() == content
        assert any("its signature is not that of its content" in fault for fault in faults(tmp_path))

    @pytest.mark.parametrize("action", ["opened", "pruned"])
    def test_never_reaches_another_folder(self, tmp_path: Path, action: Action) -> None:
        folder, outside = tmp_path / "valuations", tmp_path / "outside.jsonl"
        log = a_log(folder)
        log.record([VALUED])
        log.tend(close_all=True)
        outside.write_bytes(b"not ended")
        self.registered(folder, action, "../outside")
        (folder / "thinning.begun").touch()
        with pytest.raises(ValuationLogUnavailable, match=r"register\.jsonl, line 3, is no event"):
            log.tend()
        assert outside.read_bytes() == b"not ended"

    def test_is_not_pretended_while_another_process_seems_to_be_at_it(
        self, tmp_path: Path, log: JsonlValuationLog, clock: FixedClock
    ) -> None:
        [file] = files(tmp_path)
        whole = file.read_bytes()
        log.erase([VALUED.id], NOON, "operator", "asked")
        (tmp_path / "thinning.begun").touch()
        os.utime(tmp_path / "thinning.begun", (NOON.timestamp(), NOON.timestamp()))
        verify = VerifyEvidence(log, InMemoryEvidenceSigner())
        with FileLock(tmp_path / "thinning.lock"):
            put(file, whole.replace(b'"value":', b'"value":9', 1))
            assert "was changed" in verify().faults[0].said
            put(file, whole)
            assert (verify().faults, verify().untended) == ([], None)  # it may be so for some minutes
            clock.advance(timedelta(minutes=11))
            found = verify()
        assert [fault.number for fault in found.faults] == [1]
        assert "still has its content" in found.faults[0].said
        assert "since 2026-11-22 12:00 UTC, for another process holds" in str(found.untended)
        assert verify().sound

    def test_needs_a_lock_that_is_a_file(self, tmp_path: Path, log: JsonlValuationLog) -> None:
        (tmp_path / "thinning.lock").mkdir()
        (tmp_path / "thinning.begun").touch()
        for take in (log.tend, lambda: log.erase([VALUED.id], NOON, "operator", "asked")):
            with pytest.raises(ValuationLogUnavailable, match=r"thinning\.lock cannot be used: it is a link, a pipe"):
                take()

    def test_follows_no_link(self, tmp_path: Path, log: JsonlValuationLog) -> None:
        [file] = files(tmp_path)
        elsewhere = file.rename(tmp_path / "elsewhere")
        file.symlink_to(elsewhere)
        assert any("is a link" in fault for fault in faults(tmp_path))
        with pytest.raises(
            ValuationLogUnavailable, match=rf"{file.name}.*: it is a link, a pipe or the like, and no file\."
        ):
            log.erase([VALUED.id], NOON, "operator", "asked")
        assert (file.is_symlink(), len(log.events())) == (True, 2)


def test_what_lies_in_the_folder_and_is_no_segment_is_told(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.record([a_record(1)])
    [file] = files(tmp_path)
    (tmp_path / "valuations-20261122T120000Z-1-00.jsonl").write_bytes(file.read_bytes())
    (tmp_path / "copy.jsonl").write_bytes(file.read_bytes())
    (tmp_path / "2026-11-21-1-abcd.jsonl").write_bytes(b"")
    told = [Path(line).name for line in log.strangers()]
    assert told == [
        "2026-11-21-1-abcd.jsonl (written by an older Tasador, not chained: run `tasador audit adopt`)",
        "copy.jsonl",
        "valuations-20261122T120000Z-1-00.jsonl",
    ]


def put_long_ago(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, times=(then := NOON.timestamp() - 601, then))


class TestFilesOfAnOlderTasador:
    """Which knew of no segments."""

    @pytest.fixture
    def older(self, tmp_path: Path) -> list[ValuationRecord]:
        records = [replace(REFUSED, id=f"older-{day}", at=NOON - timedelta(days=2 - day), schema=1) for day in (0, 1)]
        for record in records:
            lines = msgspec.json.encode(record) + b"\n" + msgspec.json.encode(replace(record, id="torn"))[:-9]
            put_long_ago(tmp_path / f"{record.at.date()}-7-0a0b.jsonl", lines)
        return records

    def test_are_read(self, tmp_path: Path, older: list[ValuationRecord]) -> None:
        log = a_log(tmp_path)
        log.record([VALUED])
        assert list(log.records()) == [*older, VALUED]
        assert [record for _, record in log.recent()] == [VALUED, *reversed(older)]
        assert list(log.records(since=NOON - timedelta(days=1), until=NOON)) == older[1:]
        assert list(log.records(client_ref="none")) == []
        assert (log.find("older-1"), log.find("torn")) == (older[1], None)
        assert len(log.strangers()) == 2

    def test_are_erased_from_and_pruned(self, tmp_path: Path, older: list[ValuationRecord]) -> None:
        log = a_log(tmp_path)
        assert log.erase(["older-1"], NOON, "operator", "asked") == 1
        assert list(log.records()) == older[:1]
        assert log.prune(NOON, NOON, "operator", dry_run=True).entries == 1
        assert len(log.prune(NOON, NOON, "operator").segments) == 2
        assert list(log.records()) == []

    def test_are_adopted_and_from_then_on_like_all_others(self, tmp_path: Path, older: list[ValuationRecord]) -> None:
        log = a_log(tmp_path)
        log.record([VALUED])
        was = {path: path.read_bytes() for path in sorted(tmp_path.glob("2026-*"))}
        would = log.adopt(dry_run=True)
        assert (would.records, would.sources, would.left) == (2, tuple(map(str, was)), ())
        assert {path: path.read_bytes() for path in tmp_path.glob("2026-*")} == was
        assert log.adopt() == would
        assert (list(tmp_path.glob("2026-*")), faults(tmp_path)) == ([], [])
        opened = segments(log)[1].opened.segment
        assert opened.endswith("-of-2026-11-20-7-0a0b")
        [entry] = log.entries(opened)
        assert isinstance(entry, Entry)
        assert (entry.at, entry.content) == (older[0].at, next(iter(was.values())).splitlines()[0])
        assert list(log.records()) == [*older, VALUED]
        assert list(log.records(since=NOON - timedelta(days=1), until=NOON, client_ref=None)) == older[1:]
        assert (log.find("older-1"), log.find("torn")) == (older[1], None)
        assert log.adopt() == AdoptedEvidence()
        assert log.prune(NOON - timedelta(days=1), NOON, "operator").segments == (opened,)
        assert log.erase(["older-1"], NOON, "operator", "asked") == 1
        assert (list(log.records()), faults(tmp_path)) == ([VALUED], [])

    def test_that_are_adopted_while_they_are_read_are_read_once(
        self, tmp_path: Path, older: list[ValuationRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adoption, "_AT_ONCE", 1)
        more = [replace(older[1], id=f"more-{number}") for number in range(9)]
        put_long_ago(tmp_path / "2026-11-21-8-0c.jsonl", msgspec.json.Encoder().encode_lines(more))
        log = a_log(tmp_path, limits=SMALL)
        reading = log.records()
        assert next(reading) == older[0]
        assert log.adopt().records == 11
        assert len(files(tmp_path)) > 3
        assert list(reading) == [older[1], *more]
        assert list(log.records()) == [*older, *more]

    def test_that_come_back_from_a_backup_are_not_taken_twice_nor_bring_back_what_was_erased(
        self, tmp_path: Path, older: list[ValuationRecord]
    ) -> None:
        log = a_log(tmp_path)
        backup = {path: path.read_bytes() for path in tmp_path.glob("2026-*")}
        log.adopt()
        log.erase(["older-0"], NOON, "operator", "asked")
        for path, content in backup.items():
            put_long_ago(path, content)
        assert sorted(kept(tmp_path)) == ["older-0", "older-1"]
        assert log.adopt().records == 0
        assert (kept(tmp_path), faults(tmp_path)) == (["older-1"], [])

    def test_that_cannot_be_adopted_are_left_and_told_with_the_line(
        self, tmp_path: Path, older: list[ValuationRecord]
    ) -> None:
        line = msgspec.json.encode(older[0])
        log = a_log(tmp_path)
        log.record([a_record(1)])
        bad = {
            "1": (line + b"\n{}\n", ", line 2, is no record of an older Tasador"),
            "2": (line + b" \n", ", line 1, is no record of an older Tasador"),
            "3": (line.replace(b'Z"', b'"', 1) + b"\n", ", line 1, is no record of an older Tasador"),
            "4": (msgspec.json.encode(VALUED) + b"\n", ", line 1, is no record of an older Tasador"),
            "5": (line + b"\n" + line.replace(b"112", b"113") + b"\n", ", line 2, is another record of the valuation"),
            "6": (line.replace(b"older-0", b"id-1") + b"\n", " holds another record of the valuation id-1 than"),
        }
        for name, (content, _) in bad.items():
            put_long_ago(tmp_path / f"2026-11-20-{name}-0a.jsonl", content)
        os.utime(tmp_path / "2026-11-21-7-0a0b.jsonl", times=(then := NOON.timestamp() - 599, then))
        adopted = log.adopt()
        assert (adopted.records, len(adopted.sources)) == (1, 1)
        *left, written_to = adopted.left
        for (name, (_, told)), why in zip(bad.items(), left, strict=True):
            assert why.startswith(f"{tmp_path / f'2026-11-20-{name}-0a.jsonl'}{told}")
        assert "2026-11-21-7-0a0b.jsonl was written to within the last 10 minutes" in written_to
        assert len(list(tmp_path.glob("2026-*"))) == 7


class TestACheck:
    """Tells beforehand why nothing can be recorded."""

    def test_leaves_nothing_but_the_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "var" / "valuations"
        a_log(folder).check()
        assert oct(folder.stat().st_mode)[-3:] == "700"
        assert list(folder.iterdir()) == []

    def test_finds_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full:
            def __enter__(self) -> "Full":
                return self

            def __exit__(self, *_: object) -> None: ...

            def write(self, _: bytes) -> int:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
        with pytest.raises(ValuationLogUnavailable, match="no space left on device"):
            a_log(tmp_path).check()

    def test_and_recording_tell_of_a_signing_key_that_is_of_no_use(self, tmp_path: Path) -> None:
        key = tmp_path / "key.pem"
        key.write_text("spoilt")
        key.chmod(0o600)
        log = JsonlValuationLog(tmp_path / "valuations", Ed25519EvidenceSigner(key), lambda: NOON)
        for use in (log.check, lambda: log.record([VALUED])):
            with pytest.raises(ValuationLogUnavailable, match=r"recorded: The signing key .*key\.pem holds no"):
                use()
        assert list((tmp_path / "valuations").glob("valuations-*")) == []


class Flushes:
    """Flushes of the disk, each of which waits until it may go on."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_go_on = threading.Event()
        self.first = threading.Event()

    def __call__(self, _: int) -> None:
        self.begun += 1
        self.first.set()
        assert self.may_go_on.wait(30)


def test_who_records_at_the_same_time_shares_a_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = a_log(tmp_path, to_disk=True)
    log.record([a_record(0)])
    flushes = Flushes()
    monkeypatch.setattr(os, "fsync", flushes)
    threads = [threading.Thread(target=log.record, args=([a_record(number)],)) for number in range(1, 9)]
    threads[0].start()
    assert flushes.first.wait(30)
    for thread in threads[1:]:
        thread.start()
    for _ in range(10_000):
        if len(kept(tmp_path)) == 9:
            break
    flushes.may_go_on.set()
    for thread in threads:
        thread.join()
    assert flushes.begun in {2, 3}  # 3: a line can be in the file before the log has counted it


def test_after_a_flush_that_failed_a_new_segment_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    log = a_log(tmp_path, to_disk=True)
    log.record([a_record(1)])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(ValuationLogUnavailable, match="input/output error"):
            log.record([a_record(2)])
    log.record([a_record(3)])
    log.tend()
    assert len(files(tmp_path)) == 2
    assert faults(tmp_path) == []


class TestBestEffort:
    """Serves on where nothing can be recorded, and says so."""

    def test_counts_what_is_lost_and_tells_it_once_a_minute(self) -> None:
        told: list[dict[str, Any]] = []

        class Log:
            def error(self, event: str, **details: object) -> None:
                told.append({"event": event, **details})

        full = InMemoryValuationLog()
        full.full = True
        seconds = [0.0]
        log = BestEffortValuationLog(full, Log(), lambda: seconds[0])
        for moment in (0.0, 1.0, 59.9, 60.0, 61.0):
            seconds[0] = moment
            log.record([VALUED, REFUSED])
        assert log.lost == 10
        assert [each["lost"] for each in told] == [2, 8]
        assert "/srv/records" in told[0]["error"]
        full.full = False
        log.record([VALUED])
        assert (list(log.records()), log.lost) == ([VALUED], 10)


def test_to_open_a_segment_is_slow_and_what_follows_is_not(tmp_path: Path) -> None:
    log = JsonlValuationLog(tmp_path / "valuations", InMemoryEvidenceSigner(), lambda: NOON)
    assert log.is_slow
    log.record([VALUED])
    assert not log.is_slow
    log.close()
    assert log.is_slow


def test_a_signing_key_that_is_gone_is_told_and_not_replaced(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    log = JsonlValuationLog(tmp_path / "valuations", Ed25519EvidenceSigner(key), lambda: NOON)
    log.check()
    log.record([VALUED])
    key.unlink()
    with pytest.raises(ValuationLogUnavailable, match=r"no signing key .*key\.pem: .* restore it from a backup"):
        log.check()
    with pytest.raises(SecretUnavailable, match="There is no signing key"):
        log.tend(close_all=True)
    assert not key.exists()
