"""Valuations on record in files: what becomes of them when something goes wrong."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.valuation_logs.best_effort import BestEffortValuationLog
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from domain.errors import ValuationLogUnavailable
from tests.contracts.test_valuation_log import NOON, REFUSED, VALUED, a_record
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog

REPOSITORY = Path(__file__).parents[2]


def kept(folder: Path) -> list[str]:
    return [record.id for record in JsonlValuationLog(folder).records()]


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def test_a_record_is_one_line_of_json(tmp_path: Path) -> None:
    JsonlValuationLog(tmp_path).record([VALUED, REFUSED])
    [file] = tmp_path.iterdir()
    assert file.name.startswith(f"2026-11-22-{os.getpid()}-")
    assert file.read_bytes().count(b"\n") == 2
    assert file.read_bytes().endswith(b"}\n")


def test_each_day_has_a_file_of_its_own(tmp_path: Path) -> None:
    log = JsonlValuationLog(tmp_path)
    for hours in (0, 11, 12, 36):
        log.record([a_record(hours, NOON + timedelta(hours=hours))])
    assert sorted(file.name[:10] for file in tmp_path.iterdir()) == ["2026-11-22", "2026-11-23", "2026-11-24"]


def test_files_and_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "valuations"
    JsonlValuationLog(folder).record([VALUED])
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(file.stat().st_mode)[-3:] for file in folder.iterdir()} == {"600"}


def test_no_two_logs_write_to_the_same_file(tmp_path: Path) -> None:
    for number in range(3):
        JsonlValuationLog(tmp_path).record([a_record(number)])
    assert len(list(tmp_path.iterdir())) == 3
    assert sorted(kept(tmp_path)) == ["id-0", "id-1", "id-2"]


def test_nothing_is_made_before_there_is_something_to_record(tmp_path: Path) -> None:
    log = JsonlValuationLog(tmp_path / "valuations")
    log.record([])
    assert list(log.records()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_is_taken_away_is_made_anew(tmp_path: Path, whole: bool) -> None:
    folder = tmp_path / "valuations"
    log = JsonlValuationLog(folder)
    log.record([a_record(1)])
    [file] = folder.iterdir()
    file.unlink()
    if whole:
        folder.rmdir()
    log.record([a_record(2)])
    assert kept(folder) == ["id-2"]


def test_a_file_that_is_moved_away_gets_no_more_records(tmp_path: Path) -> None:
    folder, archive = tmp_path / "valuations", tmp_path / "archive.jsonl"
    log = JsonlValuationLog(folder)
    log.record([a_record(1)])
    [file] = folder.iterdir()
    file.rename(archive)
    log.record([a_record(2)])
    assert kept(folder) == ["id-2"]
    assert archive.read_bytes().count(b"\n") == 1


def test_what_a_killed_process_left_of_a_line_is_left_out(tmp_path: Path) -> None:
    JsonlValuationLog(tmp_path).record([a_record(1), a_record(2)])
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    JsonlValuationLog(tmp_path).record([a_record(3)])
    assert sorted(kept(tmp_path)) == ["id-1", "id-3"]


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    log = JsonlValuationLog(tmp_path)
    log.record([VALUED, REFUSED])
    [file] = tmp_path.iterdir()
    for altered in (
        (file.read_bytes().splitlines(keepends=True)[0]) + b'{"id": 1}\n',
        file.read_bytes().replace(b'"net_area":90.0', b'"net_area":-9.0', 1),
        b"\0" * 10 + b"\n",
    ):
        file.write_bytes(altered)
        with pytest.raises(ValuationLogUnavailable, match=rf"{file.name}, line \d, is no record of a valuation"):
            list(log.records())


@pytest.mark.parametrize("to_disk", [False, True])
def test_an_answered_valuation_survives_a_kill_of_the_process(tmp_path: Path, to_disk: bool) -> None:
    script = """
import sys
from pathlib import Path
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from tests.contracts.test_valuation_log import a_record
log = JsonlValuationLog(Path(sys.argv[1]), to_disk=sys.argv[2] == "True")
number = 0
while True:
    log.record([a_record(number), a_record(number + 1)])
    sys.stdout.write(f"id-{number}\\nid-{number + 1}\\n")
    sys.stdout.flush()
    number += 2
"""
    command = [sys.executable, "-c", script, str(tmp_path), str(to_disk)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        answered = [process.stdout.readline().strip() for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        answered += process.stdout.read().split("\n")[:-1]
    assert set(answered) <= set(kept(tmp_path))


def test_a_full_disk_takes_all_valuations_of_a_request_or_none_and_is_survived(tmp_path: Path) -> None:
    # In a process of its own, for the limit on the size of files is the whole process's.
    script = """
import resource, sys
from pathlib import Path
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from domain.errors import ValuationLogUnavailable
from tests.contracts.test_valuation_log import a_record
log = JsonlValuationLog(Path(sys.argv[1]))
def tried(*numbers):
    try:
        log.record([a_record(number) for number in numbers])
    except ValuationLogUnavailable as error:
        sys.stdout.write(f"{error}\\n")
tried(1)
size = sum(file.stat().st_size for file in Path(sys.argv[1]).iterdir())
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size * 5 // 2, hard))
tried(2, 3)
tried(4)
tried(5)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
tried(6, 7)
"""
    told = run(script, tmp_path).splitlines()
    assert len(told) == 2
    for line in told:
        assert line.startswith(f"Valuations cannot be recorded in {tmp_path}: ")
        assert "set valuation_log.path to another folder" in line
    assert kept(tmp_path) == ["id-1", "id-4", "id-6", "id-7"]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made_or_listed_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = JsonlValuationLog(tmp_path / "file" / "valuations")
    with pytest.raises(ValuationLogUnavailable, match="file/valuations: not a directory"):
        log.record([VALUED])
    with pytest.raises(ValuationLogUnavailable, match="cannot be read: not a directory"):
        list(log.records())


def test_a_check_leaves_nothing_but_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "valuations"
    JsonlValuationLog(folder).check()
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert list(folder.iterdir()) == []


def test_a_check_finds_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    with pytest.raises(ValuationLogUnavailable, match="no space left on device"):
        JsonlValuationLog(tmp_path).check()


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
    log = JsonlValuationLog(tmp_path, to_disk=True)
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


def test_after_a_flush_that_failed_a_new_file_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    log = JsonlValuationLog(tmp_path, to_disk=True)
    log.record([a_record(1)])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(ValuationLogUnavailable, match="input/output error"):
            log.record([a_record(2)])
    log.record([a_record(3)])
    assert len(list(tmp_path.iterdir())) == 2


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
