"""Where valuations are put on record."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol

from domain.valuation_record import ValuationRecord


class ValuationLog(Protocol):
    """Keeps every valuation that is answered. Safe for many threads, and for several processes at once.

    All methods raise ValuationLogUnavailable where the log cannot be read or written.
    """

    @property
    @abstractmethod
    def is_slow(self) -> bool:
        """Whether recording may take so long (milliseconds) that it must not hold up others."""

    @property
    @abstractmethod
    def lost(self) -> int | None:
        """How many valuations were answered without a record since this log was opened.

        None where a valuation that cannot be recorded is not answered.
        """

    @abstractmethod
    def check(self) -> None:
        """Returns where a valuation could be recorded now. Cheap, and leaves no record."""

    @abstractmethod
    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Puts the valuations of one request on record, all or none. Once it returns, they are as safe as configured.

        Where it raises, none of them may be counted on, and the log goes on as soon as it can be written again.
        """

    @abstractmethod
    def records(self) -> Iterator[ValuationRecord]:
        """Every record, oldest first; those of one call to `record` in their order. What was torn is left out."""
