"""How sure a value is: the interval of prices around it, their percentiles, and its forecast standard deviation."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

ConfidenceLevel = Literal["high", "medium", "low"]

HIGH_ABOVE = 85
LOW_BELOW = 70
# Prices e**50 times the value say nothing any more, and arithmetic beyond would overflow sooner or later.
FARTHEST_LOG_ERROR = 50.0
_CLOSEST = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """Prices between which the sale is expected with probability `level`."""

    low: float
    high: float
    level: float


class Tail(NamedTuple):
    """Of homes valued at most at `up_to`: log errors, in spreads, below and above which a price is not expected."""

    up_to: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ErrorBand:
    """Errors of homes whose value (currency, at the reference price level) is at most `up_to` and in no band below.

    `scores` are log(price / value) / spread, of values that had not seen the prices, ascending. Raises ValueError
    unless they are at least one, finite and ascending, and `up_to` is positive.
    """

    up_to: float
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        ascending = all(one <= next_one for one, next_one in pairwise(self.scores))
        if not (ascending and len(self.scores) and math.isfinite(self.scores[0] + self.scores[-1])):
            raise ValueError("scores are at least one, finite, and ascending")
        if not self.up_to > 0:
            raise ValueError(f"a band of values ends above 0, and not at {self.up_to}")

    def upper(self, share: float) -> float:
        """The score below which the next one falls with probability `share` or more, by rank ceil((n + 1) share).

        That is the conformal rank; where n is too small for the share, the highest score seen.
        """
        return self.scores[min(self._rank(share), len(self.scores)) - 1]

    def lower(self, share: float) -> float:
        """The score above which the next one falls with probability 1 - `share` or more: `upper` seen from below."""
        return self.scores[max(len(self.scores) + 1 - self._rank(1 - share), 1) - 1]

    def _rank(self, share: float) -> int:
        # Rounded before it is rounded up: 25 * 1.12 / 2 is 14, and a hair more in binary.
        return math.ceil(round((len(self.scores) + 1) * share, 9))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an ErrorDistribution says at one level and at some shares, worked out for values to come.

    ends: where its bands end. scores: of each band the tails of the interval, and what prices fall below with the
    probability of each share.
    """

    level: float
    ends: tuple[float, ...]
    scores: tuple[tuple[float, ...], ...]

    def of(self, value: float, spread: float) -> tuple[Interval, tuple[float, ...]]:
        """The interval and the percentiles around a value, as ErrorDistribution has them. Raises ValueError as it."""
        low, high, *percentiles = _prices(value, spread, self.scores[bisect_left(self.ends, value)])
        return Interval(low, high, self.level), tuple(percentiles)


@dataclass(frozen=True, slots=True)
class ErrorDistribution:
    """How far prices fall from values: errors of cross-validation, in units of what was expected at each home.

    A home's `spread` (positive) is the absolute log error expected there. Scores of errors stand in bands of value,
    because the shape of the errors changes with it (Mondrian conformal prediction: Vovk, Gammerman and Shafer,
    "Algorithmic Learning in a Random World", 2005, section 4.5). They are about models fitted to the other folds, so
    that an interval is close to CV+ (Barber et al., "Predictive inference with the jackknife+", Annals of Statistics
    2021) and right on average over the homes of a band, without a finite-sample guarantee for each home.

    `fsd_factor`: the forecast standard deviation for a spread of 1. `allowance`, at least 1, widens everything for what
    cross-validation cannot see: that values are given after the sales that they are learned from.

    Raises ValueError unless bands ascend and the last is open (`math.inf`), and the two numbers are finite.
    """

    bands: tuple[ErrorBand, ...]
    fsd_factor: float
    allowance: float = 1.0

    def __post_init__(self) -> None:
        ends = [band.up_to for band in self.bands]
        if not ends or ends[-1] != math.inf or any(one >= next_one for one, next_one in pairwise(ends)):
            raise ValueError("bands ascend in value, and the last one has no upper end")
        if not (math.isfinite(self.fsd_factor) and self.fsd_factor >= 0):
            raise ValueError(f"fsd_factor is at least 0, and is not {self.fsd_factor}")
        if not (math.isfinite(self.allowance) and self.allowance >= 1):
            raise ValueError(f"allowance is at least 1, and is not {self.allowance}")

    def band_of(self, value: float) -> ErrorBand:
        """The band of homes of this value (at the reference price level)."""
        return self.bands[bisect_left(self.bands, value, key=lambda band: band.up_to)]

    def highest_level(self, value: float) -> float:
        """The highest level that the band of this value has errors enough for, (n - 1) / (n + 1); at least 0."""
        count = len(self.band_of(value).scores)
        return (count - 1) / (count + 1)

    def interval(self, value: float, spread: float, level: float, *, band_value: float | None = None) -> Interval:
        """The central interval at `level` around `value`, never without the value itself.

        `band_value` is the value at the reference price level, where that is another. Where a band has too few errors
        for the level, the widest seen is used. Raises ValueError unless 0 < level < 1, and value and spread are
        positive.
        """
        _check_level(level)
        tail = self._tail(self.band_of(value if band_value is None else band_value), level)
        low, high = _prices(value, spread, (tail.low, tail.high))
        return Interval(low, high, level)

    def tails(self, level: float) -> tuple[Tail, ...]:
        """What bounds the intervals at `level`, by band, the allowance included.

        They reach from value * exp(spread * low) to value * exp(spread * high); `low` is at most 0 and `high` at least
        0. Raises ValueError unless 0 < level < 1.
        """
        _check_level(level)
        return tuple(self._tail(band, level) for band in self.bands)

    def surroundings(self, level: float, shares: Sequence[float]) -> Surroundings:
        """The same as `interval` and `percentiles`, for many values. Raises ValueError unless 0 < level, shares < 1."""
        ends = tuple(band.up_to for band in self.bands)
        scores = tuple(
            (tail.low, tail.high, *(self._score(band, share) for share in shares))
            for band, tail in zip(self.bands, self.tails(level), strict=True)
        )
        return Surroundings(level, ends, scores)

    def percentiles(
        self, value: float, spread: float, shares: Sequence[float], *, band_value: float | None = None
    ) -> tuple[float, ...]:
        """The price below which the sale is expected with each probability of `shares`, in their order.

        The ends of an interval are the percentiles of its tails: 0.05 and 0.95 for the level 0.9. Like them, those
        under 0.5 are never above the value and those over 0.5 never below it; the 0.5 is the middle of the prices
        expected, which need not be the value. Raises ValueError unless 0 < share < 1, and value and spread are
        positive.
        """
        band = self.band_of(value if band_value is None else band_value)
        return tuple(_prices(value, spread, [self._score(band, share) for share in shares]))

    def fsd(self, spread: float) -> float:
        """The forecast standard deviation, a share of the value: within +-FSD of it lie about 68 % of prices."""
        return self.fsd_factor * self.allowance * spread

    def _tail(self, band: ErrorBand, level: float) -> Tail:
        # A level that cannot be told from 1 is taken as just below it.
        upper = min((1 + level) / 2, 1 - _CLOSEST)
        return Tail(band.up_to, min(self._score(band, 1 - upper), 0.0), max(self._score(band, upper), 0.0))

    def _score(self, band: ErrorBand, share: float) -> float:
        if not 0 < share < 1:
            raise ValueError(f"a percentile's share lies between 0 and 1, and is not {share}")
        if share < 0.5:
            return min(self.allowance * band.lower(share), 0.0)
        if share > 0.5:
            return max(self.allowance * band.upper(share), 0.0)
        return self.allowance * (band.lower(share) + band.upper(share)) / 2


@dataclass(frozen=True, slots=True)
class Confidence:
    """How much a value is to be relied on: its FSD, a score from 0 to 100, its level, and what limits it.

    The score is 100 (1 - FSD), rounded, but at most 85 where something limits it; above 85 the level is high, below 70
    low.
    """

    fsd: float
    score: int
    level: ConfidenceLevel
    limiting_factors: tuple[str, ...] = ()

    @classmethod
    def of(cls, fsd: float, limiting_factors: Sequence[str] = ()) -> "Confidence":
        """The confidence in a value with this forecast standard deviation (a share of the value)."""
        score = confidence_score(fsd)
        if limiting_factors:
            score = min(score, HIGH_ABOVE)
        return cls(fsd, score, confidence_level(score), tuple(limiting_factors))


def confidence_score(fsd: float) -> int:
    """100 (1 - FSD), rounded, from 0 to 100."""
    return round(100 * (1 - min(max(fsd, 0.0), 1.0)))


def confidence_level(score: int) -> ConfidenceLevel:
    """The level of a score: high above 85, low below 70."""
    if score > HIGH_ABOVE:
        return "high"
    return "low" if score < LOW_BELOW else "medium"


def _prices(value: float, spread: float, scores: Sequence[float]) -> list[float]:
    """The prices at these scores around a value. Raises ValueError unless value and spread are positive."""
    if not (value > 0 and spread > 0):
        raise ValueError(f"value {value} and spread {spread} are positive")
    return [value * math.exp(min(max(spread * score, -FARTHEST_LOG_ERROR), FARTHEST_LOG_ERROR)) for score in scores]


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"an interval's level lies between 0 and 1, and is not {level}")
