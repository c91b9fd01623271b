"""What decides the answers to a portfolio, beside the homes themselves."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from application.sales.home_reading import HomeReading

FIGURES = ("value", "value_low", "value_high", "fsd", "confidence_score")
ANSWERS = (*FIGURES, "status", "reason", "model_version", "detail")
"""The columns that every answered portfolio has behind the caller's own."""
EXPLANATION, COMPARABLES = "explanation", "comparables"


@dataclass(frozen=True, slots=True)
class PortfolioOrder:
    """How each home of a portfolio is to be valued.

    version: of the model, with the digest of what is stored of it. level: of the intervals. day: as of which, where a
    row has no `valuation_date` of its own. comparables: at most so many with each row. prefix: before the names of the
    answers' columns. reading: how the caller's columns become homes.
    """

    version: str
    digest: str
    level: float
    day: date
    reading: "HomeReading"
    explain: bool = False
    comparables: int = 0
    prefix: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The names of the answers' columns, in their order."""
        more = [name for name, asked in ((EXPLANATION, self.explain), (COMPARABLES, self.comparables)) if asked]
        return tuple(self.prefix + name for name in (*ANSWERS, *more))
