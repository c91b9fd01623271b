"""What a valued portfolio comes to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PortfolioTotals:
    """Sums over rows: those that were valued, those refused by their reason, and values in the currency.

    `rows` is `valued` and all that was refused together. Ends of intervals are not summed up: of many homes, errors
    cancel out in part, and nobody knows in which.
    """

    valued: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    value: float = 0.0
    by_confidence: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return self.valued + sum(self.refused.values())

    def __add__(self, other: "PortfolioTotals") -> "PortfolioTotals":
        """Both together."""
        return PortfolioTotals(
            valued=self.valued + other.valued,
            refused=Counter(self.refused) + Counter(other.refused),
            value=self.value + other.value,
            by_confidence=Counter(self.by_confidence) + Counter(other.by_confidence),
        )
