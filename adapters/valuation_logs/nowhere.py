"""No record of valuations, where none is wanted."""

from collections.abc import Iterator, Sequence

from application.ports.valuation_log import ValuationLog
from domain.valuation_record import ValuationRecord


class NoValuationLog(ValuationLog):
    """Keeps nothing: what `durability = "none"` asks for."""

    @property
    def is_slow(self) -> bool:
        """Never."""
        return False

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Does nothing."""

    def records(self) -> Iterator[ValuationRecord]:
        """None."""
        return iter(())
