"""All that valuing takes, in one dependency: Litestar would resolve several in tasks of their own, for 0.1 ms."""

import time
from dataclasses import dataclass
from typing import Any

from litestar import Request

from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from application.what_if import ChangedValuation, Changes, WhatIf
from domain.api_key import ApiKey
from domain.valuation import Valuation
from domain.valuation_record import Caller
from entrypoints.http.recording import Recorder
from entrypoints.http.slow_threads import SlowThreads

CallerRequest = Request[Any, ApiKey, Any]


@dataclass(frozen=True, slots=True)
class Valuing:
    """Values homes for callers, and has every valuation on record before it returns.

    `details` and `batches` are the threads for answers that are slow. Raises what the use cases and the recorder raise.
    """

    value_property: ValueProperty
    what_if: WhatIf
    record: Recorder
    served_model: ServedModel
    details: SlowThreads
    batches: SlowThreads

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
        began = time.perf_counter()
        if explain or comparables:
            [valuation] = await self.details.run(
                lambda: self.value_property([asked], level, explain=explain, comparables=comparables)
            )
        else:
            [valuation] = self.value_property([asked], level)
        await self.record(caller_of(request), [asked], [valuation], level=level, began=began)
        return valuation

    async def changed(
        self, request: CallerRequest, asked: ValuationRequest, changes: Changes, level: float | None
    ) -> ChangedValuation:
        """The valuations of a home as it is and as it might be."""
        began = time.perf_counter()
        changed = await self.details.run(lambda: self.what_if(asked, changes, level))
        pair = (changed.before, changed.after)
        await self.record(caller_of(request), (asked, changed.request), pair, level=level, began=began)
        return changed


def caller_of(request: CallerRequest) -> Caller:
    """Who asks."""
    scope: Any = request.scope
    return Caller(request.auth.id, scope["state"]["request_id"])
