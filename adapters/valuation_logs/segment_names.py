"""The files of a folder of evidence, by their names."""

import os
import re
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

Family = Literal["valuations", "follow-ups"]
"""What is kept apart, so that all follow-ups can be read without all valuations."""
ENDING = ".jsonl"
UNDER_WAY = "thinning.begun"
"""The file that is there while what is registered as erased or pruned may still be there too."""

_SEGMENT = re.compile(r"(valuations|follow-ups)-[0-9]{8}T[0-9]{6}Z-[0-9]+-[0-9a-f]+")
_OLDER = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-[0-9]+-[0-9a-f]+")
_LONGEST_HEADER = 200


def new_name(family: Family, at: datetime) -> str:
    """A name that no other process gives, on whatever machine."""
    return f"{family}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}-{secrets.token_hex(6)}"


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
    return path.stat().st_size > _LONGEST_HEADER


def day_of_older(path: Path) -> date | None:
    """The (UTC) day of a file that an older Tasador wrote, None where it is none such."""
    match = _OLDER.fullmatch(path.stem) if path.suffix == ENDING else None
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
