"""Where the record of a valuation stands, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.evidence_archive import EvidenceArchive
from domain.evidence_chain import Damage, Entry, EvidenceKind
from domain.evidence_register import RegisterEvent, Segment, segments_of
from domain.valuation_id import LONGEST_WAY, made_at


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
        """Where it stands; None where it does not. Raises as EvidenceArchive does."""
        for entry in self.archive.about([valuation_id]):
            if isinstance(entry, Entry) and entry.kind == EvidenceKind.VALUATION:
                events = [each.event for each in self.archive.events()]
                closed = segments_of(events)[entry.segment].closed
                return Located(entry, closed, _erasure(events, entry) if entry.is_erased else None)
        return None

    def pruned(self, valuation_id: str) -> tuple[RegisterEvent, ...]:
        """The prunings that may have removed it, since they removed what was recorded when its id was made."""
        made = made_at(valuation_id)
        if made is None:
            return ()
        events = [each.event for each in self.archive.events()]
        segments = segments_of(events).values()
        return tuple(segment.pruned for segment in segments if segment.pruned and _may_hold(segment, made))

    def why_missing(self, valuation_id: str) -> str:
        """Why a valuation is not on record, for people: erased, perhaps pruned, unreadable, or never made."""
        located = self(valuation_id)
        if located and (erased := located.erased):
            because = f": {erased.because}" if erased.because else ""
            return f"Valuation '{valuation_id}' was erased on {erased.at:%Y-%m-%d %H:%M} UTC by {erased.by}{because}."
        if located:
            place = f"record {located.entry.number} of segment {located.entry.segment}"
            return f"Valuation '{valuation_id}', {place}, cannot be read: `tasador audit verify` tells what is wrong."
        if damage := next((each for each in self.archive.about([valuation_id]) if isinstance(each, Damage)), None):
            return (
                f"Valuation '{valuation_id}' cannot be read: {damage.place}: {damage.cause}; `tasador audit verify` "
                "tells what is wrong."
            )
        missing = f"No valuation '{valuation_id}' is on record"
        if pruned := self.pruned(valuation_id):
            return f"{missing}; those of its time were pruned on {pruned[0].at:%Y-%m-%d} by {pruned[0].by}."
        return f"{missing}."


def _may_hold(segment: Segment, made: datetime) -> bool:
    if segment.closed is None:
        return True
    first, last = segment.closed.first_at, segment.closed.last_at
    return first is not None and last is not None and first - LONGEST_WAY <= made <= last + LONGEST_WAY


def _erasure(events: list[RegisterEvent], entry: Entry) -> RegisterEvent | None:
    for event in events:
        if event.action == "erased" and event.segment == entry.segment and entry.number in event.numbers:
            return event
    return None
