"""Parts valued one after another, right here."""

from collections.abc import Generator, Iterable

from application.ports.portfolio_source import PortfolioPart
from application.ports.valuation_engine import PartValuer, ValuationEngine, ValuedPart


class InThisProcess(ValuationEngine):
    """Starts nothing: for one core, and for what is over before a process would have begun."""

    def valued(self, parts: Iterable[PortfolioPart], value: PartValuer) -> Generator[ValuedPart, None, None]:
        """Each part when it is asked for."""
        for part in parts:
            yield value(part)
