"""A log in files on the disk, one a day and another whenever one is full, written by many processes at once."""

import errno
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

from adapters.log_sinks.closed_files import ClosedFiles
from adapters.log_sinks.shared_file import SharedFile
from application.ports.log_sink import LogSink, Report
from domain.errors import LogFolderUnavailable

_MOST_ATTEMPTS = 100
_SECONDS_OFF = 1.0
"""So long is waited after a file could not be closed: until then lines go on into it, however large it grows."""


class RotatingFile(LogSink):
    """The log's file of the day, by the local date at the moment of writing. Safe for many threads and processes.

    A line is one write at the end of the file, whoever else writes there. A file is closed by giving it another name
    (`ClosedFiles`): whoever has it open sees at the next line that it is no longer the one under its name. One that is
    deleted is made anew. A line that cannot be written is lost and counted: a full disk must not stop the service.
    """

    def __init__(self, closed: ClosedFiles, most_bytes: float, now: Callable[[], datetime]) -> None:
        self._closed = closed
        self._names = closed.names
        self._most_bytes = most_bytes
        self._now = now
        self._report: Report | None = None
        self._lock = threading.Lock()
        self._day = date.min
        self._path = ""
        self._file: SharedFile | None = None
        self._are_older_open = False
        self._closes_from = 0.0
        self._is_put_off = False
        self._untold: OSError | None = None
        self._lost = self._lost_lately = 0

    @property
    def name(self) -> str:
        """That of its log, `tasador_file` or `keys_file`."""
        return f"{self._names.log}_file"

    @property
    def waiting(self) -> int:
        """0: a line is in its file when `take` returns."""
        return 0

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return self._lost

    def reports_to(self, report: Report) -> None:
        """Says through `report` when lines are lost."""
        self._report = report
        self._closed.reports_to(report)

    def prepare(self) -> None:
        """Closes what earlier days have left, and looks whether lines can be written. Raises LogFolderUnavailable."""
        folder = self._names.folder
        try:
            with self._lock:
                self._turn_to(self._now().date())
                if self._file is None and self._names.open_on(self._day).exists():
                    self._open()
                else:
                    tempfile.TemporaryFile(dir=folder).close()
                self._close_older()
            self._closed.see_to()
        except OSError as error:
            # A file that is there may be another user's: a command that was run by root made it.
            named = Path(str(error.filename or folder))
            place = named if named.parent == folder and os.path.lexists(named) else folder
            raise LogFolderUnavailable(
                f"the logs cannot be written to {place}: {(error.strerror or str(error)).lower()}; "
                "make it writable, or set logging.directory to another folder."
            ) from None

    def take(self, log: str, level: str, at: datetime, line: bytes, event: Mapping[str, object]) -> None:  # noqa: ARG002
        """Appends the line."""
        try:
            with self._lock:
                self._append(line + b"\n", at)
        except OSError as error:
            self._lose(error)
        else:
            if self._lost_lately:
                self._go_on()
            if self._untold:
                self._tell()

    def close(self, seconds: float) -> None:
        """Lets what is done with closed files come to its end."""
        self._closed.finish(seconds)

    def _lose(self, error: OSError) -> None:
        with self._lock:
            self._lost += 1
            self._lost_lately += 1
            is_first = self._lost_lately == 1
        if is_first and self._report:
            self._report("log lines are being lost", file=self._path, reason=error.strerror or str(error))

    def _go_on(self) -> None:
        with self._lock:
            lines, self._lost_lately = self._lost_lately, 0
        if lines and self._report:
            self._report("log lines were lost", file=self._path, lines=lines)

    def _tell(self) -> None:
        with self._lock:
            error, self._untold = self._untold, None
        if error and self._report:
            self._report("log files cannot be closed", file=self._path, reason=error.strerror or str(error))

    def _append(self, line: bytes, at: datetime) -> None:
        if at.date() != self._day:
            self._turn_to(self._now().date())
        if self._are_older_open and time.monotonic() >= self._closes_from:
            self._close_older()
        for _ in range(_MOST_ATTEMPTS):
            file = self._file or self._open()
            try:
                size = file.size_if_current()
                if size is None or (size + len(line) > self._most_bytes and size and self._is_closed(len(line))):
                    self._let_go()
                    continue
                file.append(line, size)
            except OSError as error:
                self._let_go()
                if error.errno != errno.EBADF:  # somebody has closed it
                    raise
            else:
                return
        raise OSError(errno.EAGAIN, "its name goes from file to file")

    def _is_closed(self, further: int) -> bool:
        """Whether the full file is closed now, by whatever process; where it cannot be, it is filled further."""
        if time.monotonic() < self._closes_from:
            return False
        try:
            if not self._closed.close(self._day, lambda size: size + further > self._most_bytes):
                return False
            self._is_put_off = False
            self._closed.see_to()
        except OSError as error:
            self._put_off(error)
            return False
        return True

    def _close_older(self) -> None:
        try:
            if self._closed.close_before(self._day):
                self._are_older_open = self._is_put_off = False
                self._closed.see_to()
        except OSError as error:
            self._put_off(error)

    def _put_off(self, error: OSError) -> None:
        self._closes_from = time.monotonic() + _SECONDS_OFF
        if not self._is_put_off:
            self._is_put_off, self._untold = True, error

    def _turn_to(self, day: date) -> None:
        if day != self._day:
            self._let_go()
            self._names.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._day, self._path = day, str(self._names.open_on(day))
            self._are_older_open = True

    def _open(self) -> SharedFile:
        self._names.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = SharedFile(self._path, is_guarded=self._closed.encrypts)
        return self._file

    def _let_go(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
