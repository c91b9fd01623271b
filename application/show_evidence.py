"""A valuation and all that was said of it, and whether the evidence that they stand in is whole."""

from dataclasses import dataclass

from application.locate_evidence import Located
from application.ports.evidence_archive import EvidenceArchive
from application.ports.valuation_log import ValuationLog
from application.show_valuation import ShownValuation
from application.vouch_for_evidence import Vouched, VouchForEvidence
from domain.errors import ValuationNotFound
from domain.evidence_faults import Fault
from domain.evidence_register import segments_of
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """What is on record; located: where its valuation stands, None where that is in no segment.

    faults: what is wrong with the segments that any of it stands in.
    """

    shown: ShownValuation
    located: Located | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ShowEvidence:
    """Shows the contents of the very entries that it verifies."""

    log: ValuationLog
    archive: EvidenceArchive
    vouch: VouchForEvidence

    def __call__(self, valuation_id: str) -> ShownEvidence:
        """The valuation of this id. Raises ValuationNotFound, also of one that was changed, and as the archive does."""
        vouched = self.vouch([valuation_id])
        entry = vouched.valuation(valuation_id)
        # What an older Tasador wrote stands in no segment.
        record = self.archive.evidence_in(entry) if entry else self.log.find(valuation_id)
        if not isinstance(record, ValuationRecord):
            raise ValuationNotFound(f"No valuation '{valuation_id}' is on record.")
        shown = ShownValuation.of(record, self._said(vouched))
        if entry is None:
            return ShownEvidence(shown, None, vouched.faults)
        segments = segments_of(each.event for each in self.archive.events())
        return ShownEvidence(shown, Located(entry, segments[entry.segment].closed), vouched.faults)

    def _said(self, vouched: Vouched) -> list[FollowUp]:
        """In the order of recording; what was changed is left out."""
        found = map(self.archive.evidence_in, sorted(vouched.entries, key=lambda entry: entry.at))
        return [each for each in found if each is not None and not isinstance(each, ValuationRecord)]
