"""A report on disk: whole, or not at all."""

import os
from pathlib import Path

from domain.errors import DomainError


class ReportUnwritable(DomainError):
    """The report cannot be written where it was asked for."""


def check_writable(file: Path) -> None:
    """Tells before the long work whether a report can be put there. Raises ReportUnwritable."""
    try:
        if not file.resolve().parent.exists():
            raise _refused(file, f"there is no folder {file.parent}, make it first")
        if file.exists() and not file.is_file():
            raise _refused(file, "it is there already and is no file")
        beside = _beside(file)
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise _unwritable(file, error) from error
    except RuntimeError as error:  # how pathlib tells of links that lead to themselves
        raise _refused(file, "it is a link that leads to itself") from error


def write_report(file: Path, page: str) -> None:
    """Puts the page there at once: a reader sees the old report or the new one. Raises ReportUnwritable."""
    beside = _beside(file)
    try:
        with beside.open("x", encoding="utf-8") as out:
            out.write(page)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file.resolve())
    except OSError as error:
        raise _unwritable(file, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    """On the same disk, so that it can be moved into place; a link stays a link."""
    whole = file.resolve()
    return whole.with_name(f".{whole.name[:200]}.{os.getpid()}.tmp")


def _unwritable(file: Path, error: OSError) -> ReportUnwritable:
    return _refused(file, (error.strerror or str(error)).lower())


def _refused(file: Path, why: str) -> ReportUnwritable:
    return ReportUnwritable(f"The report cannot be written to {file}: {why}.")
