"""Moments as people write them."""

import re
from datetime import UTC, datetime

MOMENT_RULE = "must be a day like 2026-11-22, or a time like 2026-11-22T09:30:00Z"
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def parse_moment(text: str) -> datetime:
    """The moment in UTC: of a day its beginning, of a time without a zone that of UTC. Raises ValueError."""
    if not _WRITTEN.fullmatch(text.upper()):
        raise ValueError(MOMENT_RULE)
    try:
        moment = datetime.fromisoformat(text.upper())  # microseconds; what is finer is cut off
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the 31st of November; a time zone before the year 1
        raise ValueError(MOMENT_RULE) from None
