"""A log that goes to a server, whichever protocol that speaks."""

from collections.abc import Callable, Mapping
from datetime import datetime

from adapters.log_sinks.line import LogLine
from adapters.shipping import SECONDS_TO_GATHER, Destination, Shipping, growing_pause
from application.ports.log_sink import LogSink, Report


class ShippedLog(LogSink):
    """Lines wait for `destination` in a queue with `places`, apart from who wrote them, as `Shipping` has it."""

    def __init__(
        self,
        name: str,
        destination: Destination[LogLine],
        places: int,
        pause: Callable[[int], float] = growing_pause,
        gather: float = SECONDS_TO_GATHER,
    ) -> None:
        self._shipping = Shipping(name, destination, places, pause=pause, gather=gather)

    @property
    def name(self) -> str:
        """What it was called."""
        return self._shipping.name

    @property
    def waiting(self) -> int:
        """How many lines wait."""
        return self._shipping.waiting

    @property
    def lost(self) -> int:
        """How many were dropped."""
        return self._shipping.lost

    def reports_to(self, report: Report) -> None:
        """Tells of failures there."""
        self._shipping.report = report

    def prepare(self) -> None:
        """Nothing is to be done: a server that is away now may be there when there is something to send."""

    def take(self, log: str, level: str, at: datetime, line: bytes, event: Mapping[str, object]) -> None:
        """Puts the line into the queue."""
        self._shipping.take(LogLine(log, line, event, level, at))

    def close(self, seconds: float) -> None:
        """Sends what waits."""
        self._shipping.close(seconds)
