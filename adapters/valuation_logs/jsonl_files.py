"""Valuations on record in files of JSON lines."""

import errno
import os
import secrets
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date
from heapq import merge
from operator import attrgetter
from pathlib import Path

import msgspec

from adapters.durable_files import flush_folder
from application.ports.valuation_log import ValuationLog
from domain.errors import DomainError, ValuationLogUnavailable
from domain.valuation_record import ValuationRecord

_ENDING = ".jsonl"


class JsonlValuationLog(ValuationLog):
    """A file a process and (UTC) day in one folder, `<YYYY-MM-DD>-<process id>-<random>.jsonl`, a record a line.

    No two processes ever write to the same file, on whatever machines. The records of a request are one write, so that
    a process that is killed takes none with it that it has answered; with `to_disk` they are also on the disk before
    `record` returns (threads that record at the same time share one flush), and survive a loss of power. A file that is
    deleted or moved away is made anew. Folder and files are for their owner alone.
    """

    def __init__(self, folder: Path, *, to_disk: bool = False) -> None:
        self._folder = folder
        self._to_disk = to_disk
        self._writing = threading.Lock()
        self._flushing = threading.Lock()
        self._encoder = msgspec.json.Encoder()
        self._file: _File | None = None

    @property
    def is_slow(self) -> bool:
        """Whether a disk is waited for."""
        return self._to_disk

    @property
    def lost(self) -> int | None:
        """None: what cannot be recorded is refused."""
        return None

    def check(self) -> None:
        """Makes the folder and writes a byte there, in a file without a name. Raises ValuationLogUnavailable.

        Asking for permissions would miss a full disk, and a folder that not even root can write to.
        """
        try:
            _make(self._folder)
            with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                file.write(b"\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Appends the records. Raises ValuationLogUnavailable, naming the folder; none is in the file then."""
        if not records:
            return
        lines = self._encoder.encode_lines(records)
        try:
            with self._writing:
                file = self._file_of(records[0].at.astimezone(UTC).date())
                end = file.append(lines)
            if self._to_disk:
                self._flush(file, end)
        except OSError as error:
            raise self._unwritable(error) from error

    def _flush(self, file: "_File", end: int) -> None:
        try:
            with self._flushing:
                file.flush(end)
        except OSError:
            self._file = None  # nobody knows any more what of it is on the disk
            raise

    def records(self) -> Iterator[ValuationRecord]:
        """Every whole record of all files, by the time of recording. Raises ValuationLogUnavailable."""
        try:
            files = sorted(file for file in self._folder.iterdir() if file.suffix == _ENDING)
        except FileNotFoundError:
            return iter(())
        except OSError as error:
            raise self._unreadable(error) from error
        return merge(*(self._records_in(file) for file in files), key=attrgetter("at"))

    def _records_in(self, path: Path) -> Iterator[ValuationRecord]:
        decoder = msgspec.json.Decoder(ValuationRecord)
        try:
            with path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.endswith(b"\n"):  # else a killed process left it, and nobody was told of the valuation
                        yield _decoded(decoder, line, f"{path}, line {number}")
        except OSError as error:
            raise self._unreadable(error) from error

    def _unwritable(self, error: OSError) -> ValuationLogUnavailable:
        return ValuationLogUnavailable(
            f"Valuations cannot be recorded in {self._folder}: {(error.strerror or str(error)).lower()}. Make room "
            "there or make it writable, or set valuation_log.path to another folder."
        )

    def _unreadable(self, error: OSError) -> ValuationLogUnavailable:
        return ValuationLogUnavailable(
            f"The recorded valuations in {self._folder} cannot be read: {(error.strerror or str(error)).lower()}."
        )

    def _file_of(self, day: date) -> "_File":
        file = self._file
        if file is None or file.day != day or not file.is_there():
            self._file = file = _new_file(self._folder, day)
            if self._to_disk:
                flush_folder(self._folder)
        return file


class _File:
    """A file that nobody else writes to, and how much of it is written and on the disk, in bytes."""

    def __init__(self, path: Path, descriptor: int, day: date) -> None:
        self.day = day
        self._path = path
        self._descriptor = descriptor
        self._inode = os.fstat(descriptor).st_ino
        self._written = 0
        self._on_disk = 0
        self._torn = False

    def __del__(self) -> None:
        # A thread may still flush what another has closed the day of: the last one who uses it ends it.
        with suppress(OSError):
            os.close(self._descriptor)

    def is_there(self) -> bool:
        """Whether the file still has its name: one that was moved takes lines that nobody looks for."""
        try:
            return self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def append(self, lines: bytes) -> int:
        """Where the file ends with these lines. Raises OSError, and leaves nothing of them."""
        if self._torn:
            self._cut()
        self._torn = True
        written = os.write(self._descriptor, lines)
        if written < len(lines):
            self._cut()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self._written += written
        return self._written

    def _cut(self) -> None:
        """Takes away what a full disk has left of lines."""
        os.ftruncate(self._descriptor, self._written)
        self._torn = False

    def flush(self, end: int) -> None:
        """Sees that the file is on the disk up to here. Raises OSError."""
        if self._on_disk < end:
            written = self._written
            os.fsync(self._descriptor)
            self._on_disk = written


def _new_file(folder: Path, day: date) -> _File:
    _make(folder)
    path = folder / f"{day}-{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return _File(path, descriptor, day)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _decoded(decoder: "msgspec.json.Decoder[ValuationRecord]", line: bytes, place: str) -> ValuationRecord:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, DomainError):
        raise ValuationLogUnavailable(
            f"{place}, is no record of a valuation: it was altered, or another version of Tasador wrote it."
        ) from None
