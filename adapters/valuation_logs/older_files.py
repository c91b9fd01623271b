"""Files of a Tasador before valuations were chained: a record of a valuation a line, `<day>-<process>-<random>.jsonl`.

They are read as long as they lie there; nothing vouches for them before `tasador audit adopt` has chained them.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec

from adapters.valuation_logs.segment_names import day_of_older


class _Named(msgspec.Struct):
    id: str
    at: datetime


_NAMED = msgspec.json.Decoder(_Named)


def older_files(folder: Path) -> list[tuple[Path, date]]:
    """The files and their days. Raises OSError."""
    found = ((path, day_of_older(path)) for path in sorted(folder.iterdir()))
    return [(path, day) for path, day in found if day]


def span_of(day: date) -> tuple[datetime, datetime]:
    """From when to when the records of such a day were made."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def id_in(line: bytes) -> str | None:
    """The id of the record on a line, None where there is no record."""
    try:
        return _NAMED.decode(line).id
    except (msgspec.MsgspecError, ValueError):
        return None


def at_in(line: bytes) -> datetime:
    """When the record of a line was made. Raises ValueError."""
    try:
        return _NAMED.decode(line).at
    except msgspec.MsgspecError:
        raise ValueError("is no record of a valuation") from None


def lines_without(path: Path, ids: Collection[str]) -> Iterator[bytes]:
    """The lines of a file but those of these valuations. Raises OSError."""
    with path.open("rb") as lines:
        for line in lines:
            if id_in(line) not in ids:
                yield line
