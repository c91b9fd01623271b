"""How intervals and confidence did on sales that the model had not seen."""

from dataclasses import dataclass

from domain.uncertainty import ConfidenceLevel

FSD_SHARE = 0.68
"""The share of prices that is promised within one forecast standard deviation of the value."""
FSD_CUT_OFFS = (0.05, 0.075, 0.10, 0.13, 0.15, 0.20, 0.25, 0.30, 0.40)
"""Up to which FSDs values may be taken, in hit rates."""


@dataclass(frozen=True, slots=True)
class ConfidenceStudy:
    """The sales whose values had one confidence level.

    `share` of all sales; `mdape` the median of |value - price| / price; `coverage` the share of prices within the
    interval; `fsd_coverage` the share within one FSD of the value. The last three are None where there was no sale.
    """

    level: ConfidenceLevel
    sales: int
    share: float
    mdape: float | None
    coverage: float | None
    fsd_coverage: float | None


@dataclass(frozen=True, slots=True)
class HitRate:
    """What a lender gets who takes values with an FSD of at most `fsd_at_most` only.

    `share` of all sales; `mdape` their median of |value - price| / price, and None where there was none.
    """

    fsd_at_most: float
    share: float
    mdape: float | None


@dataclass(frozen=True, slots=True)
class IntervalStudy:
    """On the holdout, at `level`: the share of prices within the interval, and its mean width relative to the value.

    coverage_by_decile: by tenths of the sales in the order of their value, cheapest first; None under 100 sales.
    worst_decile: the lowest of them. cheapest_fifth: coverage in the fifth of the sales with the lowest values; None
    under 50 sales. fsd_coverage: the share of prices within one forecast standard deviation of the value; 0.68 is
    promised. by_confidence: high, medium, low. hit_rates: by FSD cut-off, ascending. All but the first three are None
    in the cards of models that were stored before they were studied.
    """

    level: float
    coverage: float
    mean_width: float
    worst_decile: float | None = None
    cheapest_fifth: float | None = None
    fsd_coverage: float | None = None
    coverage_by_decile: tuple[float, ...] | None = None
    by_confidence: tuple[ConfidenceStudy, ...] | None = None
    hit_rates: tuple[HitRate, ...] | None = None
