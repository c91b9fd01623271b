"""Folders that outlive a crash."""

import errno
import os
from pathlib import Path

_PRIVATE = 0o700
_USUAL = 0o777


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
    flush(folder.parent)


def flush(folder: Path) -> None:
    """Once this returns, what was put into `folder` survives a crash. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
