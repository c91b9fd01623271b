"""A valuation: the figure, how sure, why, compared with which sales, and by which model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from domain.comparable import SimilarSale
from domain.market_extent import Refusal
from domain.model_version import ModelVersion
from domain.uncertainty import Confidence, Interval

__all__ = [
    "Comparable",
    "Confidence",
    "Contribution",
    "Explanation",
    "Interval",
    "LogEffects",
    "Refusal",
    "Valuation",
    "adjusted",
    "amounts",
    "explained",
]


@dataclass(frozen=True, slots=True)
class LogEffects:
    """What each field brings to the logarithm of a price: `base` plus all `effects` is the logarithm of the value."""

    base: float
    effects: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one field of a home brings to its value, in the market's currency."""

    feature: str
    effect: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why this value: `base_value`, what the model expects where nothing is known, plus all effects is the value."""

    base_value: float
    contributions: tuple[Contribution, ...]
    method: str = "shap"


@dataclass(frozen=True, slots=True)
class Comparable:
    """A sale like the subject, and what it would have fetched as the subject.

    predicted_value: the model's own value of that home on the day of its sale; plus all `adjustments` it is the
    subject's value. adjusted_price: the price plus the same adjustments. All in the market's currency.
    """

    similar: SimilarSale
    predicted_value: float
    adjustments: Mapping[str, float]
    adjusted_price: float


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a home is worth on a day, in `currency`, as the stored model `model` sees it.

    A refused one has a `refusal` and no figures. percentiles: by per cent, the price below which that share of sales is
    expected. explanation and comparables are there where they were asked for.
    """

    id: str
    currency: str
    valuation_date: date
    model: ModelVersion
    value: float | None = None
    interval: Interval | None = None
    percentiles: Mapping[int, float] = field(default_factory=dict)
    confidence: Confidence | None = None
    explanation: Explanation | None = None
    comparables: tuple[Comparable, ...] | None = None
    refusal: Refusal | None = None
    client_ref: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["valued", "refused"]:
        """Whether there is a figure."""
        return "refused" if self.refusal else "valued"


def explained(value: float, effects: LogEffects) -> Explanation:
    """Effects on the logarithm of `value` as amounts that add up to it, the largest first.

    Each is its log effect times the logarithmic mean of base value and value, the one factor that keeps the sum
    (Ang, "The LMDI approach to decomposition analysis", Energy Policy 33, 2005).
    """
    base_value = math.exp(effects.base)
    by_feature = amounts(base_value, value, effects.effects)
    contributions = [Contribution(feature, effect) for feature, effect in by_feature.items()]
    return Explanation(base_value, tuple(sorted(contributions, key=lambda each: -abs(each.effect))))


def adjusted(similar: SimilarSale, predicted_value: float, value: float, effects: Mapping[str, float]) -> Comparable:
    """A comparable, adjusted to a subject of this `value` by log effects that lead from the one home to the other."""
    by_feature = amounts(predicted_value, value, effects)
    told = {feature: amount for feature, amount in by_feature.items() if amount}
    return Comparable(similar, predicted_value, told, math.fsum([similar.sale.price, *told.values()]))


def amounts(start: float, end: float, effects: Mapping[str, float]) -> dict[str, float]:
    """Amounts in the proportions of `effects`, which lead from `start` to `end`."""
    whole = math.fsum(effects.values())
    # Where the effects cancel out, start and end are the same but for a rounding, and so is their mean.
    mean = (end - start) / whole if abs(whole) > 1e-9 else end
    return {feature: mean * effect for feature, effect in effects.items()}
