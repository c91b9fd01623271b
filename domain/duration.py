"""Lengths of time as people write them."""

import re
from datetime import timedelta

_DURATION = re.compile(r"(0|[1-9][0-9]{0,5})([mhdw])")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_duration(text: str) -> timedelta | None:
    """The time that `90m`, `12h`, `30d` or `2w` spells, in whole minutes, hours, days or weeks; None where none is.

    >>> parse_duration("2w")
    datetime.timedelta(days=14)
    """
    match = _DURATION.fullmatch(text.strip().lower())
    return int(match[1]) * _UNITS[match[2]] if match else None
