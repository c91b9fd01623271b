"""What the IAAO's standard accepts in a ratio study: the one place for its ranges."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.ratio_study import RatioStudy


@dataclass(frozen=True, slots=True)
class Range:
    """From low to high, both accepted."""

    low: float
    high: float

    def __contains__(self, figure: float) -> bool:
        return self.low <= figure <= self.high


# Standard on Ratio Studies (2013), residential property; mki: Quintos (2020); vei: exposure draft of May 2026.
ACCEPTED: Mapping[str, Range] = MappingProxyType(
    {
        "median": Range(0.90, 1.10),
        "cod": Range(5.0, 15.0),
        "prd": Range(0.98, 1.03),
        "prb": Range(-0.05, 0.05),
        "mki": Range(0.95, 1.05),
        "vei": Range(-10.0, 10.0),
        "vei_significance": Range(-math.inf, 10.0),
    }
)


def verdicts(study: RatioStudy) -> dict[str, bool]:
    """Whether each figure is within its range, by name in the order of `ACCEPTED`; none of a figure that is None.

    A COD below 5 is out of range because appraisals so close to prices are seldom made without sight of them. The
    standard calls vertical inequity shown only where vei and vei_significance both are out of range.
    """
    figures = {name: getattr(study, name) for name in ACCEPTED}
    return {name: figure in ACCEPTED[name] for name, figure in figures.items() if figure is not None}
