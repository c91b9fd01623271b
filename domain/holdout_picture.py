"""The picture of a version's holdout: the single sales and how they are spread, as far as charts show them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class LevelStudy:
    """What intervals at `level` held of the prices, and how wide they are relative to the value."""

    level: float
    coverage: float
    mean_width: float
    median_width: float


@dataclass(frozen=True, slots=True)
class PicturedSales:
    """Some sales of the holdout, all of the same length: amounts in the currency, places in degrees.

    low, high: ends of the interval at the card's level.
    """

    price: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    latitude: tuple[float, ...]
    longitude: tuple[float, ...]
    type: tuple[str, ...]
    sector: tuple[str, ...]
    sold_on: tuple[date | None, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many lie between each edge and the next; the first and the last count what is beyond them too."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PicturedGroup:
    """The ratios of value to price of one part of the market: COD in per cent, MdAPE as a share.

    low, high: the values that the group spans, where it was formed by them.
    """

    label: str
    sales: int
    median: float
    low_quartile: float
    high_quartile: float
    cod: float
    mdape: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class WorstSale:
    """A sale whose value was far from its price; id: its own, or its place among the sales."""

    id: str
    price: float
    value: float
    type: str
    sector: str
    net_usable_area: float
    sold_on: date | None


@dataclass(frozen=True, slots=True)
class HoldoutPicture:
    """What the charts of a version's evaluation need beside its card.

    sales: how many the holdout has, which `ratios` (value / price) and `levels` are of. points: some of them, drawn at
    random by the model's seed. Groups have 20 sales each at least. worst: those farthest off, the farthest first.
    """

    sales: int
    points: PicturedSales
    ratios: Histogram
    levels: tuple[LevelStudy, ...]
    by_sector: tuple[PicturedGroup, ...]
    by_type: tuple[PicturedGroup, ...]
    by_price: tuple[PicturedGroup, ...]
    worst: tuple[WorstSale, ...]
