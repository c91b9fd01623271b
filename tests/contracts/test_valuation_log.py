"""What every valuation log does, whatever it is kept in."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.valuation_logs.best_effort import BestEffortValuationLog
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from application.ports.valuation_log import ValuationLog
from domain.comparable import SimilarSale
from domain.errors import ValuationLogUnavailable
from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.property import Property
from domain.sale import Sale
from domain.uncertainty import Confidence, Interval
from domain.valuation import Comparable, Contribution, Explanation
from domain.valuation_record import ValuationRecord
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
HOME = Property("Departamento", "Ñuñoa", 80.1, 90.0, 3.0, 2.0, -33.45, -70.6, {"year_built": 1987.0, "view": None})
VALUED = ValuationRecord(
    id="6a1c2f0e-6f0c-4f0e-9a53-5f1f7a4f7f10",
    at=NOON,
    request_id="visit-1",
    key_id="abc123abc123",
    client_ref='file "7"\u2028é',
    model_version="v3",
    artifact_sha256="0" * 64,
    seconds=0.000123,
    property=HOME,
    asked_date=date(2025, 2, 28),
    asked_level=0.8,
    currency="UF",
    valuation_date=date(2025, 2, 28),
    value=1234.5678901234567,
    interval=Interval(1000.1, 1500.2, 0.8),
    percentiles={5: 990.0, 50: 1230.0, 95: 1600.0},
    confidence=Confidence.of(0.113, ("unknown_sector",)),
    warnings=("'heating' was not given: valued without it",),
    explanation=Explanation(1100.0, (Contribution("net_usable_area", 134.5678901234567),)),
    comparables=(
        Comparable(
            SimilarSale("s1", Sale(HOME, 1200.0, date(2024, 5, 9)), 310.5, 0.97),
            1190.0,
            {"net_usable_area": 44.5},
            1244.5,
        ),
    ),
)
REFUSED = ValuationRecord(
    id="0d6f3b7c-1111-4f0e-9a53-5f1f7a4f7f10",
    at=NOON + timedelta(seconds=1),
    request_id="visit-2",
    key_id="abc123abc123",
    client_ref=None,
    model_version="v3",
    artifact_sha256="0" * 64,
    seconds=0.1,
    property=HOME,
    asked_date=None,
    asked_level=None,
    currency="UF",
    valuation_date=date(2026, 11, 22),
    refusal=Refusal(OUTSIDE_MARKET, "the nearest sale is 112 km away"),
)
MakeLog = Callable[[Path], ValuationLog]


class NoLog:
    def error(self, event: str, **details: object) -> None:
        raise AssertionError(event)


LOGS: dict[str, MakeLog] = {
    "in memory": lambda _: InMemoryValuationLog(),
    "jsonl": JsonlValuationLog,
    "jsonl, to disk": lambda folder: JsonlValuationLog(folder, to_disk=True),
    "best effort": lambda folder: BestEffortValuationLog(JsonlValuationLog(folder), NoLog()),
}


@pytest.fixture(params=list(LOGS))
def log(request: pytest.FixtureRequest, tmp_path: Path) -> ValuationLog:
    return LOGS[request.param](tmp_path / "valuations")


def full_log(_: Path) -> ValuationLog:
    log = InMemoryValuationLog()
    log.full = True
    return log


def log_below_a_file(folder: Path) -> ValuationLog:
    folder.write_text("no folder")
    return JsonlValuationLog(folder / "valuations")


UNWRITABLE: dict[str, MakeLog] = {
    "in memory": full_log,
    "jsonl": log_below_a_file,
    "best effort": lambda folder: BestEffortValuationLog(log_below_a_file(folder), NoLog()),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_check_tells_of_a_log_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    log = UNWRITABLE[name](tmp_path / "valuations")
    with pytest.raises(ValuationLogUnavailable):
        log.check()
    assert not log.lost


def a_record(number: int, at: datetime = NOON) -> ValuationRecord:
    return replace(REFUSED, id=f"id-{number}", at=at)


def test_is_empty_at_first(log: ValuationLog) -> None:
    assert list(log.records()) == []


def test_a_check_leaves_no_record_and_is_content_with_a_log_that_can_be_written(log: ValuationLog) -> None:
    log.check()
    assert list(log.records()) == []
    log.record([VALUED])
    log.check()
    assert list(log.records()) == [VALUED]
    assert not log.lost


def test_every_field_comes_back_as_it_was(log: ValuationLog) -> None:
    log.record([VALUED])
    log.record([REFUSED])
    assert list(log.records()) == [VALUED, REFUSED]


def test_the_valuations_of_a_request_stay_in_their_order(log: ValuationLog) -> None:
    log.record([a_record(number) for number in (3, 1, 2)])
    assert [record.id for record in log.records()] == ["id-3", "id-1", "id-2"]


def test_no_valuations_are_no_records(log: ValuationLog) -> None:
    log.record([])
    assert list(log.records()) == []


def test_records_come_in_the_order_of_time_over_days(log: ValuationLog) -> None:
    days = [NOON + timedelta(days=number) for number in range(3)]
    for number, day in enumerate(days):
        log.record([a_record(number, day)])
    assert [record.at for record in log.records()] == days


def test_records_of_many_threads_are_all_kept(log: ValuationLog) -> None:
    def record(thread: int) -> None:
        for number in range(25):
            log.record([a_record(100 * thread + 2 * number), a_record(100 * thread + 2 * number + 1)])

    threads = [threading.Thread(target=record, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [record.id for record in log.records()]
    assert sorted(kept) == sorted(f"id-{100 * thread + number}" for thread in range(4) for number in range(50))
    # Those of one request stand together.
    assert all(int(kept[place + 1][3:]) == int(kept[place][3:]) + 1 for place in range(0, len(kept), 2))
