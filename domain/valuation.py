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

    They come from out-of-fold valuations, so an interval read off them is a split-conformal one (Lei et al.,
    "Distribution-Free Predictive Inference for Regression", JASA 2018), relative to the value.
    """

    log_ratios: Sequence[float]

    def __post_init__(self) -> None:
        ascending = all(one <= next_one for one, next_one in pairwise(self.log_ratios))
        if not (ascending and len(self.log_ratios) and math.isfinite(self.log_ratios[0] + self.log_ratios[-1])):
            raise ValueError("log_ratios are at least one, finite, and ascending")

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
