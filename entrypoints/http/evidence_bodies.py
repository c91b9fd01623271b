"""What is answered of a valuation on record."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from msgspec import Meta, Struct

from application.show_valuation import ShownValuation
from domain.follow_up import Outcome, ValuerOverride
from domain.property import PROPERTY_FIELDS
from domain.valuation_record import ValuationRecord
from entrypoints.http.schemas import EXAMPLE_PROPERTY, ValuationAnswer, told_of

EXAMPLE_ID = "019ab0c4-6f0c-7f0e-9a53-5f1f7a4f7f10"


class RecordedModel(Struct, kw_only=True):
    """The model that computed a value, which may be pruned since."""

    version: Annotated[str, Meta(description="Name of the stored version.", examples=["v3"])]
    recipe: Annotated[
        str | None, Meta(description="How it was trained; null in records of an earlier Tasador.", examples=["boosted"])
    ]
    trained_at: Annotated[datetime | None, Meta(description="When it was trained, UTC; null likewise.")]


class AskedAnswer(Struct, kw_only=True):
    """What was asked for beside the home."""

    valuation_date: Annotated[date | None, Meta(description="The day of the value; null where none was named.")]
    level: Annotated[
        float | None, Meta(description="Level of the interval; null where the model's own was wanted.", examples=[0.8])
    ]


class _Told(Struct, kw_only=True):
    """When, by which key and in which request something was told."""

    recorded_at: Annotated[datetime, Meta(description="When it was told, UTC.")]
    key_id: Annotated[
        str, Meta(description="Id of the key that told it; empty where that was done on the service's own machine.")
    ]
    request_id: Annotated[str, Meta(description="Id of the request that told it; empty likewise.")]
    by: Annotated[str, Meta(description="Who told it on the service's own machine, else empty.")]


class OutcomeAnswer(_Told, kw_only=True):
    """What the home was sold for, as it was told once."""

    price: Annotated[float, Meta(description="What the home was sold for, in `currency`.", examples=[187000.0])]
    sold_on: Annotated[date, Meta(description="Day of the sale.")]

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """The answer that tells this outcome."""
        return cls(price=outcome.price, sold_on=outcome.sold_on, **told_when(outcome))


class OverrideAnswer(_Told, kw_only=True):
    """A valuer's value in the place of the model's."""

    value: Annotated[float, Meta(description="The valuer's value, in `currency`.", examples=[171000.0])]
    reason: Annotated[str, Meta(description="Why.", examples=["roof to be renewed"])]
    valuer: Annotated[str, Meta(description="Who answers for it.", examples=["M. Rojas"])]

    @classmethod
    def of(cls, override: ValuerOverride) -> Self:
        """The answer that tells this override."""
        return cls(value=override.value, reason=override.reason, valuer=override.valuer, **told_when(override))


class RecordedValuationAnswer(ValuationAnswer, kw_only=True):
    """A valuation as it was answered, to the last digit, and all else that is on record of it.

    Places and what tells of distances are coarser where `coordinate_decimals` is set.
    """

    # A record may be older than what it tells of the model.
    model: Annotated[RecordedModel, Meta(description="The model that computed the value.")]  # type: ignore[assignment]
    recorded_at: Annotated[datetime, Meta(description="When it was recorded, just before it was answered, UTC.")]
    request_id: Annotated[str, Meta(description="Id of the request that asked for it.")]
    key_id: Annotated[str, Meta(description="Id of the key that asked for it.")]
    property: Annotated[
        dict[str, float | str | None],
        Meta(
            description="The home as it was described, by field, those that were ignored among them.",
            examples=[EXAMPLE_PROPERTY],
        ),
    ]
    asked: Annotated[AskedAnswer, Meta(description="What was asked for beside the home.")]
    latency_ms: Annotated[float, Meta(description="How long valuing took, in milliseconds.", examples=[0.41])]
    schema_version: Annotated[int, Meta(description="Which fields the record has.", examples=[2])]
    artifact_sha256: Annotated[str, Meta(description="Digest of the model's stored bytes: SHA-256, hexadecimal.")]
    coordinate_decimals: Annotated[
        int | None,
        Meta(
            description="To how many decimals coordinates were rounded before they were kept; null where they were "
            "not. Places and what tells of distances are coarser then than they were answered."
        ),
    ]
    outcomes: Annotated[
        list[OutcomeAnswer],
        Meta(
            description="What the home was sold for, in the order of telling: the last sale that is not before the "
            "valuation counts."
        ),
    ]
    overrides: Annotated[list[OverrideAnswer], Meta(description="What valuers hold instead, in the order of telling.")]

    @classmethod
    def of_shown(cls, shown: ShownValuation) -> Self:
        """The answer that shows this valuation."""
        record = shown.record
        return cls(
            **told_of(record),
            model=RecordedModel(version=record.model_version, recipe=record.recipe, trained_at=record.trained_at),
            recorded_at=record.at,
            request_id=record.request_id,
            key_id=record.key_id,
            property=_described(record),
            asked=AskedAnswer(valuation_date=record.asked_date, level=record.asked_level),
            latency_ms=1000 * record.seconds,
            schema_version=record.schema,
            artifact_sha256=record.artifact_sha256,
            coordinate_decimals=record.coordinate_decimals,
            outcomes=[OutcomeAnswer.of(each) for each in shown.outcomes],
            overrides=[OverrideAnswer.of(each) for each in shown.overrides],
        )


def told_when(said: Outcome | ValuerOverride) -> dict[str, Any]:
    """When, by which key and in which request it was told, by field."""
    return {"recorded_at": said.at, "key_id": said.key_id, "request_id": said.request_id, "by": said.by}


def _described(record: ValuationRecord) -> dict[str, float | str | None]:
    home = record.property
    return {**{name: getattr(home, name) for name in PROPERTY_FIELDS}, **home.extras}
