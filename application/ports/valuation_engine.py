"""What values the parts of a portfolio, by many processes."""

from abc import abstractmethod
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from application.ports.portfolio_source import PortfolioPart
from domain.portfolio_totals import PortfolioTotals


@dataclass(frozen=True, slots=True)
class ValuedPart:
    """A part that has been valued: its piece for the sink, and what it adds to the totals.

    key: of the part's content and of all that decides its valuations.
    """

    number: int
    key: str
    share: float | None
    piece: bytes
    totals: PortfolioTotals


class PartValuer(Protocol):
    """Values parts. It can be pickled; in each process it loads and verifies the model once, from the repository."""

    @abstractmethod
    def key(self, part: PortfolioPart) -> str:
        """Of the part's content and of all that decides its valuations: model digest, level, date, columns, form."""

    @abstractmethod
    def __call__(self, part: PortfolioPart) -> ValuedPart:
        """Reads, values and encodes a part. Raises DomainErrors of source and model."""


class ValuationEngine(Protocol):
    """Values the parts of a portfolio by many processes."""

    @abstractmethod
    def valued(self, parts: Iterable[PortfolioPart], value: PartValuer) -> Generator[ValuedPart, None, None]:
        """Each part once, in the order of the parts; only a few at a time are read ahead, whatever the rows.

        A process that dies costs time, and no rows: its part is valued again. Raises EngineUnavailable where a part
        fails again and again or no process can be had, and what `value` raises. Closing the iterator ends the work.
        """
