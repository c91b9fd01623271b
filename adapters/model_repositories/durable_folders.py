"""Folders that outlive a crash, and what a crash leaves in them."""

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
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def remove_unfinished(folder: Path) -> None:
    """Removes the temporary files of `private_file.replace` that killed processes left in `folder`.

    Only for one who keeps all other writers out. Raises OSError.
    """
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
