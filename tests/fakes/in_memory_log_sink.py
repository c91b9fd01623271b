"""Lines of logs in memory."""

from collections.abc import Mapping
from datetime import datetime

from application.ports.log_sink import LogSink, Report


class InMemoryLogSink(LogSink):
    """Keeps each line with its log and its event, and closes when it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes, dict[str, object]]] = []
        self.is_prepared = self.is_closed = False
        self.report: Report | None = None

    @property
    def name(self) -> str:
        """`memory`."""
        return "memory"

    @property
    def waiting(self) -> int:
        """None ever waits."""
        return 0

    @property
    def lost(self) -> int:
        """None is ever lost."""
        return 0

    def reports_to(self, report: Report) -> None:
        """Keeps the means to say something."""
        self.report = report

    def prepare(self) -> None:
        """Is ready."""
        self.is_prepared = True

    def take(self, log: str, level: str, at: datetime, line: bytes, event: Mapping[str, object]) -> None:
        """Keeps the line."""
        self.taken.append((log, line, dict(event)))

    def close(self, seconds: float) -> None:
        """Is closed."""
        self.is_closed = True
