"""A valuation: the figure, how sure, by which model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from domain.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class Interval:
    """Prices between which the sale is expected with probability `level`."""

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class ErrorDistribution:
    """How far sale prices fell from values that had not seen them: `log_ratios` of price to value, ascending.

    They come from cross-validation: each value is of a model that was fitted to the other folds. An interval read off
    them, relative to the value, is that of pooled cross-validation residuals about a model fitted to all folds: close
    to CV+ (Barber et al., "Predictive inference with the jackknife+", Annals of Statistics 2021), but without its
    finite-sample guarantee, and right on average over homes, not for each kind of home.
    """

    log_ratios: Sequence[float]

    def __post_init__(self) -> None:
        ascending = all(one <= next_one for one, next_one in pairwise(self.log_ratios))
        if not (ascending and len(self.log_ratios) and math.isfinite(self.log_ratios[0] + self.log_ratios[-1])):
            raise ValueError("log_ratios are at least one, finite, and ascending")

    @property
    def highest_level(self) -> float:
        """The highest level that this many errors can speak for, (n - 1) / (n + 1); at least 0."""
        count = len(self.log_ratios)
        return (count - 1) / (count + 1)

    def interval(self, value: float, level: float) -> Interval:
        """The central interval at `level` around `value`, never without the value itself.

        Ranks are the conformal ones, ceil((n + 1) q); where n is too small for the level, the widest error seen is
        used. Raises ValueError unless 0 < level < 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"an interval's level lies between 0 and 1, and is not {level}")
        count = len(self.log_ratios)
        # Rounded before it is rounded up: 25 * 1.12 / 2 is 14, and a hair more in binary.
        upper_rank = math.ceil(round((count + 1) * (1 + level) / 2, 9))
        lower_rank = count + 1 - upper_rank
        high = self.log_ratios[min(upper_rank, count) - 1]
        low = self.log_ratios[max(lower_rank, 1) - 1]
        return Interval(value * math.exp(min(low, 0.0)), value * math.exp(max(high, 0.0)), level)


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a home is worth on a day, in `currency`, as the stored model `model` sees it."""

    id: str
    status: Literal["valued"]
    currency: str
    valuation_date: date
    value: float
    interval: Interval
    model: ModelVersion
    client_ref: str | None = None
    warnings: tuple[str, ...] = ()
