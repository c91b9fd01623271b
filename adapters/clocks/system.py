"""The clock of the machine."""

from datetime import UTC, datetime

from application.ports.clock import Clock


class SystemClock(Clock):
    """The machine's own time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)
