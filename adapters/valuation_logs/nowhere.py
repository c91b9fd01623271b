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

    @property
    def lost(self) -> int | None:
        """None: nobody counts on a record."""
        return None

    def check(self) -> None:
        """Does nothing."""

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Does nothing."""

    def records(self) -> Iterator[ValuationRecord]:
        """None."""
        return iter(())
