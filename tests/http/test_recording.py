"""A log that is slow, stalls or is full, met by many requests at once."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import CapturingLogger

from adapters.valuation_logs.best_effort import BestEffortValuationLog
from application.ports.valuation_log import ValuationLog
from application.record_valuations import RecordValuations
from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from domain.errors import ValuationLogUnavailable
from domain.property import Property
from domain.valuation_record import Caller, ValuationRecord
from entrypoints.http.metrics import Metrics
from entrypoints.http.recording import Recorder
from entrypoints.http.roster import Roster, State
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.http.service import two_models

HOME = ValuationRequest(Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6))
CALLER = Caller("abc123abc123", "visit-1")


class StallingLog(InMemoryValuationLog):
    """A log on a disk that answers nobody until it `moves`."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = threading.Event()
        self.begun = threading.Semaphore(0)

    @property
    def is_slow(self) -> bool:
        return True

    def record(self, records: Sequence[ValuationRecord]) -> None:
        self.begun.release()
        self.moves.wait(30)
        super().record(records)


class Desk:
    """Records the valuation of one home, again and again."""

    def __init__(self, log: ValuationLog, seconds: float = 30.0, most_waiting: int = 100) -> None:
        served = ServedModel(two_models(FixedClock()))
        served.refresh()
        self.valued = ValueProperty(served, FixedClock())([HOME])
        roster = Roster.alone()
        roster.tell_state(State.SERVING)
        self.metrics = Metrics(roster)
        self.recorder = Recorder(RecordValuations(log, FixedClock()), self.metrics, seconds, most_waiting)

    async def record(self, times: int = 1) -> None:
        await self.recorder(CALLER, [HOME] * times, self.valued * times, level=None, began=0.0)

    def told(self, name: str) -> float:
        families = text_string_to_metric_families(self.metrics.text())
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)


async def refused(work: "asyncio.Task[None]") -> str:
    with pytest.raises(ValuationLogUnavailable) as caught:
        await work
    return str(caught.value)


def test_many_wait_for_a_slow_log_together_and_the_loop_goes_on() -> None:
    log = StallingLog()

    async def many() -> float:
        desk = Desk(log)
        tasks = [asyncio.create_task(desk.record()) for _ in range(5)]
        while not log.begun.acquire(blocking=False):
            await asyncio.sleep(0)
        waiting = desk.told("tasador_valuation_log_waiting")
        log.moves.set()
        await asyncio.gather(*tasks)
        return waiting

    assert asyncio.run(many()) == 5
    assert len(log.kept) == 5


def test_a_log_that_stalls_refuses_in_bounded_time_and_beyond_a_bounded_queue_at_once() -> None:
    log = StallingLog()

    async def many() -> list[str]:
        desk = Desk(log, seconds=0.05, most_waiting=2)
        tasks = [asyncio.create_task(desk.record()) for _ in range(3)]
        said = [await refused(task) for task in tasks]
        assert desk.told("tasador_unrecorded_valuations_total") == 3
        assert desk.told("tasador_valuations_total") == 0
        log.moves.set()
        while len(log.kept) < 3:  # it goes on by itself
            with suppress(ValuationLogUnavailable):
                await desk.record()
        return said

    said = asyncio.run(many())
    assert [text.startswith("Valuations were not on record within 0.051 s") for text in said] == [True, True, False]
    assert said[2].startswith("2 requests for records wait already")


def test_where_records_may_be_lost_a_log_that_stalls_is_not_waited_for_and_the_loss_is_counted() -> None:
    log = StallingLog()
    logger = CapturingLogger()

    async def one() -> Desk:
        desk = Desk(BestEffortValuationLog(log, logger), seconds=0.05)
        await desk.record(times=2)
        return desk

    desk = asyncio.run(one())
    log.moves.set()
    assert desk.told("tasador_unrecorded_valuations_total") == 2
    assert desk.told("tasador_valuations_total") == 2
    [call] = logger.calls
    assert call.kwargs["lost"] == 2


def test_many_valuations_are_recorded_apart_even_where_the_log_is_fast() -> None:
    log = InMemoryValuationLog()
    here = threading.get_ident()
    threads: list[int] = []

    class Watched(InMemoryValuationLog):
        def record(self, records: Sequence[ValuationRecord]) -> None:
            threads.append(threading.get_ident())
            log.record(records)

    async def few_and_many() -> None:
        desk = Desk(Watched())
        await desk.record()
        await desk.record(times=1000)

    asyncio.run(few_and_many())
    assert [each == here for each in threads] == [True, False]
    assert len(log.kept) == 1001


def test_a_log_that_stalled_once_is_left_to_the_threads() -> None:
    here = threading.get_ident()
    threads: list[int] = []

    class StalledOnce(InMemoryValuationLog):
        def record(self, records: Sequence[ValuationRecord]) -> None:
            if not threads:
                threading.Event().wait(0.11)
            threads.append(threading.get_ident())

    async def twice() -> None:
        desk = Desk(StalledOnce())
        await desk.record()
        await desk.record()

    asyncio.run(twice())
    assert [each == here for each in threads] == [True, False]
