"""Key events as lines of a structured log."""

from typing import Protocol

from application.ports.key_event_log import KeyEventLog


class Logger(Protocol):
    """What this adapter needs of a structured logger."""

    def info(self, event: str, **details: object) -> object:
        """Writes one event."""


class StructuredKeyEventLog(KeyEventLog):
    """Writes each key event as one line of `logger`."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def record(self, event: str, key_id: str | None, **details: str) -> None:
        """Writes the event with the key's id and the details."""
        self._logger.info("key", action=event, key_id=key_id, **details)
