"""Key events without the refusals that are summed up."""

from structlog.contextvars import get_contextvars

from application.ports.key_event_log import THROTTLED, KeyEventLog


class SummedUpKeyEventLog(KeyEventLog):
    """Another log, but for refusals of keys while the logging context says that they are summed up.

    No stranger can fill the log then. A right key that lacks a scope is no stranger's.
    """

    def __init__(self, log: KeyEventLog) -> None:
        self._log = log

    def record(self, event: str, key_id: str | None, **details: str) -> None:
        """Passes the event on, unless it is summed up."""
        if event == "refused" and details.get("cause") != "scope" and THROTTLED in get_contextvars():
            return
        self._log.record(event, key_id, **details)
