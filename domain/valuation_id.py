"""Names of valuations: they tell when each was made, so that one among millions is found again without an index."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta

LONGEST_WAY = timedelta(hours=1)
"""How far the time of an id may be from that of the record: machines are slow or asleep, and clocks are set."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION = 7
_MILLISECONDS_BELOW = 80
_RANDOM_A_BELOW = 64
_RANDOM_B_BITS = 62


def new_valuation_id(at: datetime) -> str:
    """A UUID of version 7 (RFC 9562): the milliseconds of `at` since 1970, then 74 random bits."""
    milliseconds = (at - _EPOCH) // _MILLISECOND & (2**48 - 1)
    random = secrets.randbits(12) << _RANDOM_A_BELOW | secrets.randbits(_RANDOM_B_BITS)
    return str(uuid.UUID(int=milliseconds << _MILLISECONDS_BELOW | _VERSION << 76 | 0b10 << _RANDOM_B_BITS | random))


def made_at(valuation_id: str) -> datetime | None:
    """When the valuation of this id was made, by the clock of its machine; None where the id does not tell."""
    try:
        known = uuid.UUID(valuation_id)
    except ValueError:
        return None
    if known.version != _VERSION or known.variant != uuid.RFC_4122 or str(known) != valuation_id:
        return None
    try:
        return _EPOCH + (known.int >> _MILLISECONDS_BELOW) * _MILLISECOND
    except OverflowError:  # a time that no clock has told
        return None
