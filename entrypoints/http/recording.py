"""Valuations go on record before they are answered, and a disk that stalls holds up nobody for long."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from litestar import Litestar
from structlog.contextvars import bind_contextvars

from application.record_valuations import RecordValuations
from application.value_property import ValuationRequest
from domain.errors import ValuationLogUnavailable
from domain.market_extent import CONTRADICTORY_LOCATION, IMPLAUSIBLE_PROPERTY, OUTSIDE_MARKET
from domain.valuation import Valuation
from domain.valuation_record import Caller
from entrypoints.http.metrics import Metrics
from entrypoints.http.slow_threads import Overloaded, SlowThreads

SECONDS_TO_RECORD = 2.0
"""How long a request waits for the record of its valuations, of many a little longer."""
MOST_RECORDS_WAITING = 512
"""How many requests may wait for their records at once."""
_AT_ONCE = 16  # they wait for the disk together
_MOST_AT_ONCE_HERE = 32
_LONG = 0.1
_SECONDS_A_VALUATION = 0.001
_SECONDS_OF_CAUTION = 30.0
_SECONDS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_UNVALUED = "none"
_RECORDED, _NOT_RECORDED = _RESULTS = ("recorded", "not")
_REASONS = (OUTSIDE_MARKET, IMPLAUSIBLE_PROPERTY, CONTRADICTORY_LOCATION)


class Recorder:
    """Records what is answered: at once where that takes microseconds, else in threads, and never behind a long queue.

    A log that has just made the event loop wait is left to the threads for a while.
    """

    def __init__(
        self,
        record: RecordValuations,
        metrics: Metrics,
        seconds: float = SECONDS_TO_RECORD,
        most_waiting: int = MOST_RECORDS_WAITING,
    ) -> None:
        self._record = record
        self._log = record.log
        self._patience = seconds
        self._threads = SlowThreads("records", _AT_ONCE, most_waiting)
        self._cautious_until = float("-inf")
        self._lost = 0
        self._valuations = metrics.counter(
            "tasador_valuations",
            "Valuations answered, by status and confidence level (none: refused).",
            status=("valued", "refused"),
            confidence=("high", "medium", "low", _UNVALUED),
        )
        self._refusals = metrics.counter(
            "tasador_refused_valuations", "Valuations refused, by reason.", reason=_REASONS
        )
        self._seconds = metrics.histogram(
            "tasador_record_seconds",
            "Seconds until valuations were on record.",
            _SECONDS,
            "result",
            _RESULTS,
        )
        self._waiting = metrics.gauge(
            "tasador_valuation_log_waiting", "Requests that wait for their valuations to be on record."
        )
        self._unrecorded = metrics.counter(
            "tasador_unrecorded_valuations", "Valuations answered without a record, or not answered for want of one."
        )

    async def __call__(
        self,
        caller: Caller,
        requests: Sequence[ValuationRequest],
        valuations: Sequence[Valuation],
        *,
        level: float | None,
        began: float,
    ) -> None:
        """Returns once the valuations may be answered. Raises ValuationLogUnavailable where they may not."""
        if valuations:
            bind_contextvars(model_version=valuations[0].model.version)
        started = time.perf_counter()
        try:
            if self._may_record_here(len(valuations), started):
                try:
                    self._record(caller, requests, valuations, level=level, began=began)
                finally:
                    if time.perf_counter() - started > _LONG:
                        self._cautious_until = time.perf_counter() + _SECONDS_OF_CAUTION
            else:
                await self._record_apart(caller, requests, valuations, level, began)
        except ValuationLogUnavailable:
            self._seconds.add(_NOT_RECORDED, time.perf_counter() - started)
            self._unrecorded.add(amount=len(valuations))
            raise
        self._seconds.add(_RECORDED, time.perf_counter() - started)
        self._count(valuations)

    def _may_record_here(self, valuations: int, now: float) -> bool:
        return not self._log.is_slow and valuations <= _MOST_AT_ONCE_HERE and now >= self._cautious_until

    async def _record_apart(
        self,
        caller: Caller,
        requests: Sequence[ValuationRequest],
        valuations: Sequence[Valuation],
        level: float | None,
        began: float,
    ) -> None:
        patience = self._patience + _SECONDS_A_VALUATION * len(valuations)
        self._waiting.add(1.0)
        try:
            work = self._threads.run(lambda: self._record(caller, requests, valuations, level=level, began=began))
            await asyncio.wait_for(work, patience)
        except TimeoutError:
            self._log.do_without(
                len(valuations),
                f"Valuations were not on record within {patience:g} s: the disk or the "
                "database of valuation_log is slow or stands still.",
            )
        except Overloaded as error:
            cause = f"{error}: the disk or the database of valuation_log is slow or stands still."
            self._log.do_without(len(valuations), cause)
        finally:
            self._waiting.add(-1.0)

    def _count(self, valuations: Sequence[Valuation]) -> None:
        for valuation in valuations:
            confidence = valuation.confidence.level if valuation.confidence else _UNVALUED
            self._valuations.add(valuation.status, confidence)
            if valuation.refusal:
                self._refusals.add(valuation.refusal.reason)
        if (lost := self._log.lost or 0) > self._lost:
            self._unrecorded.add(amount=lost - self._lost)
            self._lost = lost

    @contextlib.asynccontextmanager
    async def running(self, app: Litestar) -> AsyncIterator[None]:
        """Ends the threads when the service stops."""
        async with self._threads.running(app):
            yield
