"""All that is kept of a client's reference."""

from dataclasses import dataclass

from application.ports.valuation_log import ValuationLog
from domain.errors import ValuationNotFound
from domain.follow_up import FollowUp, subject_of
from domain.valuation_record import ValuationRecord


@dataclass(frozen=True, slots=True)
class ClientEvidence:
    """The valuations under a client's reference, oldest first, and what was said of them, in the order of recording.

    damaged: places, for people, that hold nothing that can be read, and may have been about this client.
    """

    client_ref: str
    valuations: tuple[ValuationRecord, ...]
    follow_ups: tuple[FollowUp, ...]
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportClient:
    """Gathers what is kept of a client's reference."""

    log: ValuationLog

    def __call__(self, client_ref: str) -> ClientEvidence:
        """All of it. Raises ValuationNotFound where nothing is kept, and ValuationLogUnavailable."""
        damaged: list[str] = []
        valuations = tuple(self.log.records(client_ref=client_ref, damaged=damaged.append))
        if not valuations:
            raise ValuationNotFound(f"No valuation with the client reference '{client_ref}' is on record.")
        ids = {each.id for each in valuations}
        said = tuple(each for each in self.log.follow_ups(damaged=damaged.append) if subject_of(each) in ids)
        return ClientEvidence(client_ref, valuations, said, tuple(dict.fromkeys(damaged)))
