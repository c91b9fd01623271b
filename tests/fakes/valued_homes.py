"""Homes as they stand on record after they were valued."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from application.describe_reference import describe_reference
from application.ports.model_trainer import TrainedModel
from domain.property import NUMBER_FIELDS, Property
from domain.uncertainty import Confidence
from domain.valuation_record import ValuationRecord
from tests.fakes.fixed_clock import NOON
from tests.fakes.models import ANYWHERE, SCHEMA, ConstantPricePerArea, a_trained_model
from tests.fakes.sales import some_sales

PRICE_PER_M2 = 2000.0


def homes_from(sales: pd.DataFrame) -> list[Property]:
    """The homes of such sales, with their further columns as extras."""
    known = {"type", "sector", *NUMBER_FIELDS}
    extras = [name for name in sales.columns if name not in {*known, "id", "price", "sold_on"}]
    return [
        Property(**{name: row[name] for name in known}, extras={name: row[name] for name in extras})
        for row in sales.to_dict("records")
    ]


def on_record(homes: Sequence[Property], at: datetime = NOON, **changes: Any) -> list[ValuationRecord]:
    """Their valuations at 2000 a m2 by v1, with these fields changed."""
    record = ValuationRecord(
        id="",
        at=at,
        request_id="r",
        key_id="k",
        client_ref=None,
        model_version="v1",
        artifact_sha256="0" * 64,
        seconds=0.001,
        property=homes[0],
        asked_date=None,
        asked_level=None,
        currency="USD",
        valuation_date=at.date(),
        confidence=Confidence.of(0.1),
    )
    return [
        replace(
            record,
            **{"id": f"{at:%Y%m%d}-{n}", "property": home, "value": PRICE_PER_M2 * home.net_usable_area, **changes},
        )
        for n, home in enumerate(homes)
    ]


def a_model_with_reference(sales: pd.DataFrame | None = None, unseen: int = 60) -> TrainedModel:
    """A model that values at 2000 a m2 and knows what the homes of these sales look like."""
    sales = some_sales(800, seed=1) if sales is None else sales
    sectors = ("las condes", "nunoa", "puente alto")
    schema = replace(SCHEMA, sectors=sectors)
    extent = replace(ANYWHERE, sectors=dict.fromkeys(sectors, ANYWHERE.sectors["nunoa"]))
    trained = a_trained_model(PRICE_PER_M2, model=ConstantPricePerArea(PRICE_PER_M2, schema), extent=extent)
    values = PRICE_PER_M2 * sales["net_usable_area"].to_numpy(dtype=float)
    return replace(trained, reference=describe_reference(trained, sales, values, some_sales(unseen, seed=2)))
