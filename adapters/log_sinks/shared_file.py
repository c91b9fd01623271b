"""A file that many processes append lines to, and that one of them may close."""

import errno
import fcntl
import os
import time
from contextlib import suppress

_PAUSES = 0.0002, 0.0005, 0.001


class SharedFile:
    """The file at `path`, open, made with mode 0600 where there is none; one thread at a time. All raises OSError.

    `is_guarded`: it may be encrypted and removed once it is closed, so from `size_if_current` to `append` or `close` it
    is held by a lock that whoever encrypts it waits for.
    """

    def __init__(self, path: str, *, is_guarded: bool) -> None:
        self._path = path
        self._is_guarded = is_guarded
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = os.fstat(self._descriptor)
        self._identity = found.st_dev, found.st_ino
        self._end = 0

    def size_if_current(self) -> int | None:
        """The size in bytes, where the file still is the one at its path."""
        try:
            if self._is_guarded:
                fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            found = os.stat(self._path)  # noqa: PTH116  twice as fast as a Path's
        except (BlockingIOError, FileNotFoundError):  # the former: it is closed, and being encrypted
            return None
        return found.st_size if (found.st_dev, found.st_ino) == self._identity else None

    def append(self, line: bytes, size: int) -> None:
        """Appends a line to the file, which has just had this size."""
        if size not in (0, self._end) and self._ends_in_half_a_line(size):
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end = size + written
        if self._is_guarded:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _ends_in_half_a_line(self, size: int) -> bool:
        """Whether a full disk or a killed process has left half a line, and not one that is just being written."""
        if os.pread(self._descriptor, 1, size - 1) == b"\n":
            return False
        for pause in _PAUSES:
            time.sleep(pause)
            if os.fstat(self._descriptor).st_size != size:
                return False
        return True

    def close(self) -> None:
        """Lets go of the file, which no other process notices."""
        with suppress(OSError):
            os.close(self._descriptor)
