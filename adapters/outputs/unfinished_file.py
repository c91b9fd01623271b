"""A file that is written beside the place it is meant for, by one run at a time."""

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

from domain.errors import OutputBusy


class UnfinishedFile:
    """Made anew and locked until it is let go of: what a killed run left is cleared up, links are not followed.

    Who may read it is who may read the file `like` it, where there is one. The lock is on the file itself, since runs
    of two homes share nothing else. Raises OutputBusy where another run writes it, and OSError.
    """

    def __init__(self, path: Path, output: str, like: Path) -> None:
        self.path = path
        self._output = output
        self._mode = _mode_of(like)
        while True:
            with suppress(FileExistsError):
                self.descriptor = self._locked(os.O_CREAT | os.O_EXCL)
                if self._mode is not None:
                    os.fchmod(self.descriptor, self._mode)
                if self._is_in_its_place():
                    return
                os.close(self.descriptor)  # another run took it for what a killed one left, and is gone already
            self._clear_up()

    def put(self, target: Path) -> None:
        """Gives it its name. Raises OutputBusy where it is no longer what was written, and OSError."""
        if not self._is_in_its_place():
            raise self._busy()
        self.path.replace(target)

    def let_go(self) -> None:
        """Removes it, unless it has got its name."""
        with suppress(OSError):
            if self._is_in_its_place():
                self.path.unlink()
        os.close(self.descriptor)

    def _clear_up(self) -> None:
        """Removes what lies there, unless a run writes it."""
        if self.path.is_symlink():
            self.path.unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError):
            self.descriptor = self._locked(0)
            self.let_go()

    def _locked(self, flags: int) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | flags, 0o666 if self._mode is None else 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise self._busy() from None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _is_in_its_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.path.lstat())
        except FileNotFoundError:
            return False

    def _busy(self) -> OutputBusy:
        return OutputBusy(f"Another run is writing {self._output}. Wait for its end, or end it first.")


def _mode_of(file: Path) -> int | None:
    """Its permissions, None where there is no such file."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None
