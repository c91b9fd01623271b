"""The files of a folder of evidence, by their names."""

import os
import re
import secrets
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

Family = Literal["valuations", "follow-ups"]
"""What is kept apart, so that all follow-ups can be read without all valuations."""
ENDING = ".jsonl"
UNDER_WAY = "thinning.begun"
"""The file that is there while what is registered as erased or pruned may still be there too."""
LONGEST_THINNING = timedelta(minutes=10)
"""For so long that is taken for what a process is just at. Who may write here could pretend it for ever."""

_OLDER = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-[0-9]+-[0-9a-f]+")
_SEGMENT = re.compile(rf"(?:valuations|follow-ups)-[0-9]{{8}}T[0-9]{{6}}Z-[0-9]+-[0-9a-f]+(?:-of-({_OLDER.pattern}))?")
_LONGEST_HEADER = 250


def new_name(family: Family, at: datetime, source: str | None = None) -> str:
    """A name that no other process gives, on whatever machine. source: the older file that the records are of."""
    name = f"{family}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}-{secrets.token_hex(6)}"
    return f"{name}-of-{source}" if source else name


def source_of(segment: str) -> str | None:
    """The name, without its ending, of the older file that the records of a segment were taken from; else None."""
    match = _SEGMENT.fullmatch(segment)
    return match[1] if match else None


def is_of(segment: str, family: Family) -> bool:
    """Whether a segment of this name is of this family."""
    return segment.startswith(f"{family}-")


def is_segment(name: str) -> bool:
    """Whether segments have names such as this."""
    return _SEGMENT.fullmatch(name) is not None


def segments_in(folder: Path) -> list[Path]:
    """The files that look like segments. Raises OSError."""
    try:
        return [path for path in folder.iterdir() if path.suffix == ENDING and is_segment(path.stem)]
    except FileNotFoundError:
        return []


def has_entries(path: Path) -> bool:
    """Whether there is more in the file than a header, which an opening that was killed may leave. Raises OSError."""
    return path.lstat().st_size > _LONGEST_HEADER


def day_of_older(path: Path) -> date | None:
    """The (UTC) day of a file that an older Tasador wrote, None where it is none such."""
    match = _OLDER.fullmatch(path.stem) if path.suffix == ENDING else None
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
