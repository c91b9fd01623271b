"""What every valuation log does, whatever it is kept in."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from adapters.valuation_logs.best_effort import BestEffortValuationLog
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.sql_database import SqlValuationLog
from application.ports.valuation_log import LogPlace, ValuationLog
from domain.comparable import SimilarSale
from domain.errors import ValuationLogUnavailable
from domain.follow_up import FollowUp, Outcome, ReviewSample, ValuerOverride
from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.property import Property
from domain.sale import Sale
from domain.uncertainty import Confidence, Interval
from domain.valuation import Comparable, Contribution, Explanation
from domain.valuation_id import LONGEST_WAY, new_valuation_id
from domain.valuation_record import ValuationRecord
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
HOME = Property("Departamento", "Ñuñoa", 80.1, 90.0, 3.0, 2.0, -33.45, -70.6, {"year_built": 1987.0, "view": None})
VALUED = ValuationRecord(
    id="01a20320-a27b-7799-ad1e-cfa72f2f096c",
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
    id="01a20320-a663-7581-9a93-7209c02827a1",
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
SOLD = Outcome(VALUED.id, 1300.5, date(2026, 11, 20), NOON + timedelta(minutes=1), "abc123abc123", "visit-3")
OVERRIDDEN = ValuerOverride(
    REFUSED.id, 1500.25, 'a "view" of the sea\u2028', "Ñ. Pérez", NOON + timedelta(minutes=2), by="operator"
)
SAMPLE = ReviewSample("sample-1", 7, None, NOON, 2, (REFUSED.id, VALUED.id), NOON + timedelta(minutes=3), "operator")
MakeLog = Callable[[Path], ValuationLog]


class NoLog:
    def error(self, event: str, **details: object) -> None:
        raise AssertionError(event)


def jsonl_log(folder: Path, *, to_disk: bool = False) -> JsonlValuationLog:
    return JsonlValuationLog(folder, InMemoryEvidenceSigner(), lambda: datetime.now(UTC), to_disk=to_disk)


def sql_log(url: str) -> SqlValuationLog:
    return SqlValuationLog(url, InMemoryEvidenceSigner(), lambda: datetime.now(UTC))


def sql_log_below_a_file(folder: Path) -> ValuationLog:
    folder.write_text("no folder")
    return sql_log(f"sqlite:///{folder}/evidence.db")


LOGS: dict[str, MakeLog] = {
    "in memory": lambda _: InMemoryValuationLog(),
    "jsonl": jsonl_log,
    "jsonl, to disk": lambda folder: jsonl_log(folder, to_disk=True),
    "best effort": lambda folder: BestEffortValuationLog(jsonl_log(folder), NoLog()),
    "sqlite": lambda folder: sql_log(f"sqlite:///{folder}/evidence.db"),
}


@pytest.fixture(params=[*LOGS, "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ValuationLog]:
    if request.param in LOGS:
        yield LOGS[request.param](tmp_path / "valuations")
        return
    with closing(sql_log(request.getfixturevalue("postgres_evidence_url"))) as log:
        yield log


def full_log(_: Path) -> ValuationLog:
    log = InMemoryValuationLog()
    log.full = True
    return log


def log_below_a_file(folder: Path) -> ValuationLog:
    folder.write_text("no folder")
    return jsonl_log(folder / "valuations")


UNWRITABLE: dict[str, MakeLog] = {
    "in memory": full_log,
    "jsonl": log_below_a_file,
    "best effort": lambda folder: BestEffortValuationLog(log_below_a_file(folder), NoLog()),
    "sqlite": sql_log_below_a_file,
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


def test_a_period_is_from_its_beginning_to_before_its_end(log: ValuationLog) -> None:
    minutes = [NOON + timedelta(minutes=number) for number in range(4)]
    log.record([a_record(number, at) for number, at in enumerate(minutes)])
    assert [record.id for record in log.records(since=minutes[1], until=minutes[3])] == ["id-1", "id-2"]
    assert [record.id for record in log.records(since=minutes[3])] == ["id-3"]
    assert [record.id for record in log.records(until=minutes[1])] == ["id-0"]
    assert list(log.records(since=minutes[3] + timedelta(microseconds=1))) == []


def test_valuations_of_a_client_reference_are_those_that_have_just_it(log: ValuationLog) -> None:
    assert VALUED.client_ref
    named = replace(REFUSED, id="other", client_ref=VALUED.client_ref[:-1])
    log.record([VALUED, REFUSED, named, replace(VALUED, id="later", at=NOON + timedelta(days=1))])
    assert [record.id for record in log.records(client_ref=VALUED.client_ref)] == [VALUED.id, "later"]
    assert [record.id for record in log.records(client_ref=VALUED.client_ref, since=NOON + timedelta(1))] == ["later"]
    assert list(log.records(client_ref="unknown")) == []


def test_a_valuation_is_found_by_its_id(log: ValuationLog) -> None:
    now = datetime.now(UTC)
    timely = replace(VALUED, id=new_valuation_id(now - timedelta(seconds=20)), at=now)
    # Its further fields are the caller's: they may look like the record of another valuation.
    posing = replace(HOME, extras={"kind": "valuation", "id": timely.id, "at": "2"})
    log.record([REFUSED, replace(VALUED, property=posing)])
    log.record([timely])
    for record in (REFUSED, timely):
        assert log.find(record.id) == record
    for unknown in ("", "no-such", new_valuation_id(now), VALUED.id[:-1], f'{VALUED.id}","'):
        assert log.find(unknown) is None
        assert log.known([unknown]) == {}


@pytest.mark.parametrize("unknown", [1, 30])  # looked for one by one, or all at once
def test_of_many_ids_those_on_record_are_known_and_since_when(log: ValuationLog, unknown: int) -> None:
    late = replace(REFUSED, id=new_valuation_id(NOON - LONGEST_WAY + timedelta(minutes=5)))
    log.record([VALUED, REFUSED])
    log.record([late])
    asked = [*(new_valuation_id(NOON) for _ in range(unknown)), "", "\0", *(f"no-{each}" for each in range(unknown))]
    assert log.known([VALUED.id, *asked, late.id]) == {VALUED.id: VALUED.at, late.id: late.at}


def test_a_valuation_is_found_that_was_recorded_long_after_its_id_was_made(log: ValuationLog) -> None:
    made = NOON - LONGEST_WAY + timedelta(minutes=5)
    late = replace(REFUSED, id=new_valuation_id(made))
    log.record([VALUED])
    log.record([late])
    assert log.find(late.id) == late


def test_what_is_said_of_a_valuation_comes_back_as_it_was_and_is_no_valuation(log: ValuationLog) -> None:
    log.record([VALUED, REFUSED])
    said: list[FollowUp] = [SOLD, OVERRIDDEN, SAMPLE]
    log.follow_up([])
    log.follow_up(said[:2])
    log.follow_up(said[2:])
    assert list(log.follow_ups()) == said
    assert list(log.follow_ups(VALUED.id)) == [SOLD]
    assert list(log.follow_ups(REFUSED.id)) == [OVERRIDDEN]
    assert list(log.follow_ups("unknown")) == []
    assert list(log.records()) == [VALUED, REFUSED]
    assert log.find(SAMPLE.id) is None


def test_what_is_said_twice_is_kept_twice_in_order(log: ValuationLog) -> None:
    again = replace(SOLD, price=1310.0, at=SOLD.at + timedelta(days=1))
    log.follow_up([SOLD])
    log.follow_up([again])
    assert list(log.follow_ups(VALUED.id)) == [SOLD, again]


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_is_said_of_a_valuation_is_never_lost_without_a_word(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValuationLogUnavailable):
        UNWRITABLE[name](tmp_path / "valuations").follow_up([SOLD])


def seen(log: ValuationLog, before: LogPlace | None = None, client_ref: str | None = None) -> list[str]:
    return [record.id for _, record in log.recent(before, client_ref) if record]


def erase(log: ValuationLog, valuation_id: str) -> None:
    archive = log._log if isinstance(log, BestEffortValuationLog) else log
    assert isinstance(archive, InMemoryValuationLog | JsonlValuationLog | SqlValuationLog)
    archive.erase([valuation_id], datetime.now(UTC), "ana", "asked to be forgotten")


class TestNewestFirst:
    def test_are_they_told_with_every_field_and_none_that_there_is_not(self, log: ValuationLog) -> None:
        assert seen(log) == []
        log.record([VALUED])
        log.record([REFUSED])
        log.follow_up([SOLD])
        assert [record for _, record in log.recent()] == [REFUSED, VALUED]

    def test_pages_neither_miss_nor_repeat_any_while_others_record(self, log: ValuationLog) -> None:
        log.record([a_record(number, NOON + timedelta(minutes=number // 2)) for number in range(7)])
        found, before = list[str](), None
        while page := list(islice(log.recent(before), 2)):
            found += [record.id for _, record in page if record]
            before = page[-1][0]
            log.record([a_record(100 + len(found), NOON + timedelta(days=1))])
        assert found == [f"id-{number}" for number in range(6, -1, -1)]
        assert seen(log, LogPlace(NOON + timedelta(minutes=1))) == ["id-1", "id-0"]

    def test_of_a_client_reference_come_those_that_have_just_it(self, log: ValuationLog) -> None:
        log.record([VALUED, REFUSED, replace(VALUED, id="later", at=NOON + timedelta(days=1))])
        assert seen(log, client_ref=VALUED.client_ref) == ["later", VALUED.id]
        assert seen(log, client_ref="unknown") == []

    def test_come_without_those_whose_content_was_erased(self, log: ValuationLog) -> None:
        log.record([a_record(number, NOON + timedelta(minutes=number)) for number in range(3)])
        erase(log, "id-1")
        log.record([a_record(3, NOON + timedelta(minutes=3))])
        assert seen(log) == ["id-3", "id-2", "id-0"]


@pytest.mark.parametrize("name", ["jsonl", "sqlite"])
def test_the_newest_of_several_processes_come_in_the_order_of_time(name: str, tmp_path: Path) -> None:
    first, second = (LOGS[name](tmp_path / "valuations") for _ in range(2))
    for number in range(6):
        (first, second)[number % 2].record([a_record(number, NOON + timedelta(minutes=number))])
    first.close()  # type: ignore[attr-defined]  # its segment is closed, the other's still open
    first.record([a_record(6, NOON + timedelta(minutes=6))])
    assert seen(second) == [f"id-{number}" for number in range(6, -1, -1)]
    assert [record.id for _, record in islice(first.recent(), 2) if record] == ["id-6", "id-5"]
