"""Taking valuations off the record for good, so that the rest stays proven."""

from collections.abc import Collection
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.evidence_archive import EvidenceArchive
from application.ports.valuation_log import ValuationLog
from domain.errors import ValuationNotFound


@dataclass(frozen=True, slots=True)
class EraseEvidence:
    """Erases valuations, with all that was said of them, and has that registered: by whom, why, and which records."""

    log: ValuationLog
    archive: EvidenceArchive
    clock: Clock

    def of_client(self, client_ref: str) -> tuple[str, ...]:
        """The ids of what would be erased of a client. Raises ValuationNotFound where that is nothing."""
        if found := tuple(each.id for each in self.log.records(client_ref=client_ref)):
            return found
        raise ValuationNotFound(f"No valuation with the client reference '{client_ref}' is on record.")

    def check(self, valuation_id: str) -> None:
        """Raises ValuationNotFound where this valuation is not on record."""
        if self.log.find(valuation_id) is None:
            raise ValuationNotFound(f"No valuation '{valuation_id}' is on record.")

    def __call__(self, ids: Collection[str], by: str, because: str) -> int:
        """Erases the content of these, and returns of how many records. Raises as EvidenceArchive.erase does."""
        return self.archive.erase(ids, self.clock.now(), by, because)
