"""The forward test: values held against the prices of sales that came later, which no model could have learned from."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from domain.interval_study import FSD_CUT_OFFS, FSD_SHARE
from domain.ratio_intervals import median_interval
from domain.ratio_study import RatioStudy, ratio_study
from domain.share import Share
from domain.uncertainty import Confidence, Interval

FEWEST_SALES = 20
"""Groups of fewer valued homes are counted and not judged."""
_ROUNDING = 1e-9  # an interval without width is not missed by a rounding


@dataclass(frozen=True, slots=True)
class ForwardSale:
    """A valuation, and what its home was sold for later, in the same currency.

    home: the same for valuations of the same home. A refused valuation has no value, interval and confidence.
    """

    valuation_id: str
    made_at: datetime
    home: Hashable
    version: str
    sector: str
    value: float | None
    interval: Interval | None
    confidence: Confidence | None
    price: float
    sold_on: date


@dataclass(frozen=True, slots=True)
class ValuedSale:
    """The figures of a sale whose home was valued."""

    value: float
    price: float
    interval: Interval
    fsd: float

    @property
    def off(self) -> float:
        """|value - price| / price."""
        return abs(self.value - self.price) / self.price

    @property
    def is_covered(self) -> bool:
        """Whether the price lies within the interval."""
        return self.interval.low * (1 - _ROUNDING) <= self.price <= self.interval.high * (1 + _ROUNDING)

    @property
    def is_within_fsd(self) -> bool:
        """Whether the price lies within one forecast standard deviation of the value."""
        return abs(self.price / self.value - 1) <= self.fsd + _ROUNDING


@dataclass(frozen=True, slots=True)
class Median:
    """A median, and the two ends of its bootstrap interval at 95 per cent; no ends of fewer than 10."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many prices lay within what should hold the share `promised` of them."""

    promised: float
    held: Share


@dataclass(frozen=True, slots=True)
class ForwardHitRate:
    """Who takes values with an FSD of at most `fsd_at_most` only: how many homes are left, and how far values are off.

    hits: of all homes, those that were refused a value among them. mdape: None where none is left.
    """

    fsd_at_most: float
    hits: Share
    mdape: Median | None


@dataclass(frozen=True, slots=True)
class ForwardFigures:
    """What became of the values of a group. off, PE10 and PE20 are as in domain.ratio_study.

    intervals: by their level, ascending. fsd: of one forecast standard deviation, which promises 0.68.
    """

    mdape: Median
    pe10: Share
    pe20: Share
    intervals: tuple[Coverage, ...]
    fsd: Coverage
    hit_rates: tuple[ForwardHitRate, ...]
    ratio_study: RatioStudy


@dataclass(frozen=True, slots=True)
class ForwardGroup:
    """Sales of valued homes, and of homes that were refused a value; figures: None of fewer than 20 valued ones."""

    valued: int
    refused: int
    figures: ForwardFigures | None


def last_before_each_sale(sales: Iterable[ForwardSale]) -> list[ForwardSale]:
    """Of each sale (a home, a price, a day) the last valuation, in the order of the first; all came before the sale.

    A home that is valued ten times and sold once would count ten times otherwise.
    """
    last: dict[Hashable, ForwardSale] = {}
    for each in sales:
        sale = (each.home, each.price, each.sold_on)
        if sale not in last or each.made_at >= last[sale].made_at:
            last[sale] = each
    return list(last.values())


def studied(sales: Sequence[ForwardSale], seed: int) -> ForwardGroup:
    """The group of these sales; bootstrap intervals are drawn at random by `seed`."""
    valued = [
        ValuedSale(each.value, each.price, each.interval, each.confidence.fsd)
        for each in sales
        if each.value is not None and each.interval and each.confidence
    ]
    refused = len(sales) - len(valued)
    return ForwardGroup(len(valued), refused, _figures(valued, refused, seed) if len(valued) >= FEWEST_SALES else None)


def median_of(amounts: Sequence[float], seed: int) -> Median | None:
    """The median of any amounts, None of none."""
    if not amounts:
        return None
    low, high = median_interval(amounts, seed) or (None, None)
    return Median(median(amounts), low, high)


def _figures(sales: Sequence[ValuedSale], refused: int, seed: int) -> ForwardFigures:
    study = ratio_study([each.value for each in sales], [each.price for each in sales], seed)
    off = [each.off for each in sales]
    low, high = (study.intervals or {})["mdape"]
    return ForwardFigures(
        mdape=Median(median(off), low, high),
        pe10=_share(each <= 0.10 for each in off),
        pe20=_share(each <= 0.20 for each in off),
        intervals=tuple(_coverages(sales)),
        fsd=Coverage(FSD_SHARE, _share(each.is_within_fsd for each in sales)),
        hit_rates=tuple(_hit_rates(sales, refused, seed)),
        ratio_study=study,
    )


def _coverages(sales: Sequence[ValuedSale]) -> Iterable[Coverage]:
    for level in sorted({each.interval.level for each in sales}):
        yield Coverage(level, _share(each.is_covered for each in sales if each.interval.level == level))


def _hit_rates(sales: Sequence[ValuedSale], refused: int, seed: int) -> Iterable[ForwardHitRate]:
    mdape, hits = None, 0
    for cut_off in FSD_CUT_OFFS:
        off = [each.off for each in sales if each.fsd <= cut_off]
        if len(off) > hits:  # else the same sales as up to the cut-off before
            mdape, hits = median_of(off, seed), len(off)
        yield ForwardHitRate(cut_off, Share.of(hits, len(sales) + refused), mdape)


def _share(found: Iterable[bool]) -> Share:
    each = list(found)
    return Share.of(sum(each), len(each))
