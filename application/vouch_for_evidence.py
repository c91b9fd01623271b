"""What is kept about some valuations, and whether the segments that it stands in are whole."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from application.ports.evidence_archive import EvidenceArchive
from application.verify_evidence import VerifyEvidence
from domain.evidence_chain import Damage, Entry, EvidenceKind
from domain.evidence_faults import Fault


@dataclass(frozen=True, slots=True)
class Vouched:
    """The entries about some valuations, and what is wrong with the register or the segments that hold them."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()

    def valuation(self, valuation_id: str) -> Entry | None:
        """That of this id; of several, one that no fault names, if there is one."""
        of_it = [each for each in self.entries if each.kind == EvidenceKind.VALUATION and each.subject == valuation_id]
        blamed = {(fault.segment, fault.number) for fault in self.faults}
        return min(
            of_it, key=lambda entry: ((entry.segment, entry.number) in blamed, not entry.is_whole()), default=None
        )


@dataclass(frozen=True, slots=True)
class VouchForEvidence:
    """Reads what is kept about valuations, and verifies the segments that it stands in, all of each."""

    archive: EvidenceArchive
    verify: VerifyEvidence

    def __call__(self, subjects: Collection[str]) -> Vouched:
        """What is kept about these. Raises as EvidenceArchive does."""
        kept = list(self.archive.about(subjects))
        entries = tuple(each for each in kept if isinstance(each, Entry))
        faults = self.verify({each.segment for each in entries}).faults
        told = {fault.said for fault in faults}
        faults += [fault for each in kept if isinstance(each, Damage) and (fault := Fault.of(each)).said not in told]
        return Vouched(entries, (*faults, *_doubled(entries)))


def _doubled(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Valuations that are on record more than once, of which one at most was ever answered."""
    times = Counter(each.subject for each in entries if each.kind == EvidenceKind.VALUATION)
    for subject, found in times.items():
        if found > 1:
            places = " and ".join(
                f"record {each.number} of {each.segment}"
                for each in entries
                if (each.kind, each.subject) == (EvidenceKind.VALUATION, subject)
            )
            yield Fault(f"valuation {subject} is there more than once: {places}", subject=subject)
