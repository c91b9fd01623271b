"""What is kept elsewhere of the register, so that one that was cut off or written anew is found out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.evidence_faults import Fault
from domain.evidence_register import RegisterEvent, SignedEvent


@dataclass(frozen=True, slots=True)
class Head:
    """An event of the register as it was signed, and its digest: SHA-256, hexadecimal."""

    digest: str
    signed: SignedEvent

    @classmethod
    def of(cls, signed: SignedEvent) -> "Head":
        """The head of this event."""
        return cls(signed.event.digest(), signed)


@dataclass(frozen=True, slots=True)
class Heads:
    """The last event of the register, None of an empty one, and the closing of every segment that is still there.

    The last event vouches for all before it; the closings let anybody verify a segment without the register.
    """

    exported_at: datetime
    public_key: str
    last: Head | None = None
    closed: tuple[Head, ...] = ()

    @property
    def all(self) -> tuple[Head, ...]:
        """Every event in it, in the order of the register."""
        return self.closed if self.last is None or self.last in self.closed else (*self.closed, self.last)


def faults_of_heads(heads: Heads, events: Sequence[RegisterEvent]) -> Iterator[Fault]:
    """Which of the exported events are not in the register any more as they were, at their number."""
    registered = {event.number: event for event in events}
    for head in heads.all:
        event = head.signed.event
        name = f"event {event.number} of the register ({event.action} {event.segment})"
        there = registered.get(event.number)
        if event.digest() != head.digest:
            yield Fault(
                f"{name} does not have the digest that stands beside it in the exported heads: they were changed"
            )
        elif there is None:
            yield Fault(f"{name} was exported, and is not there any more: the register was cut off", event.segment)
        elif there.digest() != head.digest:
            yield Fault(f"{name} is not the one that was exported: the register was written anew", event.segment)
