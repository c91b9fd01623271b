"""Valuations on record, joined to the sales that were told later."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from application.study_coverage import StudyCoverage
from domain.coverage_study import CoverageStudy
from domain.follow_up import Outcome, ReviewSample, ValuerOverride
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.records import PLACE, a_record

LATER = NOON + timedelta(days=90)
SOLD = date(2026, 12, 24)


@pytest.fixture
def log() -> InMemoryValuationLog:
    return InMemoryValuationLog()


def sold(valuation_id: str, price: float, on: date = SOLD) -> Outcome:
    return Outcome(valuation_id, price, on, LATER, "abc123abc123", "visit-9")


def study(log: InMemoryValuationLog, **asked: object) -> CoverageStudy:
    return StudyCoverage(log, FixedClock(LATER))(**asked)  # type: ignore[arg-type]


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


def test_a_sale_before_the_valuation_is_no_test_and_is_counted_as_such(log: InMemoryValuationLog) -> None:
    log.record([a_record("a"), a_record("b", home=replace(PLACE, n_rooms=4.0))])
    log.follow_up([sold("a", 100.0, NOON.date() - timedelta(days=1)), sold("b", 100.0, NOON.date())])
    found = study(log)
    assert (found.with_outcome, found.sold_before, found.overall.valued) == (2, 1, 1)


def test_a_home_valued_often_and_sold_once_counts_once_by_the_last_valuation_before_the_sale(
    log: InMemoryValuationLog,
) -> None:
    for day, version in enumerate(["v1", "v2", "v3"]):
        log.record([a_record(f"{day}", at=NOON + timedelta(days=20 * day), version=version)])
        log.follow_up([sold(f"{day}", 100.0)])
    found = study(log)  # the last of them was made after the sale
    assert (found.with_outcome, found.sold_before, found.superseded) == (3, 1, 1)
    assert list(found.by["version"]) == ["v2"]


def test_a_period_and_a_version_can_be_chosen(log: InMemoryValuationLog) -> None:
    day = timedelta(days=1)
    for number, version in enumerate(["v1", "v1", "v2"]):
        log.record([a_record(f"{number}", at=NOON + number * day, version=version)])
    assert study(log).valuations == 3
    assert study(log, since=NOON + day).valuations == 2
    assert study(log, since=NOON, until=NOON + day).valuations == 1
    assert study(log, version="v1").valuations == 2
    assert study(log, version="v9").sentences == (
        "Later sales of 0 valued homes are known: of fewer than 20 nothing is judged.",
    )


def test_overrides_are_told_with_their_median_difference(log: InMemoryValuationLog) -> None:
    log.record([a_record("a"), a_record("b"), a_record("c", None)])
    for valuation_id, value in (("a", 200.0), ("a", 90.0), ("b", 120.0), ("c", 70.0)):
        log.follow_up([ValuerOverride(valuation_id, value, "roof", "M. Rojas", LATER)])
    log.follow_up([ReviewSample("s", 1, None, LATER, 3, ("a",), LATER)])
    overrides = study(log).overrides
    assert overrides.count == 3
    assert overrides.difference
    assert overrides.difference.value == pytest.approx(0.05)


def test_the_same_records_give_the_same_study(log: InMemoryValuationLog) -> None:
    valued(log, 25)
    assert study(log) == study(log)
