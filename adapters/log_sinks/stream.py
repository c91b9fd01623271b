"""Lines on standard error, which a reader may never read."""

import os
import select
import threading
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from io import UnsupportedOperation
from typing import TextIO

from application.ports.log_sink import LogSink, Report

_SECONDS_BETWEEN_WRITES = 0.02
_SECONDS_BETWEEN_LOOKS = 0.002


class StreamSink(LogSink):
    """Writes lines to a stream in a thread of its own, so that a pipe that nobody empties holds up nobody.

    `most_waiting` lines wait at most; what comes beyond is lost and counted. (A pipe could also be told not to block,
    but that would hold for every other process that writes to it.) A stream in memory is written to at once.
    """

    def __init__(self, stream: TextIO, most_waiting: int) -> None:
        self._stream = stream
        self._most_waiting = most_waiting
        self._report: Report | None = None
        self._lines: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._is_awake = threading.Event()
        self._thread: threading.Thread | None = None
        self._in_hand = 0
        self._lost = self._lost_lately = 0
        self._is_in_memory = _is_in_memory(stream)

    @property
    def name(self) -> str:
        """`stderr`."""
        return "stderr"

    @property
    def waiting(self) -> int:
        """How many lines are not written yet."""
        return len(self._lines) + self._in_hand

    @property
    def lost(self) -> int:
        """How many lines were too many, or could not be written."""
        return self._lost

    def reports_to(self, report: Report) -> None:
        """Says through `report` when lines are lost."""
        self._report = report

    def prepare(self) -> None:
        """Does nothing: the thread begins with the first line."""

    def take(self, log: str, level: str, at: datetime, line: bytes, event: Mapping[str, object]) -> None:  # noqa: ARG002
        """Takes the line, or counts it."""
        if self._is_in_memory:
            self._write_at_once(line)
            return
        if len(self._lines) >= self._most_waiting:
            self._lose(1, "it is not read")
            return
        self._lines.append(line + b"\n")
        if not self._is_awake.is_set():
            self._is_awake.set()
            if self._thread is None:
                self._begin()

    def close(self, seconds: float) -> None:
        """Waits so long for what is not written yet, and says how much was lost where nobody has read on."""
        until = time.monotonic() + seconds
        while self.waiting and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if self._lost_lately and self._report:
            self._report("log lines were lost", place=self.name, lines=self._lost_lately)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="standard error", daemon=True)
                self._thread.start()

    def _write_all(self) -> None:
        while True:
            self._is_awake.wait()
            self._is_awake.clear()
            are_written = True
            while self._lines:
                are_written = self._are_written(self._some())
            if self._lost_lately and are_written:
                self._go_on()
            # What comes meanwhile is written together: to wake up for each line would take longer than to write it.
            time.sleep(_SECONDS_BETWEEN_WRITES)

    def _some(self) -> list[bytes]:
        """The lines to be written next: no more than a pipe takes in one piece, whoever else writes to it."""
        some: list[bytes] = []
        length = 0
        while self._lines and (not some or length + len(self._lines[0]) <= select.PIPE_BUF):
            self._in_hand += 1
            line = self._lines.popleft()
            length += len(line)
            some.append(line)
        return some

    def _are_written(self, lines: list[bytes]) -> bool:
        rest = memoryview(b"".join(lines))
        try:
            while rest:
                rest = rest[os.write(self._stream.fileno(), rest) :]
        except (OSError, ValueError) as error:  # nobody reads it any more, or it is closed
            self._lose(len(lines), getattr(error, "strerror", None) or str(error))
            return False
        finally:
            self._in_hand = 0
        return True

    def _write_at_once(self, line: bytes) -> None:
        try:
            self._stream.write(line.decode() + "\n")
        except (OSError, ValueError) as error:
            self._lose(1, getattr(error, "strerror", None) or str(error))

    def _lose(self, lines: int, reason: str) -> None:
        with self._lock:
            is_first = not self._lost_lately
            self._lost += lines
            self._lost_lately += lines
        if is_first and self._report:
            self._report("log lines are being lost", place=self.name, reason=reason)

    def _go_on(self) -> None:
        with self._lock:
            lines, self._lost_lately = self._lost_lately, 0
        if self._report:
            self._report("log lines were lost", place=self.name, lines=lines)


def _is_in_memory(stream: TextIO) -> bool:
    try:
        stream.fileno()
    except UnsupportedOperation:
        return True
    except (OSError, ValueError):  # closed
        return False
    return False
