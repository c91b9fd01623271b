"""What is answered of the market that a model knows."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta, Struct

from application.map_sales import SalesOnMap
from domain.market_survey import MarketSurvey
from domain.model_version import ModelVersion
from domain.property import NUMBER_RULES, TEXT_FIELDS
from domain.valuation_day import FIRST_DAY, LAST_DAY
from entrypoints.http.schemas import EXAMPLE_PROPERTY


def _told(description: str, example: Any = None) -> Meta:
    return Meta(description=description, examples=None if example is None else [example])


_VERSION = _told("Name of the stored version that is served.", "v3")
_CURRENCY = _told("The currency of all prices.", "USD")
_NAME = "Its name, as the sales mostly write it; where names are compared, case and accents do not count."
_LOW = "The 1st percentile among the sales; null where none is known."
_HIGH = "The 99th percentile among the sales, likewise."
_MIDDLE = "The median among the sales, likewise."


class DaysAnswer(Struct, kw_only=True):
    """The days from `first` to `last`."""

    first: Annotated[date, _told("The first day.", "1900-01-01")]
    last: Annotated[date, _told("The last day.", "2200-12-31")]


class KnownTypeAnswer(Struct, kw_only=True):
    """A kind of home that the model has seen."""

    name: Annotated[str, _told(_NAME, "OneFam")]
    sales: Annotated[int, _told("How many sales are of it.", 1620)]


class KnownSectorAnswer(Struct, kw_only=True):
    """A neighbourhood or commune that the model has seen."""

    name: Annotated[str, _told(_NAME, "North Ames")]
    sales: Annotated[int, _told("How many sales are in it.", 330)]
    latitude: Annotated[float, _told("Median of their latitudes (WGS 84), in degrees.", 42.0492)]
    longitude: Annotated[float, _told("Median of their longitudes (WGS 84), in degrees.", -93.6122)]
    price_per_m2: Annotated[float, _told("Median of price / net_usable_area, in `currency` per m2.", 1322.5)]


class FieldAnswer(Struct, kw_only=True):
    """A field of a home: what it may be, and what it usually is."""

    name: Annotated[str, _told("The field, as valuations take it.", "net_usable_area")]
    kind: Annotated[Literal["text", "number", "category"], _told("Whether it is text or a number.", "number")]
    unit: Annotated[str | None, _told("The unit of a number; null of text.", "m2")]
    above: Annotated[float | None, _told("It must be greater than this; null: no such bound.", 0.0)]
    at_least: Annotated[float | None, _told("It must be at least this; null: no such bound.")]
    at_most: Annotated[float | None, _told("It must be at most this; null: no such bound.", 1e9)]
    required: Annotated[bool, _told("Whether a home cannot be valued without it.", example=True)]
    low: Annotated[float | None, _told(_LOW + " Of text, null.", 61.4)]
    high: Annotated[float | None, _told(_HIGH, 270.1)]
    middle: Annotated[float | None, _told(_MIDDLE, 134.1)]


class NumericFeatureAnswer(Struct, kw_only=True):
    """A further feature that is a number, and what it usually is."""

    name: Annotated[str, _told("Its name, as valuations take it.", "year_built")]
    low: Annotated[float | None, _told(_LOW, 1900.0)]
    high: Annotated[float | None, _told(_HIGH, 2008.0)]
    middle: Annotated[float | None, _told(_MIDDLE, 1973.0)]


class CategoricalFeatureAnswer(Struct, kw_only=True):
    """A further feature that is a category, and what it may be."""

    name: Annotated[str, _told("Its name, as valuations take it.", "heating")]
    values: Annotated[
        list[str], _told("The categories that the model has seen, as the sales mostly write them.", ["Gas", "Wood"])
    ]


class FurtherFeaturesAnswer(Struct, kw_only=True):
    """The further features of the served model: none of them is required."""

    numeric: Annotated[list[NumericFeatureAnswer], _told("Those that are numbers.")]
    categorical: Annotated[list[CategoricalFeatureAnswer], _told("Those that are categories.")]


class BoundsAnswer(Struct, kw_only=True):
    """The rectangle that holds all sales, in degrees (WGS 84)."""

    south: Annotated[float, _told("The lowest latitude.", 41.99)]
    west: Annotated[float, _told("The lowest longitude.", -93.69)]
    north: Annotated[float, _told("The highest latitude.", 42.06)]
    east: Annotated[float, _told("The highest longitude.", -93.58)]


class MarketAnswer(Struct, kw_only=True):
    """What the served model knows of its market."""

    version: Annotated[str, _VERSION]
    currency: Annotated[str, _CURRENCY]
    valuation_days: Annotated[DaysAnswer, _told("The days as of which a home can be valued.")]
    interval_level: Annotated[float, _told("The level of intervals where none is asked for.", 0.9)]
    types: Annotated[list[KnownTypeAnswer], _told("The kinds of home among the sales, by name, accents aside.")]
    sectors: Annotated[list[KnownSectorAnswer], _told("The sectors among the sales, likewise.")]
    fields: Annotated[list[FieldAnswer], _told("The fields of a home, in the order of a form.")]
    features: Annotated[FurtherFeaturesAnswer, _told("What else the model values from, where it is given.")]
    typical_home: Annotated[
        dict[str, str | float], _told("An ordinary home of the market, by field: a property to try.", EXAMPLE_PROPERTY)
    ]
    bounds: Annotated[BoundsAnswer, _told("Where the sales lie.")]
    sales: Annotated[int, _told("How many sales the model learned from.", 2051)]
    first_sale: Annotated[date | None, _told("The day of the first of them; null where none is known.", "2006-01-14")]
    last_sale: Annotated[date | None, _told("The day of the last of them, likewise.", "2010-07-02")]
    can_map: Annotated[bool, _told("Whether `GET /v1/market/sales` shows any of them.", example=True)]

    @classmethod
    def of(cls, model: ModelVersion, survey: MarketSurvey) -> Self:
        """The answer that tells this survey of this model's market."""
        card = model.card
        return cls(
            version=model.version,
            currency=card.currency,
            valuation_days=DaysAnswer(first=FIRST_DAY, last=LAST_DAY),
            interval_level=card.interval.level,
            types=msgspec.convert(survey.types, list[KnownTypeAnswer], from_attributes=True),
            sectors=msgspec.convert(survey.sectors, list[KnownSectorAnswer], from_attributes=True),
            fields=list(_fields(survey)),
            features=FurtherFeaturesAnswer(
                numeric=[NumericFeatureAnswer(name=name, **_usual(survey, name)) for name in card.features.numeric],
                categorical=[
                    CategoricalFeatureAnswer(name=name, values=list(survey.categories[name]))
                    for name in card.features.categorical
                ],
            ),
            typical_home=dict(card.typical_home),
            bounds=msgspec.convert(survey.bounds, BoundsAnswer, from_attributes=True),
            sales=survey.sales,
            first_sale=survey.first_sale,
            last_sale=survey.last_sale,
            can_map=survey.can_map,
        )


def _fields(survey: MarketSurvey) -> Iterator[FieldAnswer]:
    nothing = dict.fromkeys(("unit", "above", "at_least", "at_most", "low", "high", "middle"))
    for name in TEXT_FIELDS:
        yield FieldAnswer(name=name, kind="text", required=True, **nothing)
    for rule in NUMBER_RULES:
        bounds = {"above": rule.above, "at_least": rule.at_least, "at_most": rule.at_most}
        yield FieldAnswer(
            name=rule.name, kind="number", unit=rule.unit, required=True, **bounds, **_usual(survey, rule.name)
        )


def _usual(survey: MarketSurvey, name: str) -> dict[str, float | None]:
    usual = survey.numbers[name]
    return {each: getattr(usual, each, None) for each in ("low", "high", "middle")}


class SalesColumnsAnswer(Struct, kw_only=True):
    """Sales in columns: the first of each is of the first sale, and so on."""

    id: Annotated[list[str], _told("Each sale's own id, or one made of what it says.", ["s0417"])]
    latitude: Annotated[list[float], _told("Latitudes (WGS 84), in degrees, to six decimals.", [42.0531])]
    longitude: Annotated[list[float], _told("Longitudes (WGS 84), in degrees, to six decimals.", [-93.6172])]
    price: Annotated[list[float], _told("What the homes were sold for, in `currency`.", [181500.0])]
    net_usable_area: Annotated[list[float], _told("Areas within the walls, in m2.", [150.5])]
    price_per_m2: Annotated[list[float], _told("price / net_usable_area, in `currency` per m2.", [1205.98])]
    type: Annotated[list[str], _told("Kinds of home, as the sales mostly write them.", ["OneFam"])]
    sector: Annotated[list[str], _told("Neighbourhoods or communes, likewise.", ["North Ames"])]
    sold_on: Annotated[list[date | None], _told("Days of the sales; null where one is not known.", ["2009-05-12"])]


class MarketSalesAnswer(Struct, kw_only=True):
    """Sales that the served model learned from."""

    version: Annotated[str, _VERSION]
    currency: Annotated[str, _CURRENCY]
    total: Annotated[int, _told("How many there are of what was asked for.", 2051)]
    shown: Annotated[int, _told("How many of them are shown.", 2051)]
    thinned: Annotated[bool, _told("Whether some are left out, evenly over the map.", example=False)]
    sales: Annotated[SalesColumnsAnswer, _told("Those that are shown, in columns.")]

    @classmethod
    def of(cls, model: ModelVersion, sales: SalesOnMap) -> Self:
        """The answer that shows these sales of this model."""
        columns = {name: getattr(sales, name) for name in SalesColumnsAnswer.__struct_fields__}
        return cls(
            version=model.version,
            currency=model.card.currency,
            total=sales.total,
            shown=len(sales.id),
            thinned=len(sales.id) < sales.total,
            sales=SalesColumnsAnswer(**columns),
        )
