"""Log files that nobody writes to any more: encrypted where that is wanted, and removed when there are newer ones."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from adapters.durable_files import flush_folder
from adapters.log_sinks.file_names import Closed, FileNames
from application.ports.log_sink import Report

Encrypt = Callable[[BinaryIO, BinaryIO], None]


class ClosedFiles:
    """Closes the files of a log, and sees to those that are closed: the newest `keep` stay.

    Several processes do so at once. The folder itself is the lock under which files are closed, so that there is none
    that could be deleted, and none that outlives a killed process.
    """

    def __init__(self, names: FileNames, keep: int, encrypt: Encrypt | None = None) -> None:
        self.names = names
        self.encrypts = encrypt is not None
        self._keep = keep
        self._encrypt = encrypt
        self._report: Report | None = None
        self._lock = threading.Lock()
        self._is_asked = False
        self._thread: threading.Thread | None = None

    def reports_to(self, report: Report) -> None:
        """Says through `report` what goes wrong when files are seen to."""
        self._report = report

    def close(self, day: date, is_full: Callable[[int], bool] = bool) -> bool:
        """Gives the day's file the name of a closed one, where that is so large still when nobody else closes files.

        False where another process is at it. Raises OSError.
        """
        with _alone_in(self.names.folder) as alone:
            if alone:
                self._close(str(day), is_full)
        return alone

    def close_before(self, day: date) -> bool:
        """The same of the files of all earlier days."""
        with _alone_in(self.names.folder) as alone:
            if alone:
                for each in self.names.open_before(day):
                    self._close(each, lambda _: True)
        return alone

    def _close(self, day: str, is_full: Callable[[int], bool]) -> None:
        path = self.names.open_on(day)
        try:
            if is_full(path.stat().st_size):
                path.rename(self.names.plain(self.names.next_of(day)))
        except FileNotFoundError:  # nobody has written to it since another process closed it
            return

    def see_to(self) -> None:
        """Encrypts and removes files in a thread of its own, where there is anything to do. Raises OSError."""
        with self._lock:
            self._is_asked = True
            if self._thread is None and self._is_anything_to_do():
                self._thread = threading.Thread(target=self._see_to_all, name="closed logs", daemon=True)
                self._thread.start()

    def finish(self, seconds: float) -> None:
        """Gives what is being done so much time to end; what is not done then is done the next time."""
        if thread := self._thread:
            thread.join(seconds)

    def _is_anything_to_do(self) -> bool:
        is_any_plain = self.encrypts and bool(self.names.closed(plain=True))
        return is_any_plain or len(self.names.closed()) > self._keep

    def _see_to_all(self) -> None:
        while True:
            with self._lock:
                if not self._is_asked:
                    self._thread = None
                    return
                self._is_asked = False
            try:
                self._remove_old()
                self._encrypt_new()
            except OSError as error:
                if self._report:
                    self._report("closed log files cannot be seen to", reason=error.strerror or str(error))

    def _remove_old(self) -> None:
        for closed in self.names.closed()[: -self._keep]:
            for path in (self.names.plain(closed), self.names.encrypted(closed)):
                path.unlink(missing_ok=True)
        for path in self.names.forsaken():
            path.unlink(missing_ok=True)

    def _encrypt_new(self) -> None:
        if self._encrypt:
            for closed in self.names.closed(plain=True):
                self._encrypt_one(closed, self._encrypt)

    def _encrypt_one(self, closed: Closed, encrypt: Encrypt) -> None:
        """Puts the encrypted file in the place of the plain one, which goes when the other is whole and on the disk.

        Whoever is killed half-way leaves the plain one, and whoever comes next begins anew.
        """
        plain, temporary = self.names.plain(closed), self.names.half_encrypted(closed)
        try:
            source = plain.open("rb")
        except FileNotFoundError:  # another process was faster
            return
        with source:
            # Waits for those who were about to write a last line there, and for another process that encrypts it.
            fcntl.flock(source, fcntl.LOCK_EX)
            if not _is_under(plain, os.fstat(source.fileno()).st_ino):
                return
            try:
                with open(temporary, "wb", opener=_private) as target:
                    encrypt(source, target)
                    target.flush()
                    os.fsync(target.fileno())
                temporary.rename(self.names.encrypted(closed))
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            flush_folder(plain.parent)
            plain.unlink(missing_ok=True)


def _is_under(path: Path, inode: int) -> bool:
    """Whether it is this file that has the name."""
    try:
        return path.stat().st_ino == inode
    except FileNotFoundError:
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Whether nobody else closes files in the folder until the end; there is no waiting for those who do."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
