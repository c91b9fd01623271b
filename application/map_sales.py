"""Showing the sales that a model learned from: for a map, and for the scale of prices behind a value."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import SalesInColumns, TrainedModel
from application.served_model import ServedVersion
from application.shown_figures import shown_degrees, shown_prices
from application.thin_evenly import thinned_evenly
from domain.property import TEXT_FIELDS, normalised

Places = NDArray[np.intp]

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class SalesOnMap:
    """Some of `total` sales, field by field in one order: degrees, currency, m2, currency per m2, names as spelled.

    sold_on: ISO days, None where one is not known.
    """

    total: int
    id: Sequence[str]
    latitude: Sequence[float]
    longitude: Sequence[float]
    price: Sequence[float]
    net_usable_area: Sequence[float]
    price_per_m2: Sequence[float]
    type: Sequence[str]
    sector: Sequence[str]
    sold_on: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class MapSales:
    """Shows the sales of a served model, never more than `most`; with 0 it shows none to anybody."""

    most: int

    def __call__(
        self, served: ServedVersion, limit: int, *, sector: str | None = None, kind: str | None = None
    ) -> SalesOnMap:
        """At most `limit` of the sales of this sector and this type (None: of all), as even a choice as can be.

        Of a sector or a type that the model does not know there are none. A million sales take a second.
        """
        sales = served.trained.comparables.columns()
        places = _places(sales, {"sector": sector, "type": kind})
        shown = self._thinned(sales, places, min(limit, self.most))
        return _on_map(served.trained, sales, shown, len(places))

    def _thinned(self, sales: SalesInColumns, places: Places, most: int) -> Places:
        if len(places) <= most or not most:
            return places[:most]
        latitude, longitude = (sales.numbers[name][places] for name in ("latitude", "longitude"))
        return places[thinned_evenly(latitude, longitude, sales.codes["sector"][places], most)]


def _places(sales: SalesInColumns, wanted: dict[str, str | None]) -> Places:
    chosen = np.ones(len(sales), dtype=np.bool_)
    for name, text in wanted.items():
        if text is not None:
            chosen &= sales.codes[name] == _code(sales.words[name], normalised(text))
    return np.flatnonzero(chosen)


def _code(words: Sequence[str], word: str) -> int:
    place = bisect_left(words, word)
    return place if place < len(words) and words[place] == word else -1


def _on_map(trained: TrainedModel, sales: SalesInColumns, places: Places, total: int) -> SalesOnMap:
    numbers, areas, prices = sales.numbers, sales.numbers["net_usable_area"][places], sales.prices[places]
    words = {name: trained.spellings.of_all(name, sales.words[name]) for name in TEXT_FIELDS}
    kinds, sectors = ([words[name][code] for code in sales.codes[name][places].tolist()] for name in TEXT_FIELDS)
    return SalesOnMap(
        total=total,
        id=trained.comparables.ids_of(places.tolist()),
        latitude=shown_degrees(numbers["latitude"][places]),
        longitude=shown_degrees(numbers["longitude"][places]),
        price=prices.tolist(),
        net_usable_area=areas.tolist(),
        price_per_m2=shown_prices(prices / areas),
        type=kinds,
        sector=sectors,
        sold_on=_days(sales.days, places),
    )


def _days(days: NDArray[np.float64] | None, places: Places) -> list[str | None]:
    if days is None:
        return [None] * len(places)
    chosen = days[places]
    known = ~np.isnan(chosen)
    since_1970 = np.where(known, chosen, _EPOCH).astype(np.int64) - _EPOCH
    texts = np.datetime_as_string(since_1970.astype("datetime64[D]")).tolist()
    return [text if is_known else None for text, is_known in zip(texts, known.tolist(), strict=True)]
