"""Valuations on record in memory, chained and sealed."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from application.ports.evidence_archive import AdoptedEvidence, EvidenceArchive, PrunedSegments
from application.ports.evidence_signer import EvidenceSigner
from application.ports.valuation_log import LogPlace, ValuationLog
from domain.errors import ValuationLogUnavailable
from domain.evidence_chain import Chain, Damage, Entry, EvidenceKind
from domain.evidence_register import START, Action, RegisterEvent, SignedEvent, segments_of
from domain.evidence_thinning import check_whole, vouched_segments
from domain.follow_up import FollowUp, Outcome, ValuerOverride, subject_of
from domain.valuation_record import ValuationRecord
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner

Evidence = ValuationRecord | FollowUp


class InMemoryValuationLog(ValuationLog, EvidenceArchive):
    """Keeps evidence as long as the process lives; `full` makes it unavailable.

    What it keeps lies open: `sealed` by segment, for tests that change it.
    """

    def __init__(
        self, signer: EvidenceSigner | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._signer = signer or InMemoryEvidenceSigner()
        self._now = now
        self.full = False
        self.sealed: dict[str, list[Entry]] = {}
        self.registered: list[SignedEvent] = []
        self._meant: dict[bytes, Evidence] = {}
        self._chain: Chain | None = None
        self._keeping = threading.Lock()

    @property
    def kept(self) -> list[ValuationRecord]:
        """Every valuation, in the order of recording."""
        return [each for _, each in self._evidence() if isinstance(each, ValuationRecord)]

    def spoil(self, *subjects: str) -> None:
        """Puts something else in the place of what is kept about these."""
        for segment, entries in self.sealed.items():
            self.sealed[segment] = [
                replace(each, content=b"garbage") if each.subject in subjects else each for each in entries
            ]

    def forget(self) -> None:
        """Begins anew."""
        self.sealed, self.registered, self._chain = {}, [], None

    @property
    def is_slow(self) -> bool:
        """Never."""
        return False

    @property
    def lost(self) -> int | None:
        """None: what cannot be kept is refused."""
        return None

    def check(self) -> None:
        """Raises ValuationLogUnavailable."""
        if self.full:
            raise ValuationLogUnavailable("The record of valuations at /srv/records is full: make room there.")

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Keeps the records. Raises ValuationLogUnavailable."""
        self._keep([(EvidenceKind.VALUATION, record.id, record) for record in records])

    def do_without(self, count: int, cause: str) -> None:
        """Raises ValuationLogUnavailable: what cannot be recorded is refused."""
        raise ValuationLogUnavailable(cause)

    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Keeps what was said. Raises ValuationLogUnavailable."""
        self._keep([(_kind_of(each), subject_of(each), each) for each in said])

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id."""
        return next((record for record in self.kept if record.id == valuation_id), None)

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was kept."""
        return {record.id: record.at for record in self.kept if record.id in valuation_ids}

    def records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[ValuationRecord]:
        """Valuations, oldest first."""
        kept = [each for _, each in self._readable(damaged) if isinstance(each, ValuationRecord)]
        for record in sorted(kept, key=lambda record: record.at):
            if (
                (since is None or record.at >= since)
                and (until is None or record.at < until)
                and client_ref in {None, record.client_ref}
            ):
                yield record

    def recent(
        self,
        before: LogPlace | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Valuations, newest first."""
        kept = {
            LogPlace(entry.at, entry.segment, entry.number): each
            for entry, each in self._readable(damaged)
            if isinstance(each, ValuationRecord)
        }
        for place in sorted(kept, reverse=True):
            if before is None or place < before:
                yield place, kept[place] if client_ref in {None, kept[place].client_ref} else None

    def follow_ups(
        self, valuation_id: str | None = None, *, damaged: Callable[[str], None] | None = None
    ) -> Iterator[FollowUp]:
        """What was said of valuations."""
        for entry, each in self._readable(damaged):
            if not isinstance(each, ValuationRecord) and valuation_id in {None, entry.subject}:
                yield each

    def tend(self, *, close_all: bool = False) -> None:
        """Closes the open segment, if all are to be closed."""
        with self._keeping:
            if close_all and self._chain:
                entries = self.sealed[self._chain.segment]
                self._register(
                    "closed",
                    self._chain.segment,
                    entries=self._chain.entries,
                    link=self._chain.link,
                    first_at=min(entry.at for entry in entries),
                    last_at=max(entry.at for entry in entries),
                )
                self._chain = None

    def close(self) -> None:
        """Closes the open segment."""
        self.tend(close_all=True)

    def events(self) -> Sequence[SignedEvent]:
        """The register."""
        return list(self.registered)

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """What is kept of a segment."""
        return iter(list(self.sealed.get(segment, [])))

    def about(self, subjects: Collection[str]) -> Iterator[Entry | Damage]:
        """The entries about these."""
        known = segments_of(each.event for each in self.registered)
        return (each for name in known for each in self.sealed.get(name, []) if each.subject in subjects)

    def evidence_in(self, entry: Entry) -> Evidence | None:
        """What was kept; of what a test has made up, nothing."""
        return self._meant.get(entry.content) if entry.content and entry.is_whole() else None

    def fences_gone(self) -> Sequence[str]:
        """None: there are none."""
        return ()

    def strangers(self) -> Sequence[str]:
        """Segments that nobody registered."""
        known = segments_of(each.event for each in self.registered)
        return [segment for segment in self.sealed if segment not in known]

    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes the contents away."""
        self.tend(close_all=True)
        found = {
            segment: numbers
            for segment, entries in self.sealed.items()
            if (numbers := tuple(each.number for each in entries if each.subject in subjects and not each.is_erased))
        }
        for segment, vouched in vouched_segments(found, self.registered, self._signer.fault_of).items():
            check_whole(segment, vouched, self.sealed[segment])
        for segment, numbers in found.items():
            self._register("erased", segment, numbers=numbers, by=by, because=because)
            self.sealed[segment] = [each.erased() if each.number in numbers else each for each in self.sealed[segment]]
        return sum(map(len, found.values()))

    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes old segments."""
        known = segments_of(each.event for each in self.registered)
        old = [
            name
            for name, segment in known.items()
            if segment.closed and not segment.pruned and (segment.closed.last_at or segment.closed.at) < before
        ]
        vouched_segments(old, self.registered, self._signer.fault_of)
        found = PrunedSegments(tuple(old), sum(len(self.sealed[name]) for name in old))
        if not dry_run:
            for name in old:
                self._register("pruned", name, by=by)
                del self.sealed[name]
        return found

    def adopt(self, *, dry_run: bool = False) -> AdoptedEvidence:
        """Nothing: no earlier version kept anything here."""
        return AdoptedEvidence()

    def _keep(self, evidence: Sequence[tuple[str, str, Evidence]]) -> None:
        self.check()
        if not evidence:
            return
        with self._keeping:
            chain = self._chain or self._opened()
            for kind, subject, each in evidence:
                content = repr(each).encode()
                self._meant[content] = each
                entry = chain.next(kind, subject, each.at.astimezone(UTC), content)
                self.sealed[chain.segment].append(entry)
                chain = chain.after(entry)
            self._chain = chain

    def _opened(self) -> Chain:
        segment = f"segment-{len(self.registered) + 1}"
        self.sealed[segment] = []
        return Chain(segment, self._register("opened", segment).genesis)

    def _register(self, action: Action, segment: str, **more: object) -> RegisterEvent:
        previous = self.registered[-1].event.digest() if self.registered else START
        event = RegisterEvent(len(self.registered) + 1, previous, self._now(), action, segment, **more)  # type: ignore[arg-type]
        self.registered.append(SignedEvent(event, *self._signer.sign(event.content())))
        return event

    def _readable(self, damaged: Callable[[str], None] | None) -> Iterator[tuple[Entry, Evidence]]:
        """What is kept; what a test has put there instead is damaged."""
        for segment, entries in self.sealed.items():
            for entry in entries:
                if entry.content and entry.content not in self._meant:
                    if damaged is None:
                        raise ValuationLogUnavailable(f"Entry {entry.number} of {segment} cannot be read.")
                    damaged(f"entry {entry.number} of {segment}")
        yield from self._evidence()

    def _evidence(self) -> Iterator[tuple[Entry, Evidence]]:
        known = segments_of(each.event for each in self.registered)
        for name, entries in self.sealed.items():
            for entry in entries:
                is_erased = name in known and entry.number in known[name].erased
                if entry.content in self._meant and not is_erased:  # else it was changed
                    yield entry, self._meant[entry.content]


def _kind_of(said: FollowUp) -> EvidenceKind:
    if isinstance(said, Outcome):
        return EvidenceKind.OUTCOME
    return EvidenceKind.OVERRIDE if isinstance(said, ValuerOverride) else EvidenceKind.SAMPLE
