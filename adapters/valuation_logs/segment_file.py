"""The file of a segment while it is written: by one process, which holds a lock on it until it is closed or killed."""

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.valuation_logs.contents import Recorded
from adapters.valuation_logs.entry_lines import header_of, line_of
from domain.evidence_chain import Chain

_SEALED = 0o400


class SegmentFile:
    """A file that nobody else writes to, the chain in it, and how much of it is on the disk, in bytes.

    Methods raise OSError. They are not for several threads at once, but for `flush`, which may go on beside others.
    """

    def __init__(self, path: Path, opened_at: datetime) -> None:
        self.path = path
        self.opened_at = opened_at.astimezone(UTC)
        self.chain = Chain(path.stem, "")
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.size = 0
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._inode = os.fstat(self._descriptor).st_ino
        self._on_disk = 0
        self._torn = False

    def __del__(self) -> None:
        # A thread may still flush what another has closed: the last one who uses it ends it, and the lock with it.
        with suppress(AttributeError, OSError):
            os.close(self._descriptor)

    def begin(self, genesis: str) -> None:
        """Writes the header."""
        self._append(header_of(self.path.stem, genesis))
        self.chain = Chain(self.path.stem, genesis)

    def is_there(self) -> bool:
        """Whether the file still has its name: one that was moved takes lines that nobody looks for."""
        try:
            return os.lstat(self.path).st_ino == self._inode  # a microsecond of every valuation
        except FileNotFoundError:
            return False

    def record(self, evidence: Sequence[Recorded]) -> int:
        """Where the file ends with these. Raises OSError, and leaves nothing of them."""
        chain, lines = self.chain, []
        for each in evidence:
            entry = chain.next(each.kind, each.subject, each.at, each.content)
            lines.append(line_of(entry))
            chain = chain.after(entry)
        end = self._append(b"".join(lines))
        self.chain = chain
        times = [each.at for each in evidence]
        self.first_at = min(self.first_at or times[0], *times)
        self.last_at = max(self.last_at or times[0], *times)
        return end

    def _append(self, lines: bytes) -> int:
        if self._torn:
            self._cut()
        self._torn = True
        written = os.write(self._descriptor, lines)
        if written < len(lines):
            self._cut()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self.size += written
        return self.size

    def _cut(self) -> None:
        """Takes away what a full disk has left of lines."""
        os.ftruncate(self._descriptor, self.size)
        self._torn = False

    def flush(self, end: int) -> None:
        """Sees that the file is on the disk up to here."""
        if self._on_disk < end:
            written = self.size
            os.fsync(self._descriptor)
            self._on_disk = written

    def seal(self) -> None:
        """Sees that all of it is on the disk and that nobody writes to it by mistake. The lock stays."""
        if self._torn:
            self._cut()
        self.flush(self.size)
        os.fchmod(self._descriptor, _SEALED)
