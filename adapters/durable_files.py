"""Files and folders that outlive a crash."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PRIVATE = 0o700
_USUAL = 0o777


@contextmanager
def written(temporary: tuple[int, str], content: bytes) -> Iterator[Path]:
    """Yields a temporary file, a descriptor and a name as `mkstemp` gives them, with `content` in it and on the disk.

    The caller puts it into place, and flushes the folder then. What still has the name afterwards is removed, also
    where anything fails. Raises OSError.
    """
    descriptor, name = temporary
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def make_folder(folder: Path, mode: int = _PRIVATE) -> None:
    """Makes a folder for the owner alone, and those above it with the usual permissions.

    One that is there already stays as it is. Raises OSError.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, _USUAL)
    try:
        folder.mkdir(mode)
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Once this returns, what was put into `folder` survives a crash. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
