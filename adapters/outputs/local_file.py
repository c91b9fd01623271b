"""An output that is a file of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.durable_files import flush_folder
from adapters.outputs.output_place import OutputPlace, WholeOutput
from adapters.outputs.unfinished_file import UnfinishedFile
from domain.errors import OutputUnavailable

_BUFFER = 2**20


class LocalFile(OutputPlace):
    """Written beside its place under a hidden name, always the same, so that the next run clears up after a killed one.

    A symbolic link in its place is followed, not replaced.
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
        """A file that those may read who may read the one that it replaces. Raises OutputBusy."""
        target = self._target
        with self._told():
            unfinished = UnfinishedFile(target.with_name(f".{target.name}.unfinished"), self.name, target)
        file = os.fdopen(unfinished.descriptor, "wb", _BUFFER, closefd=False)
        try:
            yield WholeOutput(file, self._told)
            with self._told():
                file.flush()
                os.fsync(unfinished.descriptor)
                unfinished.put(target)
                flush_folder(target.parent)
        finally:
            with suppress(OSError):  # it fails again where the disk is full
                file.close()
            unfinished.let_go()

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
