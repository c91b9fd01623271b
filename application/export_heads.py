"""What to keep elsewhere of the evidence."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.evidence_archive import EvidenceArchive
from application.ports.evidence_signer import EvidenceSigner
from domain.evidence_heads import Head, Heads
from domain.evidence_register import segments_of


@dataclass(frozen=True, slots=True)
class ExportHeads:
    """Exports the signed heads of the evidence."""

    archive: EvidenceArchive
    signer: EvidenceSigner
    clock: Clock

    def __call__(self) -> Heads:
        """The heads as they are now. Raises as EvidenceArchive and EvidenceSigner do."""
        self.archive.tend()
        signed = self.archive.events()
        there = segments_of(each.event for each in signed).values()
        closings = {segment.closed.number for segment in there if segment.closed and not segment.pruned}
        return Heads(
            exported_at=self.clock.now(),
            public_key=self.signer.public_key(),
            last=Head.of(signed[-1]) if signed else None,
            closed=tuple(Head.of(each) for each in signed if each.event.number in closings),
        )
