"""All that valuing takes, in one dependency: Litestar would resolve several in tasks of their own, for 0.1 ms."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request

from application.record_valuations import RecordValuations
from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from application.what_if import ChangedValuation, Changes, WhatIf
from domain.api_key import ApiKey
from domain.valuation import Valuation
from domain.valuation_record import Caller
from entrypoints.http.slow_threads import SlowThreads

CallerRequest = Request[Any, ApiKey, Any]


@dataclass(frozen=True, slots=True)
class Valuing:
    """Values homes for callers, and has every valuation on record before it returns.

    `details`, `batches` and `records` are the threads for what is slow: the answers, or the disk that records are on.
    Raises what the use cases raise.
    """

    value_property: ValueProperty
    what_if: WhatIf
    record: RecordValuations
    served_model: ServedModel
    details: SlowThreads
    batches: SlowThreads
    records: SlowThreads

    async def one(
        self,
        request: CallerRequest,
        asked: ValuationRequest,
        level: float | None = None,
        *,
        explain: bool = False,
        comparables: int = 0,
    ) -> Valuation:
        """The valuation of one home: at once, or in a thread where it is slow."""
        caller = caller_of(request)
        if explain or comparables:
            return await self.details.run(
                lambda: self.recorded(caller, [asked], level, explain=explain, comparables=comparables)[0]
            )
        if self.record.log.is_slow:
            return await self.records.run(lambda: self.recorded(caller, [asked], level)[0])
        return self.recorded(caller, [asked], level)[0]

    def recorded(
        self,
        caller: Caller,
        asked: Sequence[ValuationRequest],
        level: float | None = None,
        *,
        explain: bool = False,
        comparables: int = 0,
    ) -> list[Valuation]:
        """The valuations of homes, one after the other."""
        began = time.perf_counter()
        valuations = self.value_property(asked, level, explain=explain, comparables=comparables)
        self.record(caller, asked, valuations, level=level, began=began)
        return valuations

    def changed(
        self, caller: Caller, asked: ValuationRequest, changes: Changes, level: float | None
    ) -> ChangedValuation:
        """The valuations of a home as it is and as it might be."""
        began = time.perf_counter()
        changed = self.what_if(asked, changes, level)
        pair = (changed.before, changed.after)
        self.record(caller, (asked, changed.request), pair, level=level, began=began)
        return changed


def caller_of(request: CallerRequest) -> Caller:
    """Who asks."""
    scope: Any = request.scope
    return Caller(request.auth.id, scope["state"]["request_id"])
