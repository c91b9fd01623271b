"""What goes over the wire: the Structs that OpenAPI shows, each field with its meaning and its unit.

The bounds of a property's numbers are the domain's own. What callers send is read by `bodies.py`, not by these Structs.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from application.list_models import ListedModel
from application.what_if import ChangedValuation
from domain.errors import FieldProblem
from domain.model_version import ModelCard, ModelVersion
from domain.property import NUMBER_RULES, PROPERTY_FIELDS
from domain.reason import LONGEST_REASON
from domain.valuation import Comparable, Contribution, Explanation, Valuation
from domain.valuation_record import ValuationRecord

LONGEST_TEXT = 200
LONGEST_CLIENT_REF = 100
MOST_COMPARABLES = 50
_CONTROL = r"\x00-\x1f\x7f-\x9f"
ONE_LINE = rf"^[^{_CONTROL}]*$"
"""Text without control characters, which may be empty."""
_NOT_BLANK = rf"^[^{_CONTROL}]*[^{_CONTROL}\s\u00a8\u00af\u00b4\u00b8\u0300-\u036f][^{_CONTROL}]*$"
"""The same with something in it beside spaces and accents, which do not count."""
INVALID_PROPERTY = "invalid_property"
"""The reason why a home of a batch is refused whose fields cannot be used."""

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
_NAMES = {per_cent: str(per_cent) for per_cent in range(101)}


def _text(description: str, example: str) -> Meta:
    return Meta(min_length=1, max_length=LONGEST_TEXT, pattern=_NOT_BLANK, description=description, examples=[example])


def _number(name: str, description: str) -> Meta:
    """A property's number, bounded as the domain says; `{unit}` in its description is the domain's unit."""
    rule = _RULES[name]
    bounds: dict[str, Any] = {"gt": rule.above, "ge": rule.at_least, "le": rule.at_most}
    return Meta(description=description.format(unit=rule.unit), examples=[EXAMPLE_PROPERTY[name]], **bounds)


def _told(description: str, *examples: object) -> Meta:
    return Meta(description=description, examples=list(examples) or None)


_DAYS = Meta(extra_json_schema={"pattern": "^((19|20|21)[0-9]{2}|2200)-"})
"""From domain.valuation_day's FIRST_DAY to its LAST_DAY."""
_FOLDERS = re.compile(r"(?:(?<![\w:/])/|\b(?!https?:)[a-z][a-z0-9+.-]*://)(?:[^/\s]+/)+(?=[^/\s]+\.\w)")


def without_folders(text: str) -> str:
    """`text` with no more than the names of the files in it: where they lie is the operator's business."""
    return _FOLDERS.sub("", text)


class PropertyBody(Struct, kw_only=True):
    """A home to be valued.

    Further features that the model was trained with are given by their own names: numbers, text, or null where unknown.
    Those of the served model are shown here; `GET /v1/models/current` lists them too, in `card.features`, for keys with
    the scope `models:read`.
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

    client_ref: Annotated[
        Annotated[str, Meta(max_length=LONGEST_CLIENT_REF, pattern=ONE_LINE)] | None,
        _told("Your reference, given back.", "file 2026-118"),
    ] = None
    valuation_date: Annotated[
        Annotated[date, _DAYS] | None, _told("The day of the value; today where it is not given.")
    ] = None


class ValuationBatch(Struct, kw_only=True):
    """Homes to be valued, each under its own reference and as of its own day."""

    properties: Annotated[list[ValuationBody], _told("The homes; the valuations come back in this order.")]


class PropertyChanges(Struct, kw_only=True, forbid_unknown_fields=True):
    """Any fields of a home, as they might be; also further features of the served model, and the day of the value."""

    type: Annotated[str, _text("Kind of home.", "OneFam")] | UnsetType = UNSET
    sector: Annotated[str, _text("Neighbourhood or commune.", "North Ames")] | UnsetType = UNSET
    net_usable_area: Annotated[float, _number("net_usable_area", "Area within the walls, in {unit}.")] | UnsetType = (
        UNSET
    )
    net_area: Annotated[float, _number("net_area", "Whole area, in {unit}.")] | UnsetType = UNSET
    n_rooms: Annotated[float, _number("n_rooms", "Number of {unit}.")] | UnsetType = UNSET
    n_bathroom: Annotated[float, _number("n_bathroom", "Number of {unit}.")] | UnsetType = UNSET
    latitude: Annotated[float, _number("latitude", "Latitude (WGS 84), in {unit}.")] | UnsetType = UNSET
    longitude: Annotated[float, _number("longitude", "Longitude (WGS 84), in {unit}.")] | UnsetType = UNSET
    valuation_date: (
        Annotated[Annotated[date, _DAYS] | None, _told("The day of the value; null for today.")] | UnsetType
    ) = UNSET


class WhatIfBody(Struct, kw_only=True):
    """A home, and what might be different about it."""

    property: Annotated[ValuationBody, _told("The home as it is.")]
    changes: Annotated[
        PropertyChanges,
        _told("The fields that are different, and nothing that the served model does not know.", {"n_bathroom": 2}),
    ]


class ServingModel(Struct, kw_only=True):
    """The model that computed a value."""

    version: Annotated[str, _told("Name of the stored version.", "v3")]
    recipe: Annotated[str, _told("How it was trained.", "boosted")]
    trained_at: Annotated[datetime, _told("When it was trained, UTC.", "2026-11-22T09:30:15Z")]

    @classmethod
    def of(cls, model: ModelVersion) -> Self:
        """The answer that names this model."""
        return cls(version=model.version, recipe=model.card.recipe, trained_at=model.card.trained_at)


class FieldProblemBody(Struct, kw_only=True, omit_defaults=True):
    """One bad field."""

    field: Annotated[str, _told("Its name; in a batch with the place of the home, from 0.", "data[3].net_area")]
    message: Annotated[str, _told("What was expected of it.", "must be greater than 0")]
    reason: Annotated[str | None, _told("Why a home is refused, where its fields are in order.", "outside_market")] = (
        None
    )


class ComparableAnswer(Struct, kw_only=True):
    """A sale that the model learned from, of a home like the one valued."""

    id: Annotated[str, _told("The sale's own id, or one made of what it says.", "s0417")]
    price: Annotated[float, _told("What it was sold for, in `currency`.", 181500.0)]
    adjusted_price: Annotated[
        float,
        _told("What it would have been sold for as the home valued: price plus adjustments, in `currency`.", 183900),
    ]
    adjustments: Annotated[
        dict[str, float],
        _told(
            "What each difference between the two homes comes to by the model, in `currency`; `location` for both "
            "coordinates. They add up to the value less `predicted_value`.",
            {"net_usable_area": 3100.0, "n_bathroom": -700.0},
        ),
    ]
    predicted_value: Annotated[
        float, _told("The model's own value of that home on the day of its sale, in `currency`.", 181900.0)
    ]
    distance_m: Annotated[float, _told("Distance to the home valued, in metres.", 310.5)]
    similarity: Annotated[float, _told("How alike the homes are, above 0; 1 where in everything.", 0.97)]
    sold_on: Annotated[date | None, _told("Day of the sale; null where it is not known.", "2026-08-14")]
    type: Annotated[str, _told("Kind of home, as the sales mostly write it.", "OneFam")]
    sector: Annotated[str, _told("Neighbourhood or commune, likewise.", "North Ames")]
    net_usable_area: Annotated[float, _told("Area within the walls, in m2.", 150.5)]
    net_area: Annotated[float, _told("Whole area, in m2.", 2900.0)]
    n_rooms: Annotated[float, _told("Number of rooms.", 7.0)]
    n_bathroom: Annotated[float, _told("Number of bathrooms.", 2.0)]
    latitude: Annotated[float, _told("Latitude (WGS 84), in degrees.", 42.0531)]
    longitude: Annotated[float, _told("Longitude (WGS 84), in degrees.", -93.6172)]
    extras: Annotated[
        dict[str, float | str | None],
        _told("The further features that the model was trained with, null where unknown.", {"year_built": 1968}),
    ]

    @classmethod
    def of(cls, comparable: Comparable) -> Self:
        """The answer that tells this comparable."""
        similar, sale = comparable.similar, comparable.similar.sale
        return cls(
            id=similar.id,
            price=sale.price,
            adjusted_price=comparable.adjusted_price,
            adjustments=dict(comparable.adjustments),
            predicted_value=comparable.predicted_value,
            distance_m=similar.distance_m,
            similarity=similar.similarity,
            sold_on=sale.sold_on,
            **{name: getattr(sale.property, name) for name in PROPERTY_FIELDS},
            extras=dict(sale.property.extras),
        )


class ContributionAnswer(Struct, kw_only=True):
    """What one field does to a value."""

    feature: Annotated[
        str,
        _told("Name of the field; `location` for both coordinates, `valuation_date` for the day.", "net_usable_area"),
    ]
    effect: Annotated[float, _told("What it does to the value, in `currency`.", 21400.0)]

    @classmethod
    def of(cls, contribution: Contribution) -> Self:
        """The answer that tells this contribution."""
        return cls(feature=contribution.feature, effect=contribution.effect)


class ExplanationAnswer(Struct, kw_only=True):
    """Why a home is worth its value: `base_value` plus every `effect` is the value."""

    base_value: Annotated[float, _told("The value where nothing is known of a home, in `currency`.", 162900.0)]
    contributions: Annotated[list[ContributionAnswer], _told("What each field of the home adds, the largest first.")]
    method: Annotated[str, _told("How the effects were computed: `shap`, exact Shapley values.", "shap")]

    @classmethod
    def of(cls, explanation: Explanation) -> Self:
        """The answer that tells this explanation."""
        return cls(
            base_value=explanation.base_value,
            contributions=[ContributionAnswer.of(each) for each in explanation.contributions],
            method=explanation.method,
        )


class ValuationAnswer(Struct, kw_only=True):
    """What a home is worth, between which prices a sale is expected, how sure that is, and by which model.

    A refused home has no figures: no number is better than a wrong one.
    """

    valuation_id: Annotated[
        str | None,
        _told(
            "Name of this valuation; null only for a home of a batch whose fields cannot be used.",
            "6a1c2f0e-6f0c-4f0e-9a53-5f1f7a4f7f10",
        ),
    ]
    client_ref: Annotated[str | None, _told("Your own reference, where one was given.", "file 2026-118")]
    status: Annotated[Literal["valued", "refused"], _told("Whether a value is given.", "valued")]
    reason: Annotated[
        str | None,
        _told(
            "Why no value is given, one word that stays the same; null where one is. outside_market: far from any "
            "sale. implausible_property: areas, counts or further numbers far beyond what was seen, or usable area far "
            "above the whole. contradictory_location: far from every sale of its own sector. invalid_property: in a "
            "batch, a home whose fields cannot be used.",
            None,
        ),
    ]
    reason_detail: Annotated[str | None, _told("The same as a sentence.", None)]
    currency: Annotated[str, _told("Currency of all amounts.", "USD")]
    valuation_date: Annotated[date | None, _told("The day of the value; null where `valuation_id` is.", "2026-11-22")]
    value: Annotated[float | None, _told("Expected sale price, in `currency`; null where refused.", 184300.0)]
    value_low: Annotated[float | None, _told("Lower end of the interval, in `currency`; null where refused.", 152100.0)]
    value_high: Annotated[
        float | None, _told("Upper end of the interval, in `currency`; null where refused.", 223300.0)
    ]
    interval_level: Annotated[
        float | None,
        _told("Share of sales whose price is expected within the interval, between 0 and 1; null where refused.", 0.9),
    ]
    percentiles: Annotated[
        dict[str, float] | None,
        _told(
            "By per cent, the price that this share of sales is expected to stay below, in `currency`; null where "
            "refused.",
            {
                "5": 152100.0,
                "10": 159800.0,
                "25": 172400.0,
                "50": 184300.0,
                "75": 197000.0,
                "90": 213500.0,
                "95": 223300.0,
            },
        ),
    ]
    fsd: Annotated[
        float | None,
        _told(
            "Forecast standard deviation, as a share of the value: about 68 per cent of prices are expected within "
            "one of it; null where refused.",
            0.113,
        ),
    ]
    confidence_score: Annotated[
        int | None, _told("100 times (1 - fsd), at most 85 with a limiting factor; null where refused.", 89)
    ]
    confidence_level: Annotated[
        Literal["high", "medium", "low"] | None,
        _told("high above a score of 85, low below 70; null where refused.", "high"),
    ]
    limiting_factors: Annotated[
        list[str],
        _told(
            "What makes this value less sure than others, each with its sentence in `warnings`: unknown_type, "
            "unknown_sector, unknown_<further feature>, far_from_sales, sector_mismatch, few_sales_in_sector, "
            "beyond_seen_<field>, beyond_seen_usable_share, usable_above_total_area, beyond_index (a day more than a "
            "year after the last sale, or before the first). With any of them the confidence is not high.",
            ["unknown_sector"],
        ),
    ]
    comparables: (
        Annotated[
            list[ComparableAnswer],
            _told("Sales of the homes most like this one, the most alike first; only where asked for."),
        ]
        | UnsetType
    ) = UNSET
    explanation: Annotated[ExplanationAnswer, _told("Why this value; only where asked for.")] | UnsetType = UNSET
    model: Annotated[ServingModel, _told("The model that computed the value.")]
    warnings: Annotated[list[str], _told("What to know before relying on the value, one sentence each.", [])]
    errors: (
        Annotated[
            list[FieldProblemBody],
            _told("Every bad field; only for a home of a batch whose fields cannot be used (`invalid_property`)."),
        ]
        | UnsetType
    ) = UNSET

    @classmethod
    def of(cls, valuation: Valuation, model: ServingModel | None = None) -> Self:
        """The answer that tells this valuation; `model` is the answer that names its model, where there is one."""
        return cls(**told_of(valuation), model=model or ServingModel.of(valuation.model))

    @classmethod
    def unusable(cls, client_ref: str | None, problems: Sequence[FieldProblem], model: ModelVersion) -> Self:
        """The answer to a home of a batch whose fields cannot be used, in its place among the valuations."""
        detail = "Fields of this home cannot be used; each is named in errors."
        return cls(
            valuation_id=None,
            client_ref=client_ref,
            status="refused",
            reason=INVALID_PROPERTY,
            reason_detail=detail,
            currency=model.card.currency,
            valuation_date=None,
            value=None,
            value_low=None,
            value_high=None,
            interval_level=None,
            percentiles=None,
            fsd=None,
            confidence_score=None,
            confidence_level=None,
            limiting_factors=[],
            model=ServingModel.of(model),
            warnings=[detail],
            errors=[FieldProblemBody(field=each.field, message=each.message) for each in problems],
        )


def told_of(valuation: Valuation | ValuationRecord) -> dict[str, Any]:
    """What is answered of a valuation, now or again later, by field: all but its model."""
    interval, sure, refusal = valuation.interval, valuation.confidence, valuation.refusal
    explanation, comparables = valuation.explanation, valuation.comparables
    return {
        "valuation_id": valuation.id,
        "client_ref": valuation.client_ref,
        "status": "refused" if refusal else "valued",
        "reason": refusal.reason if refusal else None,
        "reason_detail": refusal.explanation if refusal else None,
        "currency": valuation.currency,
        "valuation_date": valuation.valuation_date,
        "value": valuation.value,
        "value_low": interval.low if interval else None,
        "value_high": interval.high if interval else None,
        "interval_level": interval.level if interval else None,
        "percentiles": {_NAMES[share]: price for share, price in valuation.percentiles.items()} or None,
        "fsd": sure.fsd if sure else None,
        "confidence_score": sure.score if sure else None,
        "confidence_level": sure.level if sure else None,
        "limiting_factors": list(sure.limiting_factors) if sure else [],
        "comparables": UNSET if comparables is None else [ComparableAnswer.of(each) for each in comparables],
        "explanation": UNSET if explanation is None else ExplanationAnswer.of(explanation),
        "warnings": [refusal.explanation, *valuation.warnings] if refusal else list(valuation.warnings),
    }


class ValuationBatchAnswer(Struct, kw_only=True):
    """What many homes are worth."""

    valuations: Annotated[list[ValuationAnswer], _told("A valuation for each home, in their order.")]


class ChangedValuationAnswer(Struct, kw_only=True):
    """What a home is worth as it is and as it might be, and what each change does."""

    before: Annotated[ValuationAnswer, _told("The valuation of the home as it is.")]
    after: Annotated[ValuationAnswer, _told("The valuation of the home with the changes.")]
    difference: Annotated[
        float | None,
        _told("The value after less the value before, in `currency`; null where either is refused.", 8200.0),
    ]
    difference_share: Annotated[
        float | None, _told("The difference as a share of the value before; null where either is refused.", 0.0445)
    ]
    effects: Annotated[
        list[ContributionAnswer],
        _told(
            "What each changed field does to the value, the largest first: together the difference. None where either "
            "is refused."
        ),
    ]

    @classmethod
    def of(cls, changed: ChangedValuation) -> Self:
        """The answer that tells both valuations and what lies between them."""
        return cls(
            before=ValuationAnswer.of(changed.before),
            after=ValuationAnswer.of(changed.after),
            difference=changed.difference,
            difference_share=changed.difference_share,
            effects=[ContributionAnswer.of(each) for each in changed.effects],
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
    """Ratios of value to price, as in the IAAO Standard on Ratio Studies (2013)."""

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


class ConfidenceStudyAnswer(Struct, kw_only=True):
    """The sales of the holdout whose values had one confidence level."""

    level: Annotated[Literal["high", "medium", "low"], _told("The level.", "high")]
    sales: Annotated[int, _told("How many sales.", 410)]
    share: Annotated[float, _told("Their share of the holdout, between 0 and 1.", 0.56)]
    mdape: Annotated[float | None, _told("Median of |value - price| / price; null where there was no sale.", 0.048)]
    coverage: Annotated[float | None, _told("Share of prices within the interval, likewise.", 0.91)]
    fsd_coverage: Annotated[float | None, _told("Share of prices within one FSD of the value, likewise.", 0.69)]


class HitRateAnswer(Struct, kw_only=True):
    """What is left of the holdout where only values up to an FSD are taken."""

    fsd_at_most: Annotated[float, _told("The highest FSD taken, as a share of the value.", 0.13)]
    share: Annotated[float, _told("Share of sales left, between 0 and 1.", 0.74)]
    mdape: Annotated[float | None, _told("Median of |value - price| / price; null where none is left.", 0.055)]


class IntervalStudyAnswer(Struct, kw_only=True):
    """How the intervals held on the holdout."""

    level: Annotated[float, _told("Share of prices that should lie within, between 0 and 1.", 0.9)]
    coverage: Annotated[float, _told("Share of prices that did lie within, between 0 and 1.", 0.92)]
    mean_width: Annotated[float, _told("Mean width, as a share of the value.", 0.35)]
    worst_decile: Annotated[
        float | None, _told("Lowest coverage in a tenth of the sales by value; null of fewer than 100 sales.", 0.88)
    ]
    cheapest_fifth: Annotated[
        float | None, _told("Coverage in the fifth with the lowest values; null of fewer than 50 sales.", 0.87)
    ]
    fsd_coverage: Annotated[float | None, _told("Share of prices within one FSD of the value; 0.68 is promised.", 0.69)]
    coverage_by_decile: Annotated[
        list[float] | None, _told("Coverage by tenths of the sales in the order of their value, the cheapest first.")
    ]
    by_confidence: Annotated[list[ConfidenceStudyAnswer] | None, _told("The sales by confidence level.")]
    hit_rates: Annotated[list[HitRateAnswer] | None, _told("What is left where only surer values are taken.")]


class MarketIndexAnswer(Struct, kw_only=True):
    """How the level of prices moved, by month and group of sectors."""

    reference: Annotated[date, _told("The day on which every level is 0: that of the last sale.", "2026-10-31")]
    months: Annotated[list[str], _told("The months with sales; none where no sale was dated.", ["2026-09", "2026-10"])]
    log_levels: Annotated[
        dict[str, list[float]],
        _told(
            "By group, the natural logarithm of the level in the middle of each month; `all` is the whole market.",
            {"all": [-0.004, 0.0]},
        ),
    ]
    group_of_sector: Annotated[
        dict[str, str], _told("The group of a sector; every other one follows `all`.", {"north ames": "group 1"})
    ]
    drift: Annotated[
        dict[str, float],
        _told("By group, the logarithm by which the level moves on each month after the last.", {"all": 0.002}),
    ]
    drift_months: Annotated[int, _told("For how many months it moves on; then it stays.", 6)]
    counts: Annotated[list[int], _told("How many sales each month had.", [40, 38])]


class EquityFiguresAnswer(Struct, kw_only=True):
    """What an equity calibration trades."""

    mae: Annotated[float, _told("Mean absolute error, in currency.", 15000.25)]
    mdape: Annotated[float, _told("Median of |value - price| / price.", 0.0625)]
    cod: Annotated[float, _told("Coefficient of dispersion, per cent.", 8.25)]
    prd: Annotated[float, _told("Price-related differential.", 1.025)]
    prb: Annotated[float | None, _told("Price-related bias; null where it cannot be told.", -0.02)]


class EquityCalibrationAnswer(Struct, kw_only=True):
    """A calibration v -> level * centre * (v / centre) ** exponent, and what it costs."""

    exponent: Annotated[float, _told("Above 1 it undoes a regressive appraisal, below 1 a progressive one.", 1.04)]
    centre: Annotated[float, _told("The value that only `level` moves, in currency.", 160000.0)]
    level: Annotated[float, _told("What every value is multiplied by.", 1.002)]
    reached: Annotated[bool, _told("Whether PRD and PRB are within the standard's ranges with it.")]
    before: Annotated[EquityFiguresAnswer, _told("The figures of out-of-fold values without it.")]
    after: Annotated[EquityFiguresAnswer, _told("The figures with it.")]


class GateCheckAnswer(Struct, kw_only=True):
    """One figure of two versions on the same sales."""

    name: Annotated[str, _told("What was compared.", "MdAPE")]
    unit: Annotated[str, _told('"%" where the figures are per cent, else empty.', "%")]
    candidate: Annotated[float, _told("The figure of this version.", 6.1)]
    serving: Annotated[float, _told("The figure of the version in service.", 6.3)]
    target: Annotated[float | None, _told("What the figure should be; null where lower is better.", None)]
    worsening: Annotated[float, _told("How much larger it is, or how much farther from its target.", -0.2)]
    low: Annotated[float, _told("Lower end of the worsening's 90 per cent bootstrap interval.", -0.5)]
    high: Annotated[float, _told("Upper end of the same interval.", 0.1)]
    chance: Annotated[float, _told("How probable such a worsening is, if this version is truly no worse.", 0.86)]
    margin: Annotated[float, _told("The worsening that is let pass.", 0.5)]
    passed: Annotated[bool, _told("Whether it was let pass.")]


class GateAnswer(Struct, kw_only=True):
    """Whether a version might take the place of the one in service, and why."""

    against: Annotated[str | None, _told("The version in service then; null where there was none.", "v2")]
    passed: Annotated[bool, _told("Whether it might take its place.")]
    reason: Annotated[
        str, _told("Why, or why not.", "not worse than v2 beyond the margins in MdAPE, coverage, COD, PRB")
    ]
    sales: Annotated[int, _told("Sales compared on, of which neither version has learned.", 732)]
    checks: Annotated[list[GateCheckAnswer], _told("What was compared.")]


class AgreementAnswer(Struct, kw_only=True):
    """How closely the form in which a model is served follows the pipeline that was fitted."""

    homes: Annotated[int, _told("On how many homes both were asked.", 900)]
    furthest: Annotated[float, _told("The largest relative difference of their values.", 0.0)]


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
    index: Annotated[MarketIndexAnswer, _told("The price level by month that values move along with.")]
    equity: Annotated[
        EquityCalibrationAnswer | None, _told("The calibration that its ratio study calls for; null where for none.")
    ]
    equity_applied: Annotated[bool, _told("Whether values go through that calibration.")]
    importance: Annotated[
        dict[str, float],
        _told(
            "By field, the mean absolute effect on the logarithm of the value, the largest first.",
            {"net_usable_area": 0.21, "location": 0.14},
        ),
    ]
    screened: Annotated[int, _told("Sales set aside by screening, among those in `data.quarantined`.", 12)]
    unknown: Annotated[
        dict[str, float],
        _told("By field, how many times larger errors were where it was not known; at least 1.", {"sector": 1.15}),
    ]
    gate: Annotated[GateAnswer, _told("Whether it might take the place of the version in service.")]
    agreement: Annotated[
        AgreementAnswer, _told("How closely the form in which the model is served follows the one that was fitted.")
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
    number: Annotated[int, _told("Its place among all promotions and rollbacks.", 12)]
    clock_behind: Annotated[bool, _told("Whether the one before it is dated later: a clock was set back.")]


class PromotionBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent along with a change of the served version; nothing has to be."""

    reason: Annotated[
        str,
        Meta(
            max_length=LONGEST_REASON,
            pattern=ONE_LINE,
            description="Why, for the record: one line, without line breaks or other control characters.",
            examples=["lower COD in Vitacura"],
        ),
    ] = ""


class ModelAnswer(Struct, kw_only=True):
    """A stored model."""

    version: Annotated[str, _told("Name of the stored version.", "v3")]
    serving: Annotated[bool, _told("Whether this service values with it now.")]
    refused: Annotated[str | None, _told("Why it must not be served; null where it may be.", None)]
    stored_by: Annotated[str | None, _told("Who trained and stored it; null where it is refused.", "ana")]
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
            stored_by=stored.stored_by if stored else None,
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


class WorkersAnswer(Struct):
    """How it is with the processes that serve."""

    wanted: Annotated[int, _told("How many there should be.", 4)]
    alive: Annotated[int, _told("How many serve.", 4)]
    serving: Annotated[dict[str, int], _told("How many of them serve which version.", {"v3": 4})]


class ReadinessAnswer(Struct, kw_only=True):
    """Whether the service can value, and what each part of it said."""

    ready: Annotated[bool, _told("Whether requests can be answered.")]
    checks: Annotated[dict[str, str], _told("`ok`, or what is wrong, by part.", {"model": "ok", "key_store": "ok"})]
    serving: Annotated[str | None, _told("The version that is served.", "v3")]
    workers: Annotated[WorkersAnswer, _told("All processes that serve.")]
    warnings: Annotated[list[str], _told("What an operator should look into.", [])]


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
    reason: Annotated[
        str | None, _told("Why the home, or the first of several, is refused: one word that stays.", "outside_market")
    ] = None


def _last_part(source: str) -> str:
    """The name of a file or a database, without the folders, server, user and password before it."""
    last = source.partition("?")[0].rstrip("/").rpartition("/")[2]
    return last.rpartition("@")[2] if "://" in source else last  # a URL may end with its server


def _same_fields(source: object, wire: type[Any]) -> Any:
    """What `source` holds, in the Struct that has the same fields."""
    return msgspec.convert(source, wire, from_attributes=True)
