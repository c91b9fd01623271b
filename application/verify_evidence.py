"""Whether the valuations on record are what was recorded."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports.evidence_archive import EvidenceArchive
from application.ports.evidence_signer import EvidenceSigner
from domain.errors import SecretUnavailable, SegmentNotFound, ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry
from domain.evidence_faults import Fault, faults_in
from domain.evidence_heads import Heads, faults_of_heads
from domain.evidence_register import Segment, SignedEvent, faults_of_register, segments_of

Watcher = Callable[[str, int, int], None]
"""Is told a stage, how many records of it are done, and how many there are, as far as is known."""

_TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class OpenSegment:
    """A segment that is not sealed yet, and since when it is written to (UTC)."""

    segment: str
    since: datetime


@dataclass(slots=True)
class Verification:
    """What was looked at, and every fault that was found.

    events: of the register. segments: those whose records were looked at. records: in all of them. open_segments: those
    that are not sealed yet, with `open_records`: what is cut off at their ends cannot be missed. erased: records that
    have lost their content. pruned: segments that were removed, and are not looked at. heads: exported events that were
    compared, None where none were given. untended: why segments that were due could not be closed before. oldest_open:
    the segment that is open for longest. fences_gone: what kept others from changing evidence, and does not any more.
    """

    events: int = 0
    segments: int = 0
    records: int = 0
    open_segments: int = 0
    open_records: int = 0
    erased: int = 0
    pruned: int = 0
    heads: int | None = None
    untended: str | None = None
    oldest_open: OpenSegment | None = None
    fences_gone: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class _Look:
    """A look at one segment: what was seen in it."""

    records: int = 0
    erased: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VerifyEvidence:
    """Verifies the register and every record, a segment at a time."""

    archive: EvidenceArchive
    signer: EvidenceSigner

    def __call__(
        self, only: Collection[str] | None = None, heads: Heads | None = None, watch: Watcher = lambda *_: None
    ) -> Verification:
        """Looks at everything, or at the register and the records of the segments `only`.

        heads: what was exported once and kept elsewhere. Segments that are closed, erased from or pruned meanwhile are
        no faults. Raises SegmentNotFound, and as EvidenceArchive does.
        """
        untended = self._tended()
        signed = self.archive.events()
        known = segments_of(each.event for each in signed)
        if unknown := sorted(set(only or ()) - set(known)):
            raise SegmentNotFound(f"The register of the evidence knows no segment '{unknown[0]}'.")
        found = Verification(len(signed), untended=untended, faults=list(self._faults_of_register(signed)))
        if heads:
            found.heads = len(heads.all)
            found.faults += faults_of_heads(heads, [each.event for each in signed])
        chosen = {name: segment for name, segment in known.items() if only is None or name in only}
        there = [each for each in chosen.values() if each.closed and not each.pruned]
        expected = sum(each.closed.entries for each in there if each.closed)
        for name, segment in chosen.items():
            self._verify(name, segment, found, lambda done: watch("records", done, max(done, expected)))
        found.fences_gone += self.archive.fences_gone()
        if only is None:
            found.faults += [
                Fault(f"{each} belongs to no segment of the register") for each in self.archive.strangers()
            ]
        return found

    def _tended(self) -> str | None:
        """Has closed what is due; returns why that cannot be, as on a copy that may only be read."""
        try:
            self.archive.tend()
        except (ValuationLogUnavailable, SecretUnavailable) as error:
            return str(error)
        return None

    def _faults_of_register(self, signed: Sequence[SignedEvent]) -> Iterator[Fault]:
        yield from faults_of_register([each.event for each in signed])
        for each in signed:
            event = each.event
            if fault := self.signer.fault_of(event.content(), each.key, each.signature):
                yield Fault(
                    f"event {event.number} of the register ({event.action} {event.segment}): {fault}", event.segment
                )

    def _verify(self, name: str, segment: Segment, found: Verification, watch: Callable[[int], None]) -> None:
        look = self._looked_at(name, segment, lambda done: watch(found.records + done))
        while look.faults and (now := self._registered(name, segment)) != segment:
            segment = now  # it was closed, erased from or pruned while it was read
            look = self._looked_at(name, segment, lambda done: watch(found.records + done))
        found.faults += look.faults
        if segment.pruned:
            found.pruned += 1
            return
        found.segments += 1
        found.records += look.records
        found.erased += look.erased
        if not segment.closed:
            found.oldest_open = found.oldest_open or OpenSegment(name, segment.opened.at)
            found.open_segments += 1
            found.open_records += look.records
        watch(found.records)

    def _registered(self, name: str, known: Segment) -> Segment:
        return segments_of(each.event for each in self.archive.events()).get(name, known)

    def _looked_at(self, name: str, segment: Segment, watch: Callable[[int], None]) -> _Look:
        look = _Look()
        kept = self.archive.entries(name)
        if segment.pruned:
            if next(kept, None) is not None:
                said = "is registered as pruned, and is still there: it was put back, or not removed; remove it"
                look.faults.append(Fault(said, name))
            return look
        seen = _seen(kept, look, watch)
        look.faults += faults_in(name, seen, segment.opened.genesis, segment.end, segment.erased)
        return look


def _seen(kept: Iterator[Entry | Damage], look: _Look, watch: Callable[[int], None]) -> Iterator[Entry | Damage]:
    """The same, counted."""
    for each in kept:
        if isinstance(each, Entry):
            look.records += 1
            look.erased += each.is_erased
            if look.records % _TOLD_EVERY == 0:
                watch(look.records)
        yield each
