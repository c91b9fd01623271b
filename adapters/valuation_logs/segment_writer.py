"""What a process writes: one segment after the other."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.durable_files import flush_folder
from adapters.valuation_logs.contents import Recorded
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_file import SegmentFile
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.segment_names import ENDING, Family, new_name

_REQUEST = "close.request"


def request_closing(folder: Path) -> None:
    """Asks all processes to close the segments that they have opened up to now. Raises OSError."""
    path = folder / _REQUEST
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    another = max(path.stat().st_mtime_ns + 1, time.time_ns())
    os.utime(path, ns=(another, another))


def _last_request(folder: Path) -> int:
    try:
        return (folder / _REQUEST).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


class SegmentWriter:
    """Writes evidence of one family; opens a segment at the first of it, and another once that one is due.

    Recording never closes: that takes time, and is left to `close`, which runs in another thread. Methods raise
    OSError, and what the register raises. source: the older file that the evidence is taken from, if it is.
    """

    def __init__(
        self,
        folder: Path,
        family: Family,
        register: RegisterFile,
        now: Callable[[], datetime],
        limits: SegmentLimits,
        *,
        to_disk: bool,
        source: str | None = None,
    ) -> None:
        self._folder = folder
        self._family = family
        self._register = register
        self._now = now
        self._limits = limits
        self._to_disk = to_disk
        self._source = source
        self._writing = threading.Lock()
        self._flushing = threading.Lock()
        self._closing = threading.Lock()
        self._segment: SegmentFile | None = None
        self._done: list[SegmentFile] = []
        self._request = 0

    @property
    def opens_next(self) -> bool:
        """Whether a segment has to be opened before anything is recorded, as far as that can be told at once."""
        segment = self._segment
        return segment is None or self._is_due(segment, self._now(), look=False)

    def record(self, evidence: Sequence[Recorded]) -> None:
        """All of it or none. Once it returns, it survives a kill of the process, or a loss of power if it is to."""
        with self._writing:
            now = self._now()
            segment = self._segment
            if segment is None or self._is_due(segment, now):
                self._leave()
                self._segment = segment = self._opened(now)
            end = segment.record(evidence)
        if self._to_disk:
            self._flush(segment, end)

    def _flush(self, segment: SegmentFile, end: int) -> None:
        try:
            with self._flushing:
                segment.flush(end)
        except OSError:
            with self._writing:
                if self._segment is segment:  # nobody knows any more what of it is on the disk
                    self._leave()
            raise

    def close(self, *, all_: bool = False) -> None:
        """Closes the segment if it is due, or anyway, and those that were left."""
        with self._writing:
            segment = self._segment
            asked = _last_request(self._folder) != self._request
            if segment and (all_ or asked or self._is_due(segment, self._now())):
                self._leave()
        with self._closing:
            for left in list(self._done):
                self._register_end(left)
                self._done.remove(left)

    def _is_due(self, segment: SegmentFile, now: datetime, *, look: bool = True) -> bool:
        """Whether it is to be left for another. look: also where its file is gone, which costs asking the system."""
        return (
            segment.size >= self._limits.size
            or now - segment.opened_at >= self._limits.age
            or now.astimezone(UTC).date() != segment.opened_at.date()
            or (look and not segment.is_there())
        )

    def _leave(self) -> None:
        if self._segment:
            self._done.append(self._segment)
            self._segment = None

    def _opened(self, now: datetime) -> SegmentFile:
        """A segment that is registered. Killed on the way, a process leaves a header without entries at most."""
        name = new_name(self._family, now, self._source)
        path = self._folder / f"{name}{ENDING}"
        with self._register.changing() as register:
            self._request = _last_request(self._folder)
            opening = register.prepared("opened", name, now)
            segment = SegmentFile(path, now)
            try:
                segment.begin(opening.event.genesis)
                flush_folder(self._folder)
                register.add(opening)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
        return segment

    def _register_end(self, segment: SegmentFile) -> None:
        segment.seal()
        with self._register.changing() as register:
            known = register.get(segment.chain.segment)
            if known and known.is_open:  # else somebody has taken the whole folder away
                register.add(
                    register.prepared(
                        "closed",
                        segment.chain.segment,
                        self._now(),
                        entries=segment.chain.entries,
                        link=segment.chain.link,
                        first_at=segment.first_at,
                        last_at=segment.last_at,
                    )
                )
