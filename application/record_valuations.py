"""Putting valuations on record before anybody is told of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from application.value_property import ValuationRequest
from domain.coordinate_rounding import with_rounded_coordinates
from domain.valuation import Valuation
from domain.valuation_record import Caller, ValuationRecord


@dataclass(frozen=True, slots=True)
class RecordValuations:
    """Records what was asked and what is answered, where it lies rounded to `coordinate_decimals` (None: exactly)."""

    log: ValuationLog
    clock: Clock
    coordinate_decimals: int | None = None

    def __call__(
        self,
        caller: Caller,
        requests: Sequence[ValuationRequest],
        valuations: Sequence[Valuation],
        *,
        level: float | None,
        began: float,
    ) -> None:
        """Records each valuation with its request. To be done before the answer is sent.

        level: that of the interval, as asked for. began: what `time.perf_counter()` said when the valuing began.
        Raises ValuationLogUnavailable: nothing is to be answered then.
        """
        if not valuations:
            return
        at, seconds = self.clock.now(), time.perf_counter() - began
        records = [
            _record(request, valuation, caller, at, seconds, level)
            for request, valuation in zip(requests, valuations, strict=True)
        ]
        if self.coordinate_decimals is not None:
            records = [with_rounded_coordinates(record, self.coordinate_decimals) for record in records]
        self.log.record(records)


def _record(
    request: ValuationRequest, valuation: Valuation, caller: Caller, at: datetime, seconds: float, level: float | None
) -> ValuationRecord:
    model = valuation.model
    return ValuationRecord(
        id=valuation.id,
        at=at,
        request_id=caller.request_id,
        key_id=caller.key_id,
        client_ref=valuation.client_ref,
        model_version=model.version,
        artifact_sha256=model.artifact.sha256,
        seconds=seconds,
        property=request.property,
        asked_date=request.valuation_date,
        asked_level=level,
        currency=valuation.currency,
        valuation_date=valuation.valuation_date,
        value=valuation.value,
        interval=valuation.interval,
        percentiles=valuation.percentiles,
        confidence=valuation.confidence,
        refusal=valuation.refusal,
        warnings=valuation.warnings,
        explanation=valuation.explanation,
        comparables=valuation.comparables,
        recipe=model.card.recipe,
        trained_at=model.card.trained_at,
    )
