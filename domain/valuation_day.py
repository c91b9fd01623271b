"""The days as of which a home can be valued."""

from datetime import date

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2200, 12, 31)
"""What lies outside is a slip of somebody's."""


def can_be_valued_on(day: date) -> bool:
    """Whether a home can be valued as of this day."""
    return FIRST_DAY <= day <= LAST_DAY
