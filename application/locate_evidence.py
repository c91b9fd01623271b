"""Where the record of a valuation stands, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.evidence_archive import EvidenceArchive
from domain.evidence_chain import Entry, EvidenceKind
from domain.evidence_register import RegisterEvent, Segment, segments_of
from domain.valuation_id import made_at

_LONGEST_WAY = timedelta(hours=1)
"""From the making of an id to the record of it, however slow the machine, with clocks that differ."""


@dataclass(frozen=True, slots=True)
class Located:
    """The entry of a valuation. closed: the event that sealed its segment, None as long as that is open.

    erased: the event by which its content was taken away.
    """

    entry: Entry
    closed: RegisterEvent | None = None
    erased: RegisterEvent | None = None


@dataclass(frozen=True, slots=True)
class LocateEvidence:
    """Finds the entry of a valuation among the segments of its time."""

    archive: EvidenceArchive

    def __call__(self, valuation_id: str) -> Located | None:
        """Where it stands; None where it does not. Reads the segments of its time. Raises as EvidenceArchive does."""
        events = [each.event for each in self.archive.events()]
        for name, segment in self._of_its_time(events, valuation_id):
            for entry in self.archive.entries(name):
                if isinstance(entry, Entry) and entry.subject == valuation_id and entry.kind == EvidenceKind.VALUATION:
                    return Located(entry, segment.closed, _erasure(events, entry) if entry.is_erased else None)
        return None

    def pruned(self, valuation_id: str) -> tuple[RegisterEvent, ...]:
        """The prunings that may have removed it, since they removed what was recorded when its id was made."""
        if made_at(valuation_id) is None:
            return ()
        events = [each.event for each in self.archive.events()]
        found = self._of_its_time(events, valuation_id, pruned=True)
        return tuple(segment.pruned for _, segment in found if segment.pruned)

    @staticmethod
    def _of_its_time(
        events: list[RegisterEvent], valuation_id: str, *, pruned: bool = False
    ) -> Iterator[tuple[str, Segment]]:
        made = made_at(valuation_id)
        for name, segment in segments_of(events).items():
            if bool(segment.pruned) == pruned and (made is None or _may_hold(segment, made)):
                yield name, segment


def _may_hold(segment: Segment, made: datetime) -> bool:
    if segment.closed is None:
        return True
    first, last = segment.closed.first_at, segment.closed.last_at
    return first is not None and last is not None and first - _LONGEST_WAY <= made <= last + _LONGEST_WAY


def _erasure(events: list[RegisterEvent], entry: Entry) -> RegisterEvent | None:
    for event in events:
        if event.action == "erased" and event.segment == entry.segment and entry.number in event.numbers:
            return event
    return None
