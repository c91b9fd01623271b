"""Looking after the evidence while the service runs."""

import asyncio
from pathlib import Path

from litestar import Litestar
from structlog.testing import CapturingLogger

from domain.api_key import Scope
from domain.errors import ValuationLogUnavailable
from domain.evidence_register import segments_of
from entrypoints.http.evidence_keeper import EvidenceKeeper
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.http.service import HOME, Service


def test_segments_are_closed_when_the_service_stops(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with service.running():
        token = service.token(Scope.VALUE)
        assert service.client.post("/predict", json=HOME, headers={"X-API-Key": token}).status_code == 200
    [segment] = segments_of(each.event for each in service.valuations.events()).values()
    assert segment.closed
    assert segment.closed.entries == 1


class Breaking(InMemoryValuationLog):
    """Cannot be looked after for a while, for one reason and then for a fault of ours."""

    failures: list[Exception]

    def tend(self, *, close_all: bool = False) -> None:
        if self.failures:
            raise self.failures.pop(0)


def test_failures_are_told_once_a_minute_and_end_nothing() -> None:
    archive, log = Breaking(), CapturingLogger()
    archive.failures = [ValuationLogUnavailable("no room"), *(TypeError("ours") for _ in range(3))]
    seconds = iter([0.0, 0.0, 1.0, 59.9, 60.0, 60.0])
    keeper = EvidenceKeeper(archive, log, clock=lambda: next(seconds))

    async def tend(times: int) -> None:
        for _ in range(times):
            await keeper.tend()

    asyncio.run(tend(6))
    assert [(call.method_name, call.kwargs.get("error")) for call in log.calls] == [
        ("error", "no room"),
        ("error", "TypeError: ours"),
        ("info", None),
    ]


def test_closing_at_the_end_is_no_sign_that_it_can_be_looked_after_again() -> None:
    archive, log = Breaking(), CapturingLogger()
    archive.failures = [ValuationLogUnavailable("no room")]

    async def fail_and_stop() -> None:
        keeper = EvidenceKeeper(archive, log)
        await keeper.tend()
        async with keeper.running(Litestar()):
            pass

    asyncio.run(fail_and_stop())
    assert [call.method_name for call in log.calls] == ["error"]
