"""Segments that a process which is no more has left open."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.valuation_logs.entry_lines import entry_in, header_of, is_torn
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_names import ENDING, has_entries, segments_in
from adapters.valuation_logs.whole_lines import lines_in, opened

_WRITABLE, _SEALED = 0o600, 0o400


@dataclass(slots=True)
class _Remains:
    """What whole lines say: where they end in the file, and the end of their chain as they tell it."""

    link: str
    size: int = 0
    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


def close_left(folder: Path, register: RegisterFile, now: Callable[[], datetime]) -> None:
    """Closes the segments that are open in the register and that no process writes to.

    A segment whose file is gone stays open: nobody can say how much was in it. Raises OSError, and what the register
    raises.
    """
    for segment, known in register.segments().items():
        if known.is_open:
            path = folder / f"{segment}{ENDING}"
            with _unlocked(path) as is_left:
                if is_left:
                    _close(path, register, now)


def remove_unregistered(folder: Path, register: RegisterFile) -> None:
    """Removes files that hold no entry and are in no register: a process was killed while it opened them."""
    known = register.segments()
    suspects = [path for path in segments_in(folder) if path.stem not in known and not has_entries(path)]
    if not suspects:
        return
    with register.changing() as change:  # no process opens a segment meanwhile
        for path in suspects:
            if change.get(path.stem) is None:
                path.unlink(missing_ok=True)


@contextmanager
def _unlocked(path: Path) -> Iterator[bool]:
    """Whether the file is there and no process writes to it; none else takes it for its own until the context ends."""
    try:
        file = opened(path)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.EINVAL, errno.ELOOP}:
            raise
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            yield False
        else:
            yield True


def _close(path: Path, register: RegisterFile, now: Callable[[], datetime]) -> None:
    """Of what was altered meanwhile, the last readable entry is taken for the end: verification finds the rest."""
    known = register.segments().get(path.stem)
    if known is None or not known.is_open:  # another process was quicker
        return
    header = header_of(path.stem, known.genesis)
    remains = _read(path, known.genesis)
    if remains.size < path.stat().st_size or not remains.size:
        path.chmod(_WRITABLE)
        with path.open("r+b") as file:
            file.truncate(remains.size)
            if not remains.size:
                file.write(header)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(_SEALED)
    with register.changing() as change:
        known = change.get(path.stem)
        if known and known.is_open:
            change.add(
                change.prepared(
                    "closed",
                    path.stem,
                    now(),
                    entries=remains.entries,
                    link=remains.link,
                    first_at=remains.first_at,
                    last_at=remains.last_at,
                )
            )


def _read(path: Path, genesis: str) -> _Remains:
    remains = _Remains(genesis)
    with opened(path) as file:
        for line in lines_in(file):
            if line is None:
                remains.size = file.tell()
                continue
            if not line.endswith(b"\n") and is_torn(line, path.stem):
                break
            remains.size = file.tell()
            try:
                entry = entry_in(line, path.stem)
            except ValueError:
                continue
            remains.entries, remains.link = entry.number, entry.link
            remains.first_at = min(remains.first_at or entry.at, entry.at)
            remains.last_at = max(remains.last_at or entry.at, entry.at)
    return remains
