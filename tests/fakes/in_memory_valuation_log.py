"""Valuations on record in memory."""

from collections.abc import Iterator, Sequence

from application.ports.valuation_log import ValuationLog
from domain.errors import ValuationLogUnavailable
from domain.valuation_record import ValuationRecord


class InMemoryValuationLog(ValuationLog):
    """Keeps records as long as the process lives; `full` makes it unavailable."""

    def __init__(self) -> None:
        self.kept: list[ValuationRecord] = []
        self.full = False

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
        self.check()
        self.kept += records

    def records(self) -> Iterator[ValuationRecord]:
        """Every record, oldest first."""
        return iter(sorted(self.kept, key=lambda record: record.at))
