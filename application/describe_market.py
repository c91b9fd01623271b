"""Telling what a model knows of its market: from the sales that it learned from, with no look at their source."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import SalesInColumns
from application.served_model import ServedVersion
from application.shown_figures import shown_degrees, shown_prices
from domain.market_survey import Bounds, KnownSector, KnownType, MarketSurvey, UsualRange
from domain.property import NUMBER_FIELDS
from domain.spellings import Spellings

Vector = NDArray[np.float64]
Codes = NDArray[np.int32]

_USUAL = (1, 99, 50)
_COORDINATES = ("latitude", "longitude")


@dataclass(frozen=True, slots=True)
class DescribeMarket:
    """Surveys the market of a served model; `most_mapped`: how many sales a map may show."""

    most_mapped: int

    def __call__(self, served: ServedVersion) -> MarketSurvey:
        """The survey; of a million sales it takes some seconds."""
        sales, spellings = served.trained.comparables.columns(), served.trained.spellings
        features = served.description.card.features
        places = np.array([sales.numbers[name] for name in _COORDINATES])
        first, last = _days(sales.days)
        return MarketSurvey(
            sales=len(sales),
            first_sale=first,
            last_sale=last,
            types=tuple(
                KnownType(name, count)
                for name, count in zip(
                    spellings.of_all("type", sales.words["type"]),
                    np.bincount(sales.codes["type"]).tolist(),
                    strict=True,
                )
            ),
            sectors=_sectors(sales, spellings),
            numbers={name: _usual(sales.numbers.get(name)) for name in (*NUMBER_FIELDS, *features.numeric)},
            categories={
                name: tuple(spellings.of_all(name, filter(None, sales.words.get(name, ()))))
                for name in features.categorical
            },
            bounds=Bounds(*shown_degrees(np.concatenate([places.min(axis=1), places.max(axis=1)]))),
            can_map=self.most_mapped > 0,
        )


def _days(days: Vector | None) -> tuple[date | None, date | None]:
    if days is None:
        return None, None
    return date.fromordinal(int(np.nanmin(days))), date.fromordinal(int(np.nanmax(days)))


def _usual(numbers: Vector | None) -> UsualRange | None:
    known = np.array([]) if numbers is None else numbers[~np.isnan(numbers)]
    return UsualRange(*np.percentile(known, _USUAL).tolist()) if len(known) else None


def _sectors(sales: SalesInColumns, spellings: Spellings) -> tuple[KnownSector, ...]:
    codes = sales.codes["sector"]
    prices_per_m2 = sales.prices / sales.numbers["net_usable_area"]
    latitude, longitude = (shown_degrees(_medians(sales.numbers[name], codes)) for name in _COORDINATES)
    columns = (np.bincount(codes).tolist(), latitude, longitude, shown_prices(_medians(prices_per_m2, codes)))
    names = spellings.of_all("sector", sales.words["sector"])
    return tuple(KnownSector(*row) for row in zip(names, *columns, strict=True))


def _medians(values: Vector, codes: Codes) -> Vector:
    """The median of the values of each code; all at once, since there may be thousands of sectors."""
    ordered = values[np.lexsort((values, codes))]
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    middles: Vector = (ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2
    return middles
