"""Letting go of what was kept long enough."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.evidence_archive import EvidenceArchive, PrunedSegments


@dataclass(frozen=True, slots=True)
class PruneEvidence:
    """Removes old segments, and has that registered."""

    archive: EvidenceArchive
    clock: Clock

    def __call__(self, older_than: timedelta, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes the closed segments whose last record is older; with `dry_run`, only tells. Raises as the archive."""
        self.archive.tend()
        now = self.clock.now()
        return self.archive.prune(now - older_than, now, by, dry_run=dry_run)
