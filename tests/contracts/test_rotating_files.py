"""The files of the logs: no line is lost, twice or torn while they are closed, whoever writes and whatever fails."""

import io
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.log_sinks.age_encryption import AgeDecryption, AgeEncryption
from adapters.log_sinks.closed_files import ClosedFiles, Encrypt
from adapters.log_sinks.file_names import Closed, FileNames
from adapters.log_sinks.rotating_files import RotatingFile
from domain.errors import LogFolderUnavailable
from tests.fakes.fixed_clock import FixedClock

REPOSITORY = Path(__file__).parents[2]
LATE = datetime(2026, 11, 22, 23, 59, 59, 500_000, tzinfo=UTC)
TODAY = "2026-11-22"
LARGE = 2**30
IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


class Log:
    """A log under test, in `folder`, with what it says of itself in `told`."""

    def __init__(
        self,
        folder: Path,
        most_bytes: float = LARGE,
        keep: int = 1000,
        clock: FixedClock | None = None,
        encrypt: Encrypt | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock or FixedClock()
        self.told: list[tuple[str, dict[str, object]]] = []
        self.file = RotatingFile(ClosedFiles(FileNames(folder, "tasador"), keep, encrypt), most_bytes, self.clock.now)
        self.file.reports_to(lambda what, **details: self.told.append((what, details)))

    def write(self, *lines: str) -> None:
        for line in lines:
            self.file.take("tasador", "info", self.clock.now(), line.encode(), {})

    def names(self) -> list[str]:
        self.file.close(10.0)
        return sorted(path.name for path in self.folder.iterdir())


def encrypted(folder: Path, most_bytes: float = 1, keep: int = 1000, clock: FixedClock | None = None) -> Log:
    return Log(folder, most_bytes, keep, clock, AgeEncryption([RECIPIENT]).encrypt)


def lines(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text().splitlines()


def everything(folder: Path) -> list[str]:
    """Every line of all files, whatever they are called."""
    found: list[str] = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        content = pyrage.decrypt(content, [IDENTITY]) if path.suffix == ".age" else content
        found += content.decode().splitlines()
    return found


class TestAFile:
    def test_is_closed_at_midnight(self, tmp_path: Path) -> None:
        log = Log(tmp_path, clock=FixedClock(LATE))
        log.write("before")
        log.clock.advance(timedelta(seconds=1))
        log.write("after")
        log.clock.advance(timedelta(days=1))
        log.write("a day later")
        assert lines(tmp_path, "tasador-2026-11-22.0001.log") == ["before"]
        assert lines(tmp_path, "tasador-2026-11-23.0001.log") == ["after"]
        assert lines(tmp_path, "tasador-2026-11-24.log") == ["a day later"]
        assert len(log.names()) == 3

    def test_is_closed_when_it_is_full(self, tmp_path: Path) -> None:
        log = Log(tmp_path, most_bytes=20)
        log.write("first", "second", "third", "fourth", "a line of more than twenty letters", "last")
        assert [lines(tmp_path, name) for name in log.names()] == [
            ["first", "second", "third"],
            ["fourth"],
            ["a line of more than twenty letters"],
            ["last"],
        ]
        assert log.names()[0] == f"tasador-{TODAY}.0001.log"
        assert log.names()[-1] == f"tasador-{TODAY}.log"

    @given(
        st.lists(st.text("ab", max_size=9), max_size=15), st.integers(1, 40), st.lists(st.integers(0, 1), max_size=15)
    )
    def test_holds_its_lines_in_their_order_whoever_wrote_them(
        self, tmp_path_factory: pytest.TempPathFactory, written: list[str], most_bytes: int, writers: list[int]
    ) -> None:
        folder = tmp_path_factory.mktemp("logs")
        logs = [Log(folder, most_bytes), Log(folder, most_bytes)]
        for number, line in enumerate(written):
            logs[writers[number] if number < len(writers) else 0].write(line)
        assert everything(folder) == written
        assert all(
            path.stat().st_size <= most_bytes or len(path.read_text().splitlines()) == 1 for path in folder.iterdir()
        )

    def test_is_named_after_the_local_day(self, tmp_path: Path) -> None:
        clock = FixedClock(LATE.astimezone(timezone(timedelta(hours=-3))))
        Log(tmp_path, clock=clock).write("before")
        clock.advance(timedelta(hours=2))
        log = Log(tmp_path, clock=clock)
        log.write("still before")
        assert log.names() == [f"tasador-{TODAY}.log"]

    def test_of_an_earlier_day_is_closed_at_the_start(self, tmp_path: Path) -> None:
        for name in ("tasador-2026-11-19.log", "tasador-2026-11-20.log", "keys-2026-11-20.log", f"tasador-{TODAY}.log"):
            (tmp_path / name).write_text("line\n")
        log = Log(tmp_path)
        log.file.prepare()
        assert log.names() == [
            "keys-2026-11-20.log",
            "tasador-2026-11-19.0001.log",
            "tasador-2026-11-20.0001.log",
            f"tasador-{TODAY}.log",
        ]

    def test_takes_a_number_that_was_never_taken(self, tmp_path: Path) -> None:
        for taken in ("0001.log.gz", "0007.log.age", "0003.log"):
            (tmp_path / f"tasador-{TODAY}.{taken}").write_bytes(b"")
        assert FileNames(tmp_path, "tasador").next_of(TODAY) == Closed(TODAY, 8)

    def test_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        folder = tmp_path / "var" / "logs"
        encrypted(folder).write("first", "second")
        assert oct(folder.stat().st_mode)[-3:] == "700"
        assert {oct(file.stat().st_mode)[-3:] for file in folder.iterdir()} == {"600"}

    @pytest.mark.parametrize("away", [Path.unlink, lambda path: path.rename(path.with_name("moved"))])
    def test_that_is_deleted_or_moved_is_made_anew(self, tmp_path: Path, away: Callable[[Path], object]) -> None:
        log = Log(tmp_path)
        log.write("first")
        away(tmp_path / f"tasador-{TODAY}.log")
        log.write("second")
        assert lines(tmp_path, f"tasador-{TODAY}.log") == ["second"]

    def test_whose_folder_is_deleted_is_made_anew(self, tmp_path: Path) -> None:
        log = Log(tmp_path / "logs")
        log.write("first")
        (tmp_path / "logs" / f"tasador-{TODAY}.log").unlink()
        (tmp_path / "logs").rmdir()
        log.write("second")
        assert everything(tmp_path / "logs") == ["second"]

    def test_that_cannot_be_closed_now_is_written_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        log = Log(tmp_path, most_bytes=10)
        monkeypatch.setattr(Path, "rename", refuse)
        log.write("first", "second", "third")
        path = tmp_path / f"tasador-{TODAY}.log"
        assert lines(tmp_path, path.name) == ["first", "second", "third"]
        assert log.told == [("log files cannot be closed", {"file": str(path), "reason": "Operation not permitted"})]


class TestClosedFiles:
    def test_stay_as_many_as_are_kept_and_nothing_else_is_touched(self, tmp_path: Path) -> None:
        others = ["keys-2026-11-01.0001.log", "notes.log", "tasador-2026-11-01.0001.log.gz", "tasador.log"]
        for name in others:
            (tmp_path / name).write_text("")
        log = Log(tmp_path, most_bytes=1, keep=2)
        log.write("1", "2", "3", "4", "5")
        log.names()
        log.write("6")
        kept = set(log.names()) - set(others)
        assert kept == {f"tasador-{TODAY}.0004.log", f"tasador-{TODAY}.0005.log", f"tasador-{TODAY}.log"}
        assert set(others) < set(log.names())

    def test_are_encrypted(self, tmp_path: Path) -> None:
        log = encrypted(tmp_path)
        log.write("first", "second")
        assert log.names() == [f"tasador-{TODAY}.0001.log.age", f"tasador-{TODAY}.log"]
        assert b"first" not in (tmp_path / f"tasador-{TODAY}.0001.log.age").read_bytes()
        assert everything(tmp_path) == ["first", "second"]

    def test_that_are_encrypted_are_kept_as_long_as_others(self, tmp_path: Path) -> None:
        log = encrypted(tmp_path, keep=2)
        log.write("1", "2", "3", "4")
        log.names()
        log.write("5")
        assert log.names() == [f"tasador-{TODAY}.000{number}.log.age" for number in (3, 4)] + [f"tasador-{TODAY}.log"]

    def test_that_a_killed_process_left_are_encrypted_at_the_next_start(self, tmp_path: Path) -> None:
        for name, content in {
            "tasador-2026-11-21.log": b"nobody closed it\n",
            f"tasador-{TODAY}.0001.log": b"only closed\n",
            f"tasador-{TODAY}.0002.log": b"half encrypted\n",
            f".tasador-{TODAY}.0002.log.age.tmp": b"age-encrypt",
            f"tasador-{TODAY}.0003.log": b"wholly encrypted, and not removed\n",
            f"tasador-{TODAY}.0003.log.age": pyrage.encrypt(b"wholly", [IDENTITY.to_public()]),
            f".tasador-{TODAY}.0009.log.age.tmp": b"of a file that is gone",
        }.items():
            (tmp_path / name).write_bytes(content)
        log = encrypted(tmp_path)
        log.file.prepare()
        assert log.names() == ["tasador-2026-11-21.0001.log.age"] + [
            f"tasador-{TODAY}.000{number}.log.age" for number in (1, 2, 3)
        ]
        assert everything(tmp_path) == [
            *("nobody closed it", "only closed", "half encrypted", "wholly encrypted, and not removed"),
        ]

    @pytest.mark.parametrize("size", [5, 70_000, 300_000])
    @pytest.mark.parametrize("room", [0, 100, 65_536, 150_000])
    def test_stay_plain_where_there_is_no_room_to_encrypt_them(self, tmp_path: Path, size: int, room: int) -> None:
        class Disk(io.BytesIO):
            def write(self, piece: object) -> int:
                if self.tell() + len(memoryview(piece)) > room:  # type: ignore[arg-type]
                    raise OSError(28, "No space left on device")
                return super().write(piece)  # type: ignore[arg-type]

        target, reason = Disk(), None
        try:
            AgeEncryption([RECIPIENT]).encrypt(io.BytesIO(b"x" * size), target)
        except OSError as error:
            reason = error.strerror
        assert reason == "No space left on device" or pyrage.decrypt(target.getvalue(), [IDENTITY]) == b"x" * size

    def test_that_cannot_be_encrypted_stay_and_are_told_of(self, tmp_path: Path) -> None:
        fails = [True]

        def encrypt(source: object, target: object) -> None:
            if fails:
                raise OSError(28, "No space left on device")
            AgeEncryption([RECIPIENT]).encrypt(source, target)  # type: ignore[arg-type]

        log = Log(tmp_path, most_bytes=1, encrypt=encrypt)
        log.write("first", "second")
        assert log.names() == [f"tasador-{TODAY}.0001.log", f"tasador-{TODAY}.log"]
        assert log.told == [("closed log files cannot be seen to", {"reason": "No space left on device"})]
        fails.clear()
        log.write("third")
        assert log.names()[:2] == [f"tasador-{TODAY}.0001.log.age", f"tasador-{TODAY}.0002.log.age"]

    def test_take_no_line_once_they_are_being_encrypted(self, tmp_path: Path) -> None:
        """A process that was halted between looking and writing finds out when it goes on."""
        late, other = encrypted(tmp_path, LARGE), encrypted(tmp_path, 1)
        late.write("first")
        other.write("second")
        assert other.names() == [f"tasador-{TODAY}.0001.log.age", f"tasador-{TODAY}.log"]
        late.write("third")
        assert everything(tmp_path) == ["first", "second", "third"]


class TestAFolderThatCannotBeWrittenTo:
    @pytest.mark.parametrize("under", ["", "logs", "var/logs"])
    def test_is_told_by_name_at_the_start(self, tmp_path: Path, under: str) -> None:
        (tmp_path / "file").write_text("")
        folder = tmp_path / "file" / under
        with pytest.raises(LogFolderUnavailable, match=r"set logging\.directory to another folder") as raised:
            Log(folder).file.prepare()
        assert str(raised.value).startswith(f"the logs cannot be written to {folder}: ")
        assert str(raised.value).isprintable()

    def test_for_one_of_its_files_is_told_by_the_name_of_that(self, tmp_path: Path) -> None:
        blocked = tmp_path / f"tasador-{TODAY}.log"
        blocked.mkdir()
        with pytest.raises(LogFolderUnavailable, match=r"is a directory; make it writable") as raised:
            Log(tmp_path).file.prepare()
        assert str(raised.value).startswith(f"the logs cannot be written to {blocked}: ")


class TestAWriteThatFails:
    """Nobody notices but the operator: what is to be served is served."""

    def test_loses_the_line_is_counted_and_told_once_as_is_that_it_goes_on(self, tmp_path: Path) -> None:
        path = tmp_path / f"tasador-{TODAY}.log"
        path.symlink_to("/dev/full")
        log = Log(tmp_path)
        log.file.prepare()
        log.write("1", "2", "3")
        assert log.file.lost == 3
        begun = ("log lines are being lost", {"file": str(path), "reason": "No space left on device"})
        assert log.told == [begun]
        path.unlink()
        log.write("4", "5")
        assert log.told == [begun, ("log lines were lost", {"file": str(path), "lines": 3})]
        assert (log.file.lost, lines(tmp_path, path.name)) == (3, ["4", "5"])

    def test_because_the_file_was_closed_opens_it_anew(self, tmp_path: Path) -> None:
        log = Log(tmp_path)
        log.write("first")
        assert log.file._file
        log.file._file.close()
        log.write("second")
        assert (log.file.lost, lines(tmp_path, f"tasador-{TODAY}.log")) == (0, ["first", "second"])

    def test_where_the_folder_is_gone_at_midnight_is_survived(self, tmp_path: Path) -> None:
        folder = tmp_path / "logs"
        log = Log(folder, clock=FixedClock(LATE))
        log.write("before")
        folder.rename(tmp_path / "moved")
        folder.write_text("no folder")
        log.clock.advance(timedelta(seconds=1))
        log.write("lost")
        assert log.file.lost == 1
        folder.unlink()
        log.write("after")
        assert lines(folder, "tasador-2026-11-23.log") == ["after"]

    @pytest.mark.parametrize("by_another", [False, True])
    def test_half_way_leaves_the_next_line_whole_whoever_writes_it(self, tmp_path: Path, by_another: bool) -> None:
        log = Log(tmp_path)
        log.write("first")
        if by_another:
            Log(tmp_path).write("second")
        with (tmp_path / f"tasador-{TODAY}.log").open("a") as file:
            file.write("hal")
        log.write("third")
        assert lines(tmp_path, f"tasador-{TODAY}.log")[-2:] == ["hal", "third"]


def write_all(number: int, log: Log) -> None:
    for line in range(200):
        log.write(f"{number} {line}")


def written_by(writers: int, each: int) -> Counter[str]:
    return Counter(f"{writer} {line}" for writer in range(writers) for line in range(each))


class TestManyWriters:
    @pytest.mark.parametrize("make", [Log, encrypted])
    def test_in_one_process_lose_no_line_while_files_are_closed(self, tmp_path: Path, make: Callable[..., Log]) -> None:
        logs = [make(tmp_path, 500), make(tmp_path, 500)]
        threads = [threading.Thread(target=write_all, args=(number, logs[number % 2])) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for log in logs:
            log.names()
        assert Counter(filter(None, everything(tmp_path))) == written_by(4, 200)

    def test_in_one_process_all_go_on_at_midnight(self, tmp_path: Path) -> None:
        log = Log(tmp_path, clock=FixedClock(LATE))

        def write(number: int) -> None:
            for line in range(200):
                log.write(f"{number} {line}")
                log.clock.advance(timedelta(milliseconds=1))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(everything(tmp_path)) == written_by(4, 200)
        assert log.names() == [f"tasador-{TODAY}.0001.log", "tasador-2026-11-23.log"]

    def test_in_several_processes_lose_no_line_though_some_are_killed(self, tmp_path: Path) -> None:
        script = f"""
import sys
from datetime import datetime
from pathlib import Path
from adapters.log_sinks.age_encryption import AgeEncryption
from adapters.log_sinks.closed_files import ClosedFiles
from adapters.log_sinks.file_names import FileNames
from adapters.log_sinks.rotating_files import RotatingFile
now = datetime(2026, 11, 22)
names = FileNames(Path(sys.argv[1]) / "logs", "tasador")
log = RotatingFile(ClosedFiles(names, 1000, AgeEncryption([{RECIPIENT!r}]).encrypt), 2000, lambda: now)
told = open(Path(sys.argv[1]) / sys.argv[2], "wb", buffering=0)
for number in range(int(sys.argv[3])):
    log.take("tasador", "info", now, (f"{{sys.argv[2]}} {{number}}" + "." * 60).encode(), {{}})
    told.write(b".")
    if number == 100:
        print(flush=True)
log.close(10)
"""
        command = [sys.executable, "-c", script, str(tmp_path)]
        writers = [
            subprocess.Popen([*command, str(number), str(most)], cwd=REPOSITORY, stdout=subprocess.PIPE)
            for number, most in enumerate((400, 10**9, 10**9))
        ]
        for writer in writers:
            assert writer.stdout
            writer.stdout.readline()
        for writer in writers[1:]:
            writer.kill()
        for writer in writers:
            writer.communicate()
        last = Log(tmp_path / "logs", encrypt=AgeEncryption([RECIPIENT]).encrypt)
        last.file.prepare()
        assert {Path(name).suffix for name in last.names()} == {".age", ".log"}
        assert writers[0].returncode == 0
        found = Counter(
            line.rstrip(".") for line in everything(tmp_path / "logs") if re.fullmatch(r"\d \d+\.{60}", line)
        )
        told = {number: (tmp_path / str(number)).stat().st_size for number in range(3)}
        expected = {f"{writer} {line}" for writer, lines_told in told.items() for line in range(lines_told)}
        assert expected <= set(found)
        assert set(found.values()) == {1}


class TestDecryption:
    """What the command line says of files that it cannot decrypt is in tests/cli/test_logs.py."""

    @pytest.mark.parametrize("armoured", [False, True])
    @given(st.binary(max_size=200), st.integers(0, 2))
    def test_gives_back_what_was_encrypted(
        self, tmp_path_factory: pytest.TempPathFactory, armoured: bool, content: bytes, others: int
    ) -> None:
        folder = tmp_path_factory.mktemp("logs")
        recipients = [pyrage.x25519.Identity.generate().to_public() for _ in range(others)] + [IDENTITY.to_public()]
        (folder / "file").write_bytes(pyrage.encrypt(content, recipients, armored=armoured))
        (folder / "key.txt").write_text(f"# created: 2026-11-22\n# public key: {RECIPIENT}\n{IDENTITY}\n")
        target = io.BytesIO()
        AgeDecryption(folder / "key.txt").decrypt(folder / "file", target)
        assert target.getvalue() == content
