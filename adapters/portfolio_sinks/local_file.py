"""An output that is a file of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.durable_files import flush_folder
from adapters.portfolio_sinks.outputs import OutputPlace, WholeOutput
from domain.errors import OutputUnavailable

_BUFFER = 2**20


class LocalFile(OutputPlace):
    """Written beside its place under a hidden name, always the same, so that the next run clears up after a killed one.

    A symbolic link is followed, not replaced.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The whole path."""
        return str(self._target)

    def check(self) -> None:
        """Raises OutputUnavailable: no folder, no permission, something else than a file is there."""
        target = self._target
        with self._told():
            if not target.parent.is_dir():
                raise self._refusal(f"there is no folder {target.parent}", "Make it, or name another")
            if target.is_dir():
                raise self._refusal("it is a folder", "Name a file in it")
            if target.exists() and not target.is_file():
                raise self._refusal("it is a device or a pipe", "Name a file, or - for standard output")
            if target.exists() and not os.access(target, os.W_OK):
                raise self._refusal("it is write-protected", "Name another")
            if not os.access(target.parent, os.W_OK | os.X_OK):
                raise self._refusal(f"nothing may be written to the folder {target.parent}", "Name another")

    @contextmanager
    def opened(self) -> Iterator[WholeOutput]:
        """A file with the permissions of what the user writes otherwise."""
        target = self._target
        unfinished = target.with_name(f".{target.name}.unfinished")
        with self._told():
            unfinished.unlink(missing_ok=True)
            # Made by this very call: a link that somebody put there is not followed.
            file = os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb", _BUFFER)
        try:
            yield WholeOutput(file, self._told)
            with self._told():
                file.flush()
                os.fsync(file.fileno())
                file.close()
                unfinished.replace(target)
                flush_folder(target.parent)
        finally:
            with suppress(OSError):  # it fails again where the disk is full
                file.close()
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    @property
    def _target(self) -> Path:
        return Path(os.path.realpath(self._path))

    def _refusal(self, why: str, remedy: str) -> OutputUnavailable:
        return OutputUnavailable(f"{self._target} cannot be written: {why}. {remedy}.")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise self._refusal(why, "Make room there, or see that it may be written") from error
