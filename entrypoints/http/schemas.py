"""What goes over the wire: the Structs that OpenAPI shows, each field with its meaning and its unit.

The bounds of a property's numbers are the domain's own. What callers send is read by `bodies.py`, not by these Structs.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta, Struct

from application.list_models import ListedModel
from domain.model_version import ModelCard
from domain.property import NUMBER_RULES
from domain.valuation import Valuation

LONGEST_TEXT = 200
LONGEST_CLIENT_REF = 100

EXAMPLE_PROPERTY: dict[str, Any] = {
    "type": "OneFam",
    "sector": "North Ames",
    "net_usable_area": 153.85,
    "net_area": 2951.53,
    "n_rooms": 7,
    "n_bathroom": 1,
    "latitude": 42.054,
    "longitude": -93.6198,
}
_RULES = {rule.name: rule for rule in NUMBER_RULES}


def _text(description: str, example: str, longest: int = LONGEST_TEXT) -> Meta:
    return Meta(min_length=1, max_length=longest, description=description, examples=[example])


def _number(name: str, description: str) -> Meta:
    """A property's number, bounded as the domain says; `{unit}` in its description is the domain's unit."""
    rule = _RULES[name]
    bounds: dict[str, Any] = {"gt": rule.above, "ge": rule.at_least, "le": rule.at_most}
    return Meta(description=description.format(unit=rule.unit), examples=[EXAMPLE_PROPERTY[name]], **bounds)


def _told(description: str, *examples: object) -> Meta:
    return Meta(description=description, examples=list(examples) or None)


_FOLDERS = re.compile(r"(?<![\w:/])/(?:[^/\s]+/)+(?=[^/\s]+\.\w)")


def without_folders(text: str) -> str:
    """`text` with no more than the names of the files in it: where they lie is the operator's business."""
    return _FOLDERS.sub("", text)


class PropertyBody(Struct, kw_only=True):
    """A home to be valued.

    Further features that the model was trained with are given by their own names: numbers, text, or null where unknown.
    `GET /v1/models/current` lists them in `card.features`, for keys with the scope `models:read`.
    `price`, `sold_on` and `id` are ignored, so that a row of a sales table may be sent as it is. Any other field that
    the model does not know is ignored too.
    """

    type: Annotated[
        str, _text("Kind of home, as in the sales table; case, accents and outer spaces do not count.", "OneFam")
    ]
    sector: Annotated[str, _text("Neighbourhood or commune, compared likewise.", "North Ames")]
    net_usable_area: Annotated[float, _number("net_usable_area", "Area within the walls, in {unit}.")]
    net_area: Annotated[
        float, _number("net_area", "Whole area, with terraces or the lot as the market counts, in {unit}.")
    ]
    n_rooms: Annotated[float, _number("n_rooms", "Number of {unit}.")]
    n_bathroom: Annotated[float, _number("n_bathroom", "Number of {unit}; a half one counts 0.5.")]
    latitude: Annotated[float, _number("latitude", "Latitude (WGS 84), in {unit}.")]
    longitude: Annotated[float, _number("longitude", "Longitude (WGS 84), in {unit}.")]


class PropertyBatch(Struct, kw_only=True):
    """Homes to be valued, all by the same model."""

    data: Annotated[list[PropertyBody], _told("The homes; the values come back in this order.")]


class ValuationBody(PropertyBody, kw_only=True):
    """A home to be valued, and under which reference and as of which day."""

    client_ref: (
        Annotated[
            str,
            Meta(max_length=LONGEST_CLIENT_REF, description="Your reference, given back.", examples=["file 2026-118"]),
        ]
        | None
    ) = None
    valuation_date: Annotated[date | None, _told("The day of the value; today where it is not given.")] = None


class ServingModel(Struct, kw_only=True):
    """The model that computed a value."""

    version: Annotated[str, _told("Name of the stored version.", "v3")]
    recipe: Annotated[str, _told("How it was trained.", "boosted")]
    trained_at: Annotated[datetime, _told("When it was trained, UTC.", "2026-11-22T09:30:15Z")]


class ValuationAnswer(Struct, kw_only=True):
    """What a home is worth, between which prices a sale is expected, and by which model."""

    valuation_id: Annotated[str, _told("Name of this valuation.", "6a1c2f0e-6f0c-4f0e-9a53-5f1f7a4f7f10")]
    client_ref: Annotated[str | None, _told("Your own reference, where one was given.", "file 2026-118")]
    status: Annotated[Literal["valued"], _told("Whether a value is given.", "valued")]
    reason: Annotated[str | None, _told("Why no value is given; null where one is.", None)]
    currency: Annotated[str, _told("Currency of all amounts.", "USD")]
    valuation_date: Annotated[date, _told("The day of the value.", "2026-11-22")]
    value: Annotated[float, _told("Expected sale price, in `currency`.", 184300.0)]
    value_low: Annotated[float, _told("Lower end of the interval, in `currency`.", 152100.0)]
    value_high: Annotated[float, _told("Upper end of the interval, in `currency`.", 223300.0)]
    interval_level: Annotated[
        float, _told("Share of sales whose price is expected within the interval, between 0 and 1.", 0.9)
    ]
    model: Annotated[ServingModel, _told("The model that computed the value.")]
    warnings: Annotated[list[str], _told("What to know before relying on the value, one sentence each.", [])]

    @classmethod
    def of(cls, valuation: Valuation) -> Self:
        """The answer that tells this valuation."""
        card = valuation.model.card
        return cls(
            valuation_id=valuation.id,
            client_ref=valuation.client_ref,
            status=valuation.status,
            reason=None,
            currency=valuation.currency,
            valuation_date=valuation.valuation_date,
            value=valuation.value,
            value_low=valuation.interval.low,
            value_high=valuation.interval.high,
            interval_level=valuation.interval.level,
            model=ServingModel(version=valuation.model.version, recipe=card.recipe, trained_at=card.trained_at),
            warnings=list(valuation.warnings),
        )


class FeatureSchemaAnswer(Struct, kw_only=True):
    """The features that a model values from, beside the eight fields of a property, and the categories it has seen."""

    numeric: Annotated[list[str], _told("Names of further numeric features.", [])]
    categorical: Annotated[list[str], _told("Names of further features that are text.", [])]
    types: Annotated[list[str], _told("Kinds of home among its sales, in lower case without accents.", ["onefam"])]
    sectors: Annotated[list[str], _told("Sectors among its sales, likewise.", ["north ames"])]


class TrainingDataAnswer(Struct, kw_only=True):
    """The sales that a model was trained and judged on."""

    source: Annotated[
        str, _told("Name of the file or table that they came from, without its folder or server.", "ames_sales.csv")
    ]
    read: Annotated[int, _told("Rows read.", 2930)]
    used: Annotated[int, _told("Rows used.", 2925)]
    quarantined: Annotated[int, _told("Rows set aside as unusable.", 5)]
    quarantined_by_reason: Annotated[dict[str, int], _told("Rows set aside, by reason.", {"price is missing": 5})]
    sha256: Annotated[str, _told("Digest of the sales used: the same sales, the same digest.")]
    first_sale: Annotated[
        date | None, _told("Day of the first of these sales; null where they have no dates.", "2006-01-04")
    ]
    last_sale: Annotated[date | None, _told("Day of the last of these sales, likewise.", "2010-07-30")]


class ValidationAnswer(Struct, kw_only=True):
    """How the holdout was set apart."""

    scheme: Annotated[str, _told("How the sales were split.", "random")]
    train: Annotated[int, _told("Sales trained on.", 2193)]
    test: Annotated[int, _told("Sales held out.", 732)]
    test_fraction: Annotated[float | None, _told("Share of sales held out, where they were split off.", 0.25)]
    holdout_sha256: Annotated[str | None, _told("Digest of the sales held out, where they were given.", None)]


class ErrorMetricsAnswer(Struct, kw_only=True):
    """Errors of values against sale prices that the model had not seen."""

    count: Annotated[int, _told("Sales judged on.", 732)]
    rmse: Annotated[float, _told("Root mean squared error, in currency.", 21000.5)]
    mae: Annotated[float, _told("Mean absolute error, in currency.", 15000.25)]
    mape: Annotated[float, _told("Mean of |value - price| / price.", 0.085)]
    mdape: Annotated[float, _told("Median of |value - price| / price.", 0.0625)]
    pe10: Annotated[float, _told("Share of sales valued within 10 per cent of the price, between 0 and 1.", 0.68)]
    pe20: Annotated[float, _told("Share of sales valued within 20 per cent of the price, between 0 and 1.", 0.92)]
    r2: Annotated[float | None, _told("Coefficient of determination; null where all prices are equal.", 0.91)]


class RatioStudyAnswer(Struct, kw_only=True):
    """Ratios of value to price on the holdout, as in the IAAO Standard on Ratio Studies (2013)."""

    count: Annotated[int, _told("Sales judged on.", 732)]
    median: Annotated[float, _told("Median ratio.", 0.99)]
    mean: Annotated[float, _told("Mean ratio.", 1.01)]
    weighted_mean: Annotated[float, _told("Sum of values over sum of prices.", 0.985)]
    cod: Annotated[float, _told("Coefficient of dispersion, per cent.", 8.25)]
    prd: Annotated[float, _told("Price-related differential.", 1.025)]
    prb: Annotated[float | None, _told("Price-related bias; null where it cannot be told.", -0.02)]
    mki: Annotated[float | None, _told("Modified Kakwani index; null where it cannot be told.", 0.98)]
    ki: Annotated[float, _told("Kakwani index.", -0.004)]
    prb_low: Annotated[float | None, _told("Lower end of the price-related bias's 95 per cent interval.", -0.04)]
    prb_high: Annotated[float | None, _told("Upper end of the same interval.", 0.0)]
    vei: Annotated[float | None, _told("Vertical equity indicator, per cent; null of fewer than 20 sales.", -4.5)]
    vei_significance: Annotated[float | None, _told("Its significance, per cent: inequity is shown above 10.", -2.25)]
    pe10: Annotated[float | None, _told("Share of sales valued within 10 per cent of the price.", 0.68)]
    pe20: Annotated[float | None, _told("Share of sales valued within 20 per cent of the price.", 0.92)]
    mdape: Annotated[float | None, _told("Median of |value - price| / price.", 0.0625)]
    intervals: Annotated[
        dict[str, tuple[float, float]] | None,
        _told("Low and high end of the 95 per cent bootstrap interval, by name of the figure.", {"cod": [7.5, 9.0]}),
    ]


class IntervalStudyAnswer(Struct, kw_only=True):
    """How the intervals held on the holdout."""

    level: Annotated[float, _told("Share of prices that should lie within, between 0 and 1.", 0.9)]
    coverage: Annotated[float, _told("Share of prices that did lie within, between 0 and 1.", 0.92)]
    mean_width: Annotated[float, _told("Mean width, as a share of the value.", 0.35)]


class ModelCardAnswer(Struct, kw_only=True):
    """All that training knows of a model."""

    recipe: Annotated[str, _told("How it was trained.", "boosted")]
    trained_at: Annotated[datetime, _told("When it was trained, UTC.", "2026-11-22T09:30:15Z")]
    training_seconds: Annotated[float, _told("How long training took, in seconds.", 12.5)]
    seed: Annotated[int, _told("Seed of everything random in training.", 0)]
    currency: Annotated[str, _told("Currency of its values.", "USD")]
    features: Annotated[FeatureSchemaAnswer, _told("What it values from.")]
    data: Annotated[TrainingDataAnswer, _told("The sales behind it.")]
    validation: Annotated[ValidationAnswer, _told("How it was judged.")]
    metrics: Annotated[ErrorMetricsAnswer, _told("Errors on the holdout.")]
    cross_validation: Annotated[ErrorMetricsAnswer, _told("Errors of the out-of-fold values of its training sales.")]
    ratio_study: Annotated[RatioStudyAnswer, _told("Ratio study on the holdout.")]
    interval: Annotated[IntervalStudyAnswer, _told("Intervals on the holdout.")]
    libraries: Annotated[dict[str, str], _told("Versions of the libraries that decide the figures.")]
    typical_home: Annotated[
        dict[str, str | float], _told("An ordinary home of its market, by field: a property to try.", EXAMPLE_PROPERTY)
    ]

    @classmethod
    def of(cls, card: ModelCard) -> Self:
        """The answer that tells this card, without the place of its sales."""
        told: Self = _same_fields(card, cls)
        told.data.source = _last_part(card.data.source)
        return told


class ArtifactAnswer(Struct, kw_only=True):
    """The stored bytes of a model."""

    sha256: Annotated[str, _told("SHA-256, hexadecimal.")]
    size: Annotated[int, _told("Number of bytes.", 1048576)]


class PromotionAnswer(Struct, kw_only=True):
    """One change that made a version the served one."""

    version: Annotated[str, _told("The version served from then on.", "v3")]
    action: Annotated[Literal["promote", "rollback"], _told("What was done.", "promote")]
    at: Annotated[datetime, _told("When, UTC.", "2026-11-22T09:31:00Z")]
    by: Annotated[str, _told("Who did it: the id of a key, or a command.", "Zk3PqW81xYbA")]
    reason: Annotated[str, _told("Why, where a reason was given.", "")]


class ModelAnswer(Struct, kw_only=True):
    """A stored model."""

    version: Annotated[str, _told("Name of the stored version.", "v3")]
    serving: Annotated[bool, _told("Whether this service values with it now.")]
    refused: Annotated[str | None, _told("Why it must not be served; null where it may be.", None)]
    promotions: Annotated[list[PromotionAnswer], _told("Every change that made it the served one, oldest first.")]
    card: ModelCardAnswer | None
    artifact: ArtifactAnswer | None

    @classmethod
    def of(cls, listed: ListedModel, served_version: str | None) -> Self:
        """The answer that tells this stored model, where `served_version` is what the service values with."""
        stored = listed.description
        return cls(
            version=listed.version,
            serving=listed.version == served_version,
            refused=listed.refused and without_folders(listed.refused),
            promotions=_same_fields(listed.promotions, list[PromotionAnswer]),
            card=ModelCardAnswer.of(stored.card) if stored else None,
            artifact=_same_fields(stored.artifact, ArtifactAnswer) if stored else None,
        )


class ModelList(Struct, kw_only=True):
    """The stored models."""

    models: Annotated[list[ModelAnswer], _told("Every stored version, oldest first.")]


class Liveness(Struct, kw_only=True):
    """That the process answers."""

    status: Annotated[Literal["live"], _told("Always this.", "live")] = "live"


class ReadinessAnswer(Struct, kw_only=True):
    """Whether the service can value, and what each part of it said."""

    ready: Annotated[bool, _told("Whether requests can be answered.")]
    checks: Annotated[dict[str, str], _told("`ok`, or what is wrong, by part.", {"model": "ok", "key_store": "ok"})]
    serving: Annotated[str | None, _told("The version that is served.", "v3")]
    warnings: Annotated[list[str], _told("What an operator should look into.", [])]


class FieldProblemBody(Struct, kw_only=True):
    """One bad field."""

    field: Annotated[str, _told("Its name; in a batch with the place of the home, from 0.", "data[3].net_area")]
    message: Annotated[str, _told("What was expected of it.", "must be greater than 0")]


class ProblemBody(Struct, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, _told("What kind of problem, as a URI that stays.", "/problems/invalid-property")]
    title: Annotated[str, _told("The same in words.", "The request cannot be used as it is")]
    status: Annotated[int, _told("The HTTP status.", 400)]
    detail: Annotated[str, _told("What was wrong this time, and what to do.", "net_area: must be greater than 0")]
    instance: Annotated[str, _told("The path of the request.", "/predict")]
    errors: Annotated[
        list[FieldProblemBody] | None, _told("Every bad field, where the body or the query was at fault.")
    ] = None


def _last_part(source: str) -> str:
    """The name of a file or a database, without the folders, server, user and password before it."""
    last = source.partition("?")[0].rstrip("/").rpartition("/")[2]
    return last.rpartition("@")[2] if "://" in source else last  # a URL may end with its server


def _same_fields(source: object, wire: type[Any]) -> Any:
    """What `source` holds, in the Struct that has the same fields."""
    return msgspec.convert(source, wire, from_attributes=True)
