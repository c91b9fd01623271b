"""Documents in files of their own: whole, or not at all. A reader sees the old file or the new one."""

import glob
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from domain.errors import DomainError

_OWNER_ALONE = 0o600
_EVERYONE = 0o666  # but for whom the umask leaves out
_DAY = 86_400.0


class OutputUnwritable(DomainError):
    """A file cannot be written where it was asked for."""


def check_writable(file: Path) -> None:
    """Tells before the long work whether a file can be put there. Raises OutputUnwritable.

    What commands that were killed left unfinished of it, a day ago or earlier, is removed.
    """
    with _named(file):
        whole = _resolved(file)
        if not whole.parent.exists():
            raise _unwritable(file, f"there is no folder {file.parent}, make it first")
        if whole.exists() and not whole.is_file():
            raise _unwritable(file, "it is there already and is no file")
        beside = _beside(whole)
        beside.touch(exist_ok=False)
        beside.unlink()
        for leftover in whole.parent.glob(f"{glob.escape(_beginning(whole))}*.tmp"):  # of a command that was killed
            with suppress(OSError):  # gone already, or another user's
                if leftover.stat().st_mtime < time.time() - _DAY:
                    leftover.unlink()


def write_json(file: Path, document: Any) -> None:
    """Puts one JSON document there, for nobody else to read. Raises OutputUnwritable."""
    write_whole(file, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def write_page(file: Path, page: str) -> None:
    """Puts a page there, to be shown to others. Raises OutputUnwritable."""
    with whole_file(file, _EVERYONE) as out:
        out.write(page.encode())


def write_whole(file: Path, content: bytes) -> None:
    """Puts this there, for nobody else to read. Raises OutputUnwritable."""
    with whole_file(file) as out:
        out.write(content)


@contextmanager
def whole_file(file: Path, mode: int = _OWNER_ALONE) -> Iterator[BinaryIO]:
    """Yields what to write to; it is in its place once the block ends well. Raises OutputUnwritable."""
    with _named(file):
        whole = _resolved(file)
        beside = _beside(whole)
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            beside.replace(whole)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Tells of errors under the name that the user gave."""
    try:
        yield
    except OSError as error:
        raise _unwritable(file, (error.strerror or str(error)).lower()) from error


def _resolved(file: Path) -> Path:
    try:
        return file.resolve()
    except RuntimeError as error:  # how pathlib tells of links that lead to themselves
        raise _unwritable(file, "it is a link that leads to itself") from error


def _beside(whole: Path) -> Path:
    """On the same disk, so that it can be moved into place; a link stays a link."""
    # At random: in a container, the process that was killed half-way may have had the number of this one.
    return whole.with_name(f"{_beginning(whole)}{secrets.token_hex(8)}.tmp")


def _beginning(whole: Path) -> str:
    return f".{whole.name[:200]}."


def _unwritable(file: Path, cause: str) -> OutputUnwritable:
    return OutputUnwritable(f"{file} cannot be written: {cause}.")
