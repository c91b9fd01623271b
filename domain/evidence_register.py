"""The register of segments: when each was opened, closed, erased from and pruned; its events are chained and signed.

It stays for good, also when segments are pruned, so that a segment that is gone without a word is missed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from domain.evidence_chain import Chain, written
from domain.evidence_faults import Fault

START = "0" * 64
"""What stands for the event before the first."""
Action = Literal["opened", "closed", "erased", "pruned"]


@dataclass(frozen=True, slots=True)
class RegisterEvent:
    """One thing that happened to a segment. number: from 1. previous: the digest of the event before, or START.

    closed: with `entries` entries, the last of which has the link `link`, made from `first_at` to `last_at` (None where
    there are none). erased: the contents of the entries `numbers`. by, because: who had it done, and why.
    """

    number: int
    previous: str
    at: datetime
    action: Action
    segment: str
    entries: int = 0
    link: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    numbers: tuple[int, ...] = ()
    by: str = ""
    because: str = ""

    def content(self) -> bytes:
        """What is signed: all that it says, in one form only."""
        said = {
            "number": self.number,
            "previous": self.previous,
            "at": written(self.at),
            "action": self.action,
            "segment": self.segment,
            "entries": self.entries,
            "link": self.link,
            "first_at": written(self.first_at) if self.first_at else None,
            "last_at": written(self.last_at) if self.last_at else None,
            "numbers": list(self.numbers),
            "by": self.by,
            "because": self.because,
        }
        return json.dumps(said, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()

    def digest(self) -> str:
        """SHA-256 of its content, hexadecimal: what the next event names as the one before it."""
        return hashlib.sha256(self.content()).hexdigest()

    @property
    def genesis(self) -> str:
        """The link before the first of a segment whose opening this is."""
        return self.digest()


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event of the register, the public key (`ed25519:<base64>`) and the signature (base64) of its content."""

    event: RegisterEvent
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What the register says of a segment; `closed` and `pruned` are None until that happens."""

    opened: RegisterEvent
    closed: RegisterEvent | None = None
    pruned: RegisterEvent | None = None
    erased: frozenset[int] = frozenset()

    @property
    def end(self) -> Chain | None:
        """The end of its chain that was signed when it was closed."""
        return Chain(self.closed.segment, self.closed.link, self.closed.entries) if self.closed else None


def segments_of(events: Iterable[RegisterEvent]) -> dict[str, Segment]:
    """Every segment by its name, in the order of opening. Events about segments that were never opened are left out."""
    found: dict[str, Segment] = {}
    for event in events:
        known = found.get(event.segment)
        if event.action == "opened":
            found.setdefault(event.segment, Segment(event))
        elif known is None:
            continue
        elif event.action == "closed":
            found[event.segment] = replace(known, closed=known.closed or event)
        elif event.action == "pruned":
            found[event.segment] = replace(known, pruned=known.pruned or event)
        else:
            found[event.segment] = replace(known, erased=known.erased.union(event.numbers))
    return found


def faults_of_register(events: Sequence[RegisterEvent]) -> Iterator[Fault]:
    """What is wrong with the order, the chain and the sense of the events; signatures are not judged here."""
    expected, previous, opened, closed = 1, START, set[str](), set[str]()
    for event in events:
        name = f"event {event.number} of the register ({event.action} {event.segment})"
        if event.number != expected:
            yield Fault(f"{name} stands where event {expected} should: events were removed, inserted or moved")
        elif event.previous != previous:
            yield Fault(f"{name} does not fit behind the one before it: one of the two was changed")
        if event.action == "opened" and event.segment in opened:
            yield Fault(f"{name} opens a segment again", event.segment)
        if event.action != "opened" and event.segment not in opened:
            yield Fault(f"{name} is about a segment that was never opened", event.segment)
        if event.action == "closed" and event.segment in closed:
            yield Fault(f"{name} closes a segment again", event.segment)
        (opened if event.action == "opened" else closed if event.action == "closed" else set()).add(event.segment)
        expected, previous = event.number + 1, event.digest()
