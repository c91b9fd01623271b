"""What a model knows of its market, in figures for whoever fills in a form or looks at a map."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

MOST_MAPPED = 50_000
"""As many sales a map may show at once; what is beyond would be drawn upon what is there."""


@dataclass(frozen=True, slots=True)
class UsualRange:
    """Where a number lies in nearly all sales (their 1st and 99th percentile), and its median."""

    low: float
    high: float
    middle: float


@dataclass(frozen=True, slots=True)
class KnownType:
    """A type of home, as spelled, and how many sales are of it."""

    name: str
    sales: int


@dataclass(frozen=True, slots=True)
class KnownSector:
    """A sector, as spelled, and its sales: how many, and the medians of their places and prices per m2 usable."""

    name: str
    sales: int
    latitude: float
    longitude: float
    price_per_m2: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The degrees within which all sales lie; no market is taken to lie across the 180th meridian."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class MarketSurvey:
    """The market of the sales that a model learned from.

    types, sectors: in the order of their normalised forms. numbers: the usual range of each number of a home, and of
    each further one; None where no sale tells it. categories: what is known of each further category, as spelled, by
    name. first_sale, last_sale: None where no sale has a day. can_map: whether sales are shown on a map.
    """

    sales: int
    first_sale: date | None
    last_sale: date | None
    types: tuple[KnownType, ...]
    sectors: tuple[KnownSector, ...]
    numbers: Mapping[str, UsualRange | None]
    categories: Mapping[str, tuple[str, ...]]
    bounds: Bounds
    can_map: bool
