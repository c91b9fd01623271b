"""What is known of the segments, in short: there may be many, and each process that serves knows of all."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from domain.evidence_register import START, RegisterEvent


@dataclass(slots=True)
class Known:
    """What the register says of a segment, in short: there may be many. genesis: the link before its first entry."""

    genesis: str
    opened_at: datetime
    entries: int = 0
    closed_at: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    erased: tuple[int, ...] = ()
    is_pruned: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it may be written to, as far as the register knows."""
        return self.closed_at is None


@dataclass(slots=True)
class Catalogue:
    """What was read of the register: up to which byte and event."""

    inode: int = 0
    size: int = 0
    number: int = 0
    digest: str = START
    segments: dict[str, Known] = field(default_factory=dict)

    def take(self, event: RegisterEvent, content: bytes, size: int) -> None:
        """Takes up the next event, a line of so many bytes."""
        self.size += size
        self.number += 1
        self.digest = hashlib.sha256(content).hexdigest()
        known = self.segments.get(event.segment)
        if event.action == "opened":
            self.segments.setdefault(event.segment, Known(self.digest, event.at))
        elif known is None:
            return
        elif event.action == "closed" and known.is_open:
            known.entries, known.closed_at = event.entries, event.at
            known.first_at, known.last_at = event.first_at, event.last_at
        elif event.action == "erased":
            known.erased += event.numbers
        elif event.action == "pruned":
            known.is_pruned = True
