"""Valuations on record, for tests that need some."""

from dataclasses import replace
from datetime import datetime

from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.property import Property
from domain.uncertainty import Confidence, Interval
from domain.valuation_record import ValuationRecord
from tests.fakes.fixed_clock import NOON

PLACE = Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.456789, -70.612345)


def a_record(
    valuation_id: str,
    value: float | None = 100.0,
    *,
    at: datetime = NOON,
    home: Property = PLACE,
    version: str = "v1",
    fsd: float = 0.1,
    low: float = 90.0,
    high: float = 110.0,
    level: float = 0.9,
    client_ref: str | None = None,
) -> ValuationRecord:
    """The record of a valuation; one that was refused where `value` is None."""
    refused = ValuationRecord(
        id=valuation_id,
        at=at,
        request_id="visit-1",
        key_id="abc123abc123",
        client_ref=client_ref,
        model_version=version,
        artifact_sha256="0" * 64,
        seconds=0.0005,
        property=home,
        asked_date=None,
        asked_level=None,
        currency="USD",
        valuation_date=at.date(),
        refusal=Refusal(OUTSIDE_MARKET, "the nearest sale is 112 km away, while nearly all have another within 300 m"),
    )
    if value is None:
        return refused
    sure = Confidence.of(fsd)
    return replace(refused, value=value, interval=Interval(low, high, level), confidence=sure, refusal=None)
