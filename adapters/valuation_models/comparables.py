"""The sales that a model learned from, as evidence: the most similar ones to a home, never the home itself."""

import hashlib
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from ctypes import addressof, pointer
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import MISSING_CATEGORY, Vector
from adapters.valuation_models.compiled import table_of
from adapters.valuation_models.geography import Sphere, on_the_unit_sphere
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address, lent, library
from adapters.valuation_models.kernel.nearest import NearestPoints, Rows
from application.ports import model_trainer
from application.ports.model_trainer import SalesInColumns
from domain.comparable import SimilarSale
from domain.great_circle import EARTH_RADIUS_KM, great_circle_km
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised
from domain.sale import Sale

if TYPE_CHECKING:
    import pandas as pd

LOCATION = model_trainer.LOCATION
EXTRAS = "extras"
AGE = "sold_on"
WEIGHTS: Mapping[str, float] = {
    LOCATION: 1.5,
    "net_usable_area": 4.0,
    "net_area": 1.0,
    "n_rooms": 0.5,
    "n_bathroom": 1.0,
    "type": 10.0,
    "sector": 0.5,
    EXTRAS: 1.5,
    AGE: 0.25,
}
"""What a difference of one scale in a thing weighs; see `ComparableSales.similar`."""

_COORDINATES = ("latitude", "longitude")
_AREAS = ("net_usable_area", "net_area")
_COUNTS = ("n_rooms", "n_bathroom")
_LEAST_SCALES = {"net_usable_area": 0.1, "net_area": 0.1, "n_rooms": 1.0, "n_bathroom": 0.5}
_LEAST_SHARE = 0.25
_NEIGHBOURS_FOR_SPACING = 30
_HOMES_FOR_SPACING = 500
_LEAST_SPACING_M = 50.0
_CANDIDATES = 300
_CANDIDATES_TO_ONE_OF_ITS_TYPE = 3
_DAYS_OF_AGE = 3 * 365.25
_HALF_KNOWN = 0.5
_LARGEST_DIFFERENCE = 3.0
_NORMAL_TENTHS = 2.5631  # a normal distribution's last tenth less its first, in SDs
_SAME_PLACE_M = 2.5
_FARTHEST_OF_ONE_ID_M = 100.0
_MOST_SALES_OF_ONE_ID = 50
_SAME_SIZE = math.log(1.01) + 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class ComparableSales(model_trainer.ComparableSales):
    """n sales in an order of their own, each column an array of shape (n,); to be had from `of`.

    numbers: NUMBER_FIELDS. extras: float64 with NaN. codes: type, sector and categorical extras as places in
    `vocabularies`, which are sorted, and where "" stands for what is unknown. days: when they were sold, as ordinals,
    NaN where that is unknown; None where no day is known. ids: None for a sale without one. points: on the unit sphere,
    shape (n, 3). everywhere, by_type, by_sector: indexes of all rows and of each code's. scales: of areas (logs),
    counts, numeric extras, and the location (metres). weights: as WEIGHTS, of each extra too.
    """

    numbers: Mapping[str, Vector]
    extras: Mapping[str, Vector]
    codes: Mapping[str, Rows]
    vocabularies: Mapping[str, tuple[str, ...]]
    prices: Vector
    days: Vector | None
    last_day: float
    ids: tuple[str | None, ...]
    scales: Mapping[str, float]
    weights: Mapping[str, float]
    points: Sphere = field(init=False)
    everywhere: NearestPoints = field(init=False)
    by_type: Sequence[NearestPoints] = field(init=False)
    by_sector: Sequence[NearestPoints] = field(init=False)
    places: kernel.Places = field(init=False)

    def __post_init__(self) -> None:
        latitudes, longitudes = (self.numbers[name] for name in _COORDINATES)
        for name, words in self.vocabularies.items():
            if not np.array_equal(np.unique(self.codes[name]), np.arange(len(words))):
                raise ValueError(f"The sales have other codes of '{name}' than there are words of it.")
        points = on_the_unit_sphere(latitudes, longitudes)
        everywhere, by_sector = NearestPoints(points), _indexes(points, self.codes["sector"])
        sectors = (kernel.Points * len(by_sector))(*(index.native for index in by_sector))
        searched = {
            "points": points,
            "everywhere": everywhere,
            "by_type": _indexes(points, self.codes["type"]),
            "by_sector": by_sector,
            "places": kernel.Places(pointer(everywhere.native), sectors, address(latitudes), address(longitudes)),
        }
        for name, value in searched.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return ComparableSales, tuple(getattr(self, each.name) for each in fields(self) if each.init)

    @classmethod
    def of(
        cls, sales: "pd.DataFrame", features: FeatureSchema, importance: Mapping[str, float] | None = None
    ) -> "ComparableSales":
        """Keeps checked sales (as `CheckedSales.usable`), at least one, with the extras that `features` names.

        importance: how much each field moves values in this market, of any scale, none negative; it shares out the
        weight that WEIGHTS gives to the fields that it names, `latitude` and `longitude` counting as the location.
        Raises ValueError for no sales.
        """
        if not len(sales):
            raise ValueError("there is no sale to compare with")
        table = table_of(sales, features)
        vocabularies, codes = {}, {}
        for name in (*TEXT_FIELDS, *features.categorical):
            vocabularies[name], codes[name] = _coded(table[name].tolist())
        days = _ordinals(sales["sold_on"].to_numpy()) if "sold_on" in sales else np.full(len(sales), np.nan)
        dated = not np.isnan(days).all()
        ids = [_id(cell) for cell in sales["id"].tolist()] if "id" in sales else [None] * len(sales)
        order = _canonical_order(table, codes, features, sales["price"].to_numpy(dtype=np.float64), days, ids)
        numbers = {name: table[name][order] for name in NUMBER_FIELDS}
        extras = {name: table[name][order] for name in features.numeric}
        codes = {name: places[order] for name, places in codes.items()}
        return cls(
            numbers=numbers,
            extras=extras,
            codes=codes,
            vocabularies=vocabularies,
            prices=sales["price"].to_numpy(dtype=np.float64)[order],
            days=days[order] if dated else None,
            last_day=float(np.nanmax(days)) if dated else 0.0,
            ids=tuple(ids[row] for row in order.tolist()),
            scales=_scales(numbers, extras) | {LOCATION: _spacing(numbers)},
            weights=_weights(features, importance or {}),
        )

    def __len__(self) -> int:
        """How many sales there are."""
        return len(self.prices)

    def similar(self, home: Property, count: int, *, as_of: date | None = None) -> list[SimilarSale]:
        """The `count` sales most similar to `home`, the most similar first; fewer where there are not so many.

        Similarity is 1 / (1 + d), with d the weighted mean of squares of what differs, each on a scale of this market:
        the distance (log(1 + metres / scale), the scale being how far the 30th nearest sale is for half of the homes),
        the logs of the areas and the counts (robust SDs), another type, another sector, the further features (all of
        them together weigh as one thing), and, of dated sales, the time from sale to `as_of` (None: to the last sale;
        the scale is three years). Sales after `as_of` are left out. Chosen among the 300 nearest sales, and the 100
        nearest of its type.

        Sales of the home itself are left out: of its type within 2.5 m, with its number of rooms, and both areas
        within 1 %, as `application.sales.homes` has it. The same sales in another order give the same answer.
        """
        if count < 1:
            return []
        wanted = max(_CANDIDATES, 2 * count)
        while True:
            rows, metres = self._candidates(home, wanted)
            others = ~self._same_home(home, rows, metres)
            if as_of and self.days is not None:
                others &= ~(self.days[rows] > as_of.toordinal())  # NaN, an unknown day, is not later
            if others.sum() >= count or wanted >= len(self):
                break
            wanted *= 4
        rows, metres = rows[others], metres[others]
        apart = self._apart(home, rows, metres, as_of)
        best = np.lexsort((rows, metres, apart))[:count]
        chosen = rows[best].tolist()
        return [
            SimilarSale(
                id=name,
                sale=self._sale(row),
                distance_m=1000 * self._kilometres(home, row),
                similarity=1 / (1 + difference),
            )
            for row, difference, name in zip(chosen, apart[best].tolist(), self.ids_of(chosen), strict=True)
        ]

    def distances_km(self, homes: Sequence[Property]) -> list[tuple[float, float | None]]:
        """Kilometres to the nearest sale, and to the nearest one in the home's sector."""
        places = np.array([(home.latitude, home.longitude) for home in homes], dtype=np.float64)
        sectors = np.array([self._code("sector", home.sector) for home in homes], dtype=np.int32)
        kilometres = self._distances(places, sectors).tolist()
        # NaN, which is not itself, says that the sector has no sale.
        return [(nearest, inside if inside == inside else None) for nearest, inside in kilometres]  # noqa: PLR0124

    def distances_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        """The same of n rows of checked properties, shape (n, 2); NaN where the sector has no sale."""
        import pandas as pd

        rows, sectors = pd.factorize(properties["sector"])
        codes = np.array([self._code("sector", str(sector)) for sector in sectors], dtype=np.int32)
        places = np.column_stack([properties[name].to_numpy(dtype=np.float64) for name in _COORDINATES])
        return self._distances(np.ascontiguousarray(places), codes[rows])

    def _distances(self, places: NDArray[np.float64], sectors: Rows) -> NDArray[np.float64]:
        kilometres = np.empty((len(places), 2))
        library().places_distances(addressof(self.places), lent(places), lent(sectors), len(places), lent(kilometres))
        return kilometres

    def known_homes(self, sales: "pd.DataFrame") -> NDArray[np.bool_]:
        """Whether each row of checked sales is of a home that is among these sales, shape (n,).

        By the rules of `application.sales.homes`: the same type, and place, rooms and areas as in `similar`, or the
        same id within 100 m, unless more than 50 sales carry it.
        """
        points = on_the_unit_sphere(*(sales[name].to_numpy(dtype=np.float64) for name in _COORDINATES))
        codes = [self._code("type", str(text)) for text in sales["type"].tolist()]
        ids = [_id(cell) for cell in sales["id"].tolist()] if "id" in sales else [None] * len(sales)
        numbers = sales[[*_AREAS, "n_rooms"]].to_numpy(dtype=np.float64)
        rows_of_ids: dict[str, list[int]] = {}
        for row, name in enumerate(self.ids):
            if name is not None:
                rows_of_ids.setdefault(name, []).append(row)
        known = np.zeros(len(sales), dtype=np.bool_)
        for place, (point, code, name) in enumerate(zip(points, codes, ids, strict=True)):
            if code < 0:
                continue
            rows = self.by_type[code].within(point, _chord(_SAME_PLACE_M))
            known[place] = self._same_size(rows, *numbers[place]).any()
            named = rows_of_ids.get(name, []) if name else []
            if not known[place] and 0 < len(named) <= _MOST_SALES_OF_ONE_ID:
                far = np.sqrt(((self.points[named] - point) ** 2).sum(axis=1)) > _chord(_FARTHEST_OF_ONE_ID_M)
                known[place] = (~far & (self.codes["type"][named] == code)).any()
        return known

    def columns(self) -> SalesInColumns:
        """All of the sales: the arrays that are searched."""
        return SalesInColumns(
            numbers={**self.numbers, **self.extras},
            codes=self.codes,
            words=self.vocabularies,
            prices=self.prices,
            days=self.days,
        )

    def ids_of(self, places: Sequence[int]) -> list[str]:
        """The source's ids; of sales that have none, ids made of what they say, in 35 us each."""
        return [self.ids[row] or self._content_id(row) for row in places]

    def _kilometres(self, home: Property, row: int) -> float:
        latitude, longitude = self.numbers["latitude"].item(row), self.numbers["longitude"].item(row)
        return great_circle_km(home.latitude, home.longitude, latitude, longitude)

    def _code(self, name: str, text: str) -> int:
        words, word = self.vocabularies[name], normalised(text)
        place = bisect_left(words, word)
        return place if place < len(words) and words[place] == word else -1

    def _candidates(self, home: Property, wanted: int) -> tuple[Rows, Vector]:
        """The nearest sales, those of the home's type that are farther away, and how far they are, in metres."""
        point = np.array([_on_the_unit_sphere(home)])
        (squares,), (rows,) = self.everywhere.nearest(point, wanted)
        code = self._code("type", home.type)
        if code >= 0:
            (like_squares,), (like,) = self.by_type[code].nearest(point, wanted // _CANDIDATES_TO_ONE_OF_ITS_TYPE)
            # What is as far away as the last of all may be among them, or may not.
            new = (like_squares > squares[-1]) | ((like_squares == squares[-1]) & (like > rows[-1]))
            rows, squares = np.concatenate([rows, like[new]]), np.concatenate([squares, like_squares[new]])
        return rows, 2000 * EARTH_RADIUS_KM * np.arcsin(np.minimum(np.sqrt(squares) / 2, 1.0))

    def _same_home(self, home: Property, rows: Rows, metres: Vector) -> NDArray[np.bool_]:
        same = metres <= _SAME_PLACE_M
        here = rows[same]
        same[same] = (self.codes["type"][here] == self._code("type", home.type)) & self._same_size(
            here, home.net_usable_area, home.net_area, home.n_rooms
        )
        return np.asarray(same)

    def _same_size(self, rows: Rows, usable: float, net: float, rooms: float) -> NDArray[np.bool_]:
        same = self.numbers["n_rooms"][rows] == rooms
        for name, area in zip(_AREAS, (usable, net), strict=True):
            same &= np.abs(np.log(self.numbers[name][rows]) - math.log(area)) <= _SAME_SIZE
        return np.asarray(same)

    def _apart(self, home: Property, rows: Rows, metres: Vector, as_of: date | None) -> Vector:
        """How far the rows are from `home` in everything: the weighted mean of squares, shape (len(rows),)."""
        apart = self.weights[LOCATION] * np.log1p(metres / self.scales[LOCATION]) ** 2
        for name in _AREAS:
            logs = np.log(self.numbers[name][rows]) - math.log(getattr(home, name))
            apart += self.weights[name] * (logs / self.scales[name]) ** 2
        for name in _COUNTS:
            counts = self.numbers[name][rows] - getattr(home, name)
            apart += self.weights[name] * (counts / self.scales[name]) ** 2
        for name in TEXT_FIELDS:
            apart += self.weights[name] * (self.codes[name][rows] != self._code(name, getattr(home, name)))
        for name in self.vocabularies:
            if name not in TEXT_FIELDS:
                apart += self.weights[name] * self._categories_apart(name, home.extras.get(name), rows)
        for name, values in self.extras.items():
            apart += self.weights[name] * self._numbers_apart(name, home.extras.get(name), values[rows])
        if self.days is not None:
            day = as_of.toordinal() if as_of else self.last_day
            ages = np.abs(self.days[rows] - day) / _DAYS_OF_AGE
            apart += self.weights[AGE] * np.where(np.isnan(ages), 1.0, ages) ** 2
        return np.asarray(apart / sum(self.weights.values()))

    def _categories_apart(self, name: str, own: float | str | None, rows: Rows) -> Vector | float:
        """0 or 1; half-way where the sale's is unknown. Nothing differs from what is unknown of the subject."""
        category = MISSING_CATEGORY if own is None else normalised(str(own))
        if category == MISSING_CATEGORY:
            return 0.0
        codes = self.codes[name][rows]
        unlike: Vector = (codes != self._code(name, category)).astype(np.float64)
        unlike[codes == self._code(name, MISSING_CATEGORY)] = _HALF_KNOWN
        return unlike

    def _numbers_apart(self, name: str, own: float | str | None, values: Vector) -> Vector | float:
        """Squared differences in robust SDs, at most 3; half of one where the sale's number is unknown."""
        if own is None or not math.isfinite(number := float(own)):
            return 0.0
        differences = np.minimum(np.abs(values - number) / self.scales[name], _LARGEST_DIFFERENCE)
        return np.asarray(np.where(np.isnan(differences), _HALF_KNOWN, differences) ** 2)

    def _sale(self, row: int) -> Sale:
        extras: dict[str, float | str | None] = {}
        for name, values in self.extras.items():
            number = float(values[row])
            extras[name] = None if math.isnan(number) else number
        words = {name: words[self.codes[name][row]] for name, words in self.vocabularies.items()}
        extras |= {name: words[name] or None for name in words if name not in TEXT_FIELDS}
        day = None if self.days is None or math.isnan(self.days[row]) else date.fromordinal(int(self.days[row]))
        home = Property(
            type=words["type"],
            sector=words["sector"],
            **{name: float(values[row]) for name, values in self.numbers.items()},
            extras=extras,
        )
        return Sale(home, float(self.prices[row]), day)

    def _content_id(self, row: int) -> str:
        sale = self._sale(row)
        home = sale.property
        said = [getattr(home, name) for name in (*TEXT_FIELDS, *NUMBER_FIELDS)]
        content = repr((said, sorted(home.extras.items()), sale.price, sale.sold_on and sale.sold_on.isoformat()))
        return "sale-" + hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _on_the_unit_sphere(home: Property) -> tuple[float, float, float]:
    """As geography.py has it, of one home."""
    phi, theta = math.radians(home.latitude), math.radians(home.longitude)
    return math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)


def _chord(metres: float) -> float:
    """The straight line between two points of the unit sphere that are so far apart on the ground."""
    return 2 * math.sin(metres / (2000 * EARTH_RADIUS_KM))


def _coded(texts: Sequence[str]) -> tuple[tuple[str, ...], Rows]:
    """The distinct texts in order, and the place of each text among them; one of novels takes no more than its own."""
    words = tuple(sorted(set(texts)))
    places = {word: place for place, word in enumerate(words)}
    return words, np.array([places[text] for text in texts], dtype=np.int32)


def _id(cell: object) -> str | None:
    return cell if isinstance(cell, str) and cell else None


def _canonical_order(
    table: Mapping[str, NDArray[Any]],
    codes: Mapping[str, Rows],
    features: FeatureSchema,
    prices: Vector,
    days: Vector,
    ids: Sequence[str | None],
) -> NDArray[np.intp]:
    """By everything that is known of the sales, the place first; ties are sales that are alike in all."""
    _, named = _coded([name or "" for name in ids])
    keys = [table[name] for name in (*_COORDINATES, *_AREAS, *_COUNTS)]
    keys += [codes[name] for name in (*TEXT_FIELDS, *sorted(features.categorical))]
    keys += [prices, days, *(table[name] for name in sorted(features.numeric)), named]
    return np.lexsort(keys[::-1])


def _ordinals(days: NDArray[np.datetime64]) -> Vector:
    ordinals = days.astype("datetime64[D]").astype(np.float64) + date(1970, 1, 1).toordinal()
    return np.where(np.isnat(days), np.nan, ordinals)


def _indexes(points: Sphere, codes: Rows) -> list[NearestPoints]:
    """An index of the rows of each code; there is none without rows."""
    order = np.argsort(codes, kind="stable").astype(np.int32)
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return [NearestPoints(points[part], part) for part in parts]


def _scales(numbers: Mapping[str, Vector], extras: Mapping[str, Vector]) -> dict[str, float]:
    scales = {name: max(_robust_sd(np.log(numbers[name])), _LEAST_SCALES[name]) for name in _AREAS}
    scales |= {name: max(_robust_sd(numbers[name]), _LEAST_SCALES[name]) for name in _COUNTS}
    for name, values in extras.items():
        known = values[~np.isnan(values)]
        scales[name] = (_robust_sd(known) or float(known.std()) or 1.0) if len(known) else 1.0
    return scales


def _robust_sd(values: Vector) -> float:
    first, last = np.quantile(values, [0.1, 0.9])
    return float(last - first) / _NORMAL_TENTHS


def _spacing(numbers: Mapping[str, Vector]) -> float:
    """Metres within which half of the homes have their 30 nearest sales, by at most 500 homes all over the market."""
    points = on_the_unit_sphere(numbers["latitude"], numbers["longitude"])
    chosen = np.unique(np.linspace(0, len(points) - 1, _HOMES_FOR_SPACING).astype(np.int64))
    squares, _ = NearestPoints(points).nearest(points[chosen], _NEIGHBOURS_FOR_SPACING + 1)
    chord = math.sqrt(float(np.median(squares[:, -1])))
    return max(2000 * EARTH_RADIUS_KM * math.asin(min(chord / 2, 1.0)), _LEAST_SPACING_M)


def _weights(features: FeatureSchema, importance: Mapping[str, float]) -> dict[str, float]:
    further = (*features.numeric, *features.categorical)
    weights = {name: weight for name, weight in WEIGHTS.items() if name != EXTRAS}
    weights |= {name: WEIGHTS[EXTRAS] / len(further) for name in further}
    given: dict[str, float] = {}
    for name, share in importance.items():
        field = LOCATION if name in _COORDINATES else name
        if field in weights and math.isfinite(share):
            given[field] = given.get(field, 0.0) + max(share, 0.0)
    pool, total = sum(weights[name] for name in given), sum(given.values())
    if total > 0:
        # No field is ever ignored: what hardly moves values still makes two homes look unlike each other.
        weights |= {name: max(pool * share / total, _LEAST_SHARE * weights[name]) for name, share in given.items()}
    return weights
