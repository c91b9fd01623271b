"""What is kept of a valuation: who asked what and when, and every figure of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from domain.market_extent import Refusal
from domain.property import Property
from domain.uncertainty import Confidence, Interval
from domain.valuation import Comparable, Explanation

SCHEMA = 2
"""Which fields a record has, and what they mean: grows when they change."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key, and the id of the request that it came with."""

    key_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ValuationRecord:
    """One valuation as it was asked for and answered. Whatever was not asked for or not given is None.

    id: the valuation's own. at: when it was recorded, UTC. seconds: how long valuing took, up to the record; the same
    for all homes of a request. property: the home as the caller described it, with fields that the model ignored.
    asked_date, asked_level: what the caller asked for; `valuation_date` and `interval` are what that led to. The
    figures, amounts in `currency`, are those of domain.valuation.Valuation. coordinate_decimals: to how many decimals
    latitudes and longitudes were rounded before they were kept, None where they were not. recipe, trained_at: of the
    model, which may be pruned later. schema: 1 in records that know nothing of these three.
    """

    id: str
    at: datetime
    request_id: str
    key_id: str
    client_ref: str | None
    model_version: str
    artifact_sha256: str
    seconds: float
    property: Property
    asked_date: date | None
    asked_level: float | None
    currency: str
    valuation_date: date
    value: float | None = None
    interval: Interval | None = None
    percentiles: Mapping[int, float] = field(default_factory=dict)
    confidence: Confidence | None = None
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    explanation: Explanation | None = None
    comparables: tuple[Comparable, ...] | None = None
    coordinate_decimals: int | None = None
    recipe: str | None = None
    trained_at: datetime | None = None
    schema: int = SCHEMA
