"""Learn from out-of-fold errors how far prices fall from values, and study on unseen sales whether that held."""

import math

import numpy as np
from numpy.typing import NDArray

from domain.interval_study import FSD_CUT_OFFS, FSD_SHARE, ConfidenceStudy, HitRate, IntervalStudy
from domain.uncertainty import (
    FARTHEST_LOG_ERROR,
    ConfidenceLevel,
    ErrorBand,
    ErrorDistribution,
    confidence_level,
    confidence_score,
)

Vector = NDArray[np.float64]

# Conformal ranks are rounded up in each band: with 100 sales a band, intervals at 90 % held up to 92 % of prices.
SALES_A_BAND = 200
MOST_BANDS = 10
MOST_SCORES = 10_000
WIDEST_ALLOWANCE = 2.0
# With so many sales, a measured excess counts for half: the ratio of two such quantiles is known to about a tenth then.
SALES_FOR_HALF_AN_ALLOWANCE = 50
FEWEST_FOR_DECILES = 100
FEWEST_FOR_FIFTHS = 50
_ROUNDING = 1e-9
LEVELS: tuple[ConfidenceLevel, ...] = ("high", "medium", "low")


def calibrate(log_errors: Vector, spreads: Vector, values: Vector, allowance: float = 1.0) -> ErrorDistribution:
    """The error distribution of n sales: log(price / value) of out-of-fold values, shape (n,).

    `spreads` must be *cross-fitted* as well, each learned without the sale itself: spreads that have seen an error are
    larger where it is, and the scores come out too small. There are n // 200 bands of value, 1 to 10, of about equally
    many sales; equal values share a band. Of more than 10,000 scores, evenly spaced ones are kept, the extremes always.
    Raises ValueError for no sales, and for arrays that differ in length or hold what is not finite or not positive.
    """
    if not len(log_errors) or not len(log_errors) == len(spreads) == len(values):
        raise ValueError("log_errors, spreads and values are of the same sales, at least one")
    if not (np.isfinite(log_errors).all() and _positive(spreads) and _positive(values)):
        raise ValueError("log_errors are finite, and spreads and values finite and positive")
    order = np.argsort(values, kind="stable")
    values, scores = values[order], (log_errors / spreads)[order]
    cuts = _cuts(values)
    kept = MOST_SCORES // (len(cuts) + 1)
    bands = []
    for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        up_to = math.inf if end == len(values) else float(values[end - 1])
        bands.append(ErrorBand(up_to, tuple(_thinned(np.sort(scores[start:end]), kept).tolist())))
    off = np.sort(np.abs(np.expm1(np.clip(log_errors, -FARTHEST_LOG_ERROR, FARTHEST_LOG_ERROR))) / spreads)
    return ErrorDistribution(tuple(bands), float(off[_conformal_rank(len(off), FSD_SHARE) - 1]), allowance)


def out_of_time_allowance(
    errors_rolling: Vector, errors_same_sales_cross_validated: Vector, level: float = 0.9
) -> float:
    """By which factor errors grow when the future is valued from the past: from 1 to 2.

    Both are log(price / value) of the same n sales, shape (n,): of models that knew earlier sales only, and of models
    that knew all but their fold. The ratio of the `level` quantiles of their sizes is drawn to 1 where sales are few:
    what it is above 1 counts n / (n + 50). 1 for no sales. Rolling models have also learned from fewer sales than the
    model that is served, so that the allowance is rather too large than too small. Raises ValueError for arrays that
    differ in length.
    """
    rolling, crossed = np.abs(errors_rolling), np.abs(errors_same_sales_cross_validated)
    if len(rolling) != len(crossed):
        raise ValueError(f"{len(rolling)} rolling errors and {len(crossed)} cross-validated ones: of the same sales")
    if not len(rolling):
        return 1.0
    later, known = float(np.quantile(rolling, level)), float(np.quantile(crossed, level))
    if later <= known:
        return 1.0
    ratio = min(later / known, WIDEST_ALLOWANCE) if known > 0 else WIDEST_ALLOWANCE
    return 1.0 + (ratio - 1.0) * len(rolling) / (len(rolling) + SALES_FOR_HALF_AN_ALLOWANCE)


def interval_table(
    errors: ErrorDistribution, values: Vector, spreads: Vector, level: float, band_values: Vector | None = None
) -> tuple[Vector, Vector]:
    """`errors.interval` of many homes, to the last digit: the lower and the upper ends, each of shape (n,)."""
    ends = np.array(errors.tails(level))
    band = np.searchsorted(ends[:, 0], values if band_values is None else band_values, side="left")
    return values * _exp(spreads * ends[band, 1]), values * _exp(spreads * ends[band, 2])


def fsd_table(errors: ErrorDistribution, spreads: Vector) -> Vector:
    """`errors.fsd` of many homes, to the last digit, shape (n,)."""
    fsd: Vector = errors.fsd_factor * errors.allowance * spreads
    return fsd


def study_intervals(
    values: Vector, low: Vector, high: Vector, prices: Vector, level: float, fsd: Vector | None = None
) -> IntervalStudy:
    """How the intervals from `low` to `high` at `level` held the prices of n unseen sales, at least one; shapes (n,).

    With `fsd`, also how the forecast standard deviations did, and what the confidence levels mean.
    """
    # A market of one price has intervals without width, which a rounding must not miss.
    covered = (low * (1 - _ROUNDING) <= prices) & (prices <= high * (1 + _ROUNDING))
    by_value = covered[np.argsort(values, kind="stable")]
    deciles = _coverage_of_parts(by_value, 10) if len(values) >= FEWEST_FOR_DECILES else None
    study = IntervalStudy(
        level=level,
        coverage=float(covered.mean()),
        mean_width=float(((high - low) / values).mean()),
        worst_decile=min(deciles) if deciles else None,
        cheapest_fifth=_coverage_of_parts(by_value, 5)[0] if len(values) >= FEWEST_FOR_FIFTHS else None,
        coverage_by_decile=deciles,
    )
    if fsd is None:
        return study
    off = np.abs(values - prices) / prices
    within = np.abs(prices / values - 1) <= fsd + _ROUNDING
    return IntervalStudy(
        level=study.level,
        coverage=study.coverage,
        mean_width=study.mean_width,
        worst_decile=study.worst_decile,
        cheapest_fifth=study.cheapest_fifth,
        fsd_coverage=float(within.mean()),
        coverage_by_decile=study.coverage_by_decile,
        by_confidence=_by_confidence(fsd, off, covered, within),
        hit_rates=tuple(
            HitRate(cut_off, float((fsd <= cut_off).mean()), _median(off[fsd <= cut_off])) for cut_off in FSD_CUT_OFFS
        ),
    )


def _by_confidence(
    fsd: Vector, off: Vector, covered: NDArray[np.bool_], within: NDArray[np.bool_]
) -> tuple[ConfidenceStudy, ...]:
    named = np.array([confidence_level(confidence_score(one)) for one in fsd.tolist()])
    studies = []
    for level in LEVELS:
        at = named == level
        some = bool(at.any())
        studies.append(
            ConfidenceStudy(
                level=level,
                sales=int(at.sum()),
                share=float(at.mean()),
                mdape=_median(off[at]),
                coverage=float(covered[at].mean()) if some else None,
                fsd_coverage=float(within[at].mean()) if some else None,
            )
        )
    return tuple(studies)


def _median(off: Vector) -> float | None:
    return float(np.median(off)) if len(off) else None


def _coverage_of_parts(covered: NDArray[np.bool_], parts: int) -> tuple[float, ...]:
    return tuple(float(part.mean()) for part in np.array_split(covered, parts))


def _cuts(values: Vector) -> list[int]:
    """Where sorted values are cut into bands: never between equal values, and no band of less than half its share."""
    count = min(max(len(values) // SALES_A_BAND, 1), MOST_BANDS)
    fewest = len(values) / count / 2
    cuts: list[int] = []
    for band in range(1, count):
        cut = int(np.searchsorted(values, values[band * len(values) // count - 1], side="right"))
        if cut - (cuts[-1] if cuts else 0) >= fewest and len(values) - cut >= fewest:
            cuts.append(cut)
    return cuts


def _thinned(scores: Vector, most: int) -> Vector:
    if len(scores) <= most:
        return scores
    return scores[np.linspace(0, len(scores) - 1, most).round().astype(np.intp)]


def _conformal_rank(count: int, share: float) -> int:
    return min(math.ceil(round((count + 1) * share, 9)), count)


def _positive(numbers: Vector) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers > 0).all())


def _exp(log_errors: Vector) -> Vector:
    """By the standard library, as single valuations have it: numpy's own differs in the last digit here and there."""
    capped = np.clip(log_errors, -FARTHEST_LOG_ERROR, FARTHEST_LOG_ERROR)
    return np.fromiter(map(math.exp, capped.tolist()), dtype=np.float64, count=len(capped))
