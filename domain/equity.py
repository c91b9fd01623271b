"""Equity between cheap and dear homes, bought with some accuracy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EquityFigures:
    """What an equity calibration trades: mae in the currency; mdape as a share; cod in per cent; prd; prb."""

    mae: float
    mdape: float
    cod: float
    prd: float
    prb: float | None


@dataclass(frozen=True, slots=True)
class EquityCalibration:
    """Stretches values away from `centre`, or draws them to it: v -> level * centre * (v / centre) ** exponent.

    An exponent above 1 undoes a regressive appraisal, below 1 a progressive one; `centre` is in the currency. Values
    keep their order always. `before` and `after`, on the out-of-fold sales that it was fitted to, state its cost;
    `reached` says whether PRD and PRB are within the standard's ranges after.
    """

    exponent: float
    centre: float
    level: float
    reached: bool
    before: EquityFigures
    after: EquityFigures

    def __post_init__(self) -> None:
        if not min(self.exponent, self.centre, self.level) > 0:
            raise ValueError("exponent, centre and level are positive")

    @property
    def changes_nothing(self) -> bool:
        """Whether every value stays as it is."""
        return self.exponent == 1 and self.level == 1

    def apply(self, value: float) -> float:
        """The calibrated value, in the same currency."""
        if self.changes_nothing:
            return value
        stretched: float = (value / self.centre) ** self.exponent
        return self.level * self.centre * stretched
