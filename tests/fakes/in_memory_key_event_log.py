"""Key events in memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.key_event_log import KeyEventLog


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event, as it was recorded."""

    event: str
    key_id: str | None
    details: Mapping[str, str]


class InMemoryKeyEventLog(KeyEventLog):
    """Keeps events as long as the process lives, in the order of recording."""

    def __init__(self) -> None:
        self.events: list[KeyEvent] = []

    def record(self, event: str, key_id: str | None, **details: str) -> None:
        """Writes one event down."""
        self.events.append(KeyEvent(event, key_id, details))
