"""Valuations on record, joined to the sales that were told later."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from application.study_coverage import StudyCoverage
from domain.coverage_study import CoverageStudy
from domain.errors import InvalidPeriod, ModelNotFound
from domain.follow_up import Outcome, ReviewSample, ValuerOverride
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import a_card, a_trained_model
from tests.fakes.records import PLACE, a_record

LATER = NOON + timedelta(days=90)
SOLD = date(2026, 12, 24)


@pytest.fixture
def log() -> InMemoryValuationLog:
    return InMemoryValuationLog()


def sold(valuation_id: str, price: float, on: date = SOLD) -> Outcome:
    return Outcome(valuation_id, price, on, LATER, "abc123abc123", "visit-9")


def study(log: InMemoryValuationLog, **asked: object) -> CoverageStudy:
    models = InMemoryModelRepository()
    models.store(a_trained_model(), a_card())
    return StudyCoverage(log, FixedClock(LATER), models)(**asked)  # type: ignore[arg-type]


def valued(log: InMemoryValuationLog, count: int, version: str = "v1", sector: str = "Ñuñoa", fsd: float = 0.1) -> None:
    """Records so many homes of a version and sector, valued at 100 and sold for 100."""
    first = len(log.kept)
    for number in range(first, first + count):
        home = replace(PLACE, sector=sector, net_area=100.0 + number)
        log.record([a_record(f"id-{number}", home=home, version=version, fsd=fsd)])
        log.follow_up([sold(f"id-{number}", 100.0)])


def test_counts_all_and_judges_those_that_were_sold(log: InMemoryValuationLog) -> None:
    valued(log, 20)
    log.record([a_record("unsold"), a_record("refused", None, home=replace(PLACE, n_rooms=9.0))])
    log.follow_up([sold("refused", 50.0), sold("nobody knows", 10.0)])
    found = study(log)
    assert (found.valuations, found.with_outcome, found.sold_before, found.superseded) == (22, 21, 0, 0)
    assert (found.overall.valued, found.overall.refused) == (20, 1)
    assert found.overall.figures
    assert found.overall.figures.mdape.value == 0.0
    assert found.overall.figures.hit_rates[-1].hits.share == 20 / 21


def test_groups_by_version_month_of_sale_sector_and_confidence(log: InMemoryValuationLog) -> None:
    valued(log, 20)
    valued(log, 3, version="v2", sector="Vitacura", fsd=0.4)
    log.record([a_record("refused", None)])
    log.follow_up([sold("refused", 50.0), sold("id-22", 100.0, date(2027, 1, 2))])
    found = study(log)
    counted = {way: {name: (each.valued, each.refused) for name, each in by.items()} for way, by in found.by.items()}
    assert counted == {
        "version": {"v1": (20, 1), "v2": (3, 0)},
        "month": {"2026-12": (22, 1), "2027-01": (1, 0)},
        "sector": {"nunoa": (20, 1), "vitacura": (3, 0)},
        "confidence": {"high": (20, 0), "low": (3, 0)},
    }
    assert found.by["version"]["v1"].figures
    assert found.by["version"]["v2"].figures is None


def test_the_newest_outcome_of_a_valuation_counts(log: InMemoryValuationLog) -> None:
    valued(log, 20)
    log.follow_up([sold(f"id-{number}", 125.0) for number in range(20)])
    figures = study(log).overall.figures
    assert figures
    assert figures.mdape.value == pytest.approx(0.2)
    assert figures.intervals[0].held.hits == 0


def test_an_interval_at_a_level_that_few_asked_for_is_not_judged(log: InMemoryValuationLog) -> None:
    valued(log, 20)
    promises = study(log).promises
    for number in range(19):
        log.record([a_record(f"rare-{number}", home=replace(PLACE, net_area=300.0 + number), level=0.5)])
        log.follow_up([sold(f"rare-{number}", 500.0)])
    found = study(log)
    assert found.overall.figures
    assert [(each.promised, each.held.count) for each in found.overall.figures.intervals] == [(0.5, 19), (0.9, 20)]
    assert found.promises == promises
    assert not any("50 %" in each.what for each in found.shortfalls)


def test_a_sale_before_the_valuation_is_no_test_and_is_counted_as_such(log: InMemoryValuationLog) -> None:
    log.record([a_record("a"), a_record("b", home=replace(PLACE, n_rooms=4.0))])
    log.follow_up([sold("a", 100.0, NOON.date() - timedelta(days=1)), sold("b", 100.0, NOON.date())])
    found = study(log)
    assert (found.with_outcome, found.sold_before, found.overall.valued) == (2, 1, 1)


def test_an_older_sale_told_later_does_not_take_the_place_of_one_that_tests_the_value(
    log: InMemoryValuationLog,
) -> None:
    valued(log, 20)
    before = study(log)
    log.follow_up([sold(f"id-{number}", 50.0, date(2007, 1, 1)) for number in range(20)])
    assert study(log) == before
    log.follow_up([sold("id-0", 125.0)])
    assert study(log).by["month"]["2026-12"].valued == 20


def test_a_home_valued_often_and_sold_once_counts_once_by_the_last_valuation_before_the_sale(
    log: InMemoryValuationLog,
) -> None:
    for day, version in enumerate(["v1", "v2", "v3"]):
        log.record([a_record(f"{day}", at=NOON + timedelta(days=20 * day), version=version)])
        log.follow_up([sold(f"{day}", 100.0)])
    found = study(log)  # the last of them was made after the sale
    assert (found.with_outcome, found.sold_before, found.superseded) == (3, 1, 1)
    assert list(found.by["month"]) == ["2026-12"]
    assert found.overall.valued == 1


def test_a_version_is_judged_by_all_that_it_valued_also_where_another_valued_it_again(
    log: InMemoryValuationLog,
) -> None:
    valued(log, 20)
    log.follow_up([sold(f"id-{number}", 125.0) for number in range(20)])  # v1 is off by a fifth, beyond its interval
    for number, record in enumerate([*log.kept][:15]):
        log.record([replace(record, id=f"again-{number}", at=NOON + timedelta(days=1), model_version="v2")])
        log.follow_up([sold(f"again-{number}", 125.0)])
    found = study(log)
    assert {name: each.valued for name, each in found.by["version"].items()} == {"v1": 20, "v2": 15}
    assert found.by["version"]["v1"] == study(log, version="v1").overall
    assert (found.overall.valued, found.superseded) == (20, 15)
    assert {(each.way, each.group) for each in found.shortfalls} >= {("overall", ""), ("version", "v1")}


def test_a_period_and_a_version_can_be_chosen(log: InMemoryValuationLog) -> None:
    day = timedelta(days=1)
    for number, version in enumerate(["v1", "v1", "v2"]):
        log.record([a_record(f"{number}", at=NOON + number * day, version=version)])
    assert study(log).valuations == 3
    assert study(log, since=NOON + day).valuations == 2
    assert study(log, since=NOON, until=NOON + day).valuations == 1
    assert study(log, version="v1").valuations == 2
    assert study(log, version="v2", until=NOON).sentences == (
        "Later sales of 0 valued homes are known: of fewer than 20 nothing is judged.",
    )


@pytest.mark.parametrize(
    "asked", [{"since": LATER}, {"since": NOON, "until": NOON}, {"since": LATER, "until": NOON}], ids=str
)
def test_a_period_that_is_none_is_refused(log: InMemoryValuationLog, asked: dict[str, object]) -> None:
    with pytest.raises(InvalidPeriod, match="since: must lie before until, which is 20"):
        study(log, **asked)


def test_a_version_that_is_neither_stored_nor_on_record_is_refused(log: InMemoryValuationLog) -> None:
    log.record([a_record("a", version="v0")])
    assert [study(log, version=version).valuations for version in ("v0", "v1")] == [1, 0]
    for version in ("v9", ""):
        with pytest.raises(ModelNotFound, match=f"no stored model version '{version}', and no valuation by it"):
            study(log, version=version)


def test_overrides_are_told_with_their_median_difference(log: InMemoryValuationLog) -> None:
    log.record([a_record("a"), a_record("b"), a_record("c", None)])
    for valuation_id, value in (("a", 200.0), ("a", 90.0), ("b", 120.0), ("c", 70.0)):
        log.follow_up([ValuerOverride(valuation_id, value, "roof", "M. Rojas", LATER)])
    log.follow_up([ReviewSample("s", 1, None, LATER, 3, ("a",), LATER)])
    overrides = study(log).overrides
    assert (overrides.count, overrides.compared) == (3, 2)
    assert overrides.difference
    assert overrides.difference.value == pytest.approx(0.05)


def test_the_same_records_give_the_same_study(log: InMemoryValuationLog) -> None:
    valued(log, 25)
    assert study(log) == study(log)


def test_what_cannot_be_read_is_left_out_and_told(log: InMemoryValuationLog) -> None:
    valued(log, 22)
    log.spoil("id-0")  # the valuation, and its outcome
    found = study(log)
    assert (found.valuations, found.with_outcome, found.unreadable) == (21, 21, 2)
    assert found.sentences[-1] == (
        "Left out: 2 records that cannot be read; `tasador audit verify` tells what is wrong."
    )
    assert study(log, version="v1").unreadable == 2
