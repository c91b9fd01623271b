"""A clock that stands still until it is told otherwise."""

from datetime import UTC, datetime, timedelta

from application.ports.clock import Clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class FixedClock(Clock):
    """Shows the time that it was set to."""

    def __init__(self, moment: datetime = NOON) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """The time that the clock was set to."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Shows `moment` from now on."""
        self._moment = moment

    def advance(self, by: timedelta) -> None:
        """Lets time pass."""
        self._moment += by
