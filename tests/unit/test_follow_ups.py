"""What is said of valuations afterwards: prices, and valuers' overrides."""

from datetime import UTC, date, datetime, timedelta

import pytest

from application.override_valuation import OverrideValuation
from application.record_outcomes import RecordOutcomes, ToldOutcome
from domain.errors import InvalidFollowUp, ValuationLogUnavailable, ValuationNotFound
from domain.follow_up import Outcome
from domain.valuation_record import Caller
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.records import a_record

CALLER = Caller("desk00desk00", "visit-2")
TODAY = NOON.date()


@pytest.fixture
def log() -> InMemoryValuationLog:
    log = InMemoryValuationLog()
    log.record([a_record("a"), a_record("b", None)])
    return log


@pytest.fixture
def outcomes(log: InMemoryValuationLog) -> RecordOutcomes:
    return RecordOutcomes(log, FixedClock())


def told(valuation_id: str = "a", price: float = 187_000.0, sold_on: date = TODAY) -> ToldOutcome:
    return ToldOutcome(valuation_id, price, sold_on)


class TestAnOutcome:
    def test_is_recorded_with_who_told_it(self, log: InMemoryValuationLog, outcomes: RecordOutcomes) -> None:
        assert outcomes.one(CALLER, told()).status == "recorded"
        assert list(log.follow_ups("a")) == [Outcome("a", 187_000.0, TODAY, NOON, "desk00desk00", "visit-2")]

    def test_told_twice_is_recorded_once(self, log: InMemoryValuationLog, outcomes: RecordOutcomes) -> None:
        assert [outcomes.one(CALLER, told()).status for _ in range(3)] == ["recorded", "already_known", "already_known"]
        assert len(list(log.follow_ups())) == 1

    def test_corrected_is_kept_beside(self, log: InMemoryValuationLog, outcomes: RecordOutcomes) -> None:
        prices = [1.0, 2.0, 1.0, 1.0]
        assert [outcomes.one(CALLER, told(price=price)).status for price in prices] == [
            *["recorded"] * 3,
            "already_known",
        ]
        assert [each.price for each in log.follow_ups("a") if isinstance(each, Outcome)] == [1.0, 2.0, 1.0]

    def test_of_a_refused_valuation_is_welcome(self, outcomes: RecordOutcomes) -> None:
        assert outcomes.one(CALLER, told("b")).status == "recorded"

    def test_of_no_known_valuation_is_refused(self, outcomes: RecordOutcomes) -> None:
        with pytest.raises(ValuationNotFound, match="No valuation 'x' is on record"):
            outcomes.one(CALLER, told("x"))

    @pytest.mark.parametrize("price", [0.0, -1.0, 0.001, 1e16, float("nan"), float("inf")])
    def test_that_cannot_be_a_price_is_refused(self, outcomes: RecordOutcomes, price: float) -> None:
        with pytest.raises(InvalidFollowUp, match=r"price: must be a number from 0\.01 to"):
            outcomes.one(CALLER, told(price=price))

    def test_of_the_future_is_refused_but_for_tomorrow(self, outcomes: RecordOutcomes) -> None:
        assert outcomes.one(CALLER, told(sold_on=TODAY + timedelta(days=1))).status == "recorded"
        with pytest.raises(InvalidFollowUp, match="sold_on: must not lie in the future"):
            outcomes.one(CALLER, told(sold_on=TODAY + timedelta(days=2)))

    def test_of_a_century_long_gone_is_refused_as_a_slip(self, outcomes: RecordOutcomes) -> None:
        assert outcomes.one(CALLER, told(sold_on=date(1900, 1, 1))).status == "recorded"
        with pytest.raises(InvalidFollowUp, match="sold_on: must not lie before 1900-01-01"):
            outcomes.one(CALLER, told(sold_on=date(1899, 12, 31)))

    def test_tests_the_value_unless_the_home_was_sold_before_it(self, outcomes: RecordOutcomes) -> None:
        days = [TODAY, TODAY + timedelta(days=1), TODAY - timedelta(days=1), TODAY - timedelta(days=1)]
        receipts = [outcomes.one(CALLER, told(sold_on=day)) for day in days]
        assert [each.tests_value for each in receipts] == [True, True, False, False]
        assert receipts[-1].status == "already_known"

    def test_that_cannot_be_recorded_is_not_said_to_be(
        self, log: InMemoryValuationLog, outcomes: RecordOutcomes
    ) -> None:
        log.full = True
        for say in (lambda: outcomes.one(CALLER, told()), lambda: outcomes(CALLER, [told("x"), told()])):
            with pytest.raises(ValuationLogUnavailable):
                say()


@pytest.mark.parametrize("more", [0, 20])  # looked for one by one, or all at once
def test_of_many_outcomes_a_bad_one_never_fails_the_others(
    log: InMemoryValuationLog, outcomes: RecordOutcomes, more: int
) -> None:
    outcomes.one(CALLER, told("b", 5.0))
    rows = [told("a", 1.0), told("x"), told("a", 1.0), told("b", -1.0), told("b", 5.0), told("a", 2.0)]
    rows += [told(f"unknown {number}") for number in range(more)]
    receipts = outcomes(CALLER, rows)
    assert [each.told for each in receipts] == rows
    assert [each.status for each in receipts][:6] == [
        "recorded",
        "not_recorded",
        "already_known",
        "not_recorded",
        "already_known",
        "recorded",
    ]
    assert [[problem.field for problem in each.problems] for each in receipts][:4] == [
        [],
        ["valuation_id"],
        [],
        ["price"],
    ]
    said = [each for each in log.follow_ups() if isinstance(each, Outcome)]
    assert [(each.valuation_id, each.price) for each in said] == [("b", 5.0), ("a", 1.0), ("a", 2.0)]


class TestAnOverride:
    def test_is_recorded_beside_the_valuation_which_stays(self, log: InMemoryValuationLog) -> None:
        before = log.find("a")
        done = OverrideValuation(log, FixedClock())("a", 95.0, " roof ", "M. Rojas\n", CALLER)
        assert not done.already_known
        assert (done.override.reason, done.override.valuer, done.override.key_id) == ("roof", "M. Rojas", CALLER.key_id)
        assert list(log.follow_ups("a")) == [done.override]
        assert log.find("a") == before

    def test_told_twice_is_recorded_once_and_changed_is_kept_beside(self, log: InMemoryValuationLog) -> None:
        clock = FixedClock()
        override = OverrideValuation(log, clock)
        first = override("a", 95.0, "roof", "M. Rojas", by="ana")
        clock.set(datetime(2026, 12, 1, tzinfo=UTC))
        again = override("a", 95.0, "roof", "M. Rojas", CALLER)
        assert (again.override, again.already_known) == (first.override, True)
        assert not override("a", 94.0, "roof", "M. Rojas").already_known
        assert len(list(log.follow_ups("a"))) == 2

    @pytest.mark.parametrize(
        ("value", "reason", "valuer", "field"),
        [
            (0.0, "r", "v", "value"),
            (1.0, " ", "v", "reason"),
            (1.0, "r" * 1001, "v", "reason"),
            (1.0, "r", "", "valuer"),
        ],
    )
    def test_needs_a_value_a_reason_and_a_valuer(
        self, log: InMemoryValuationLog, value: float, reason: str, valuer: str, field: str
    ) -> None:
        with pytest.raises(InvalidFollowUp) as refused:
            OverrideValuation(log, FixedClock())("a", value, reason, valuer)
        assert [each.field for each in refused.value.problems] == [field]

    def test_of_no_known_valuation_is_refused(self, log: InMemoryValuationLog) -> None:
        with pytest.raises(ValuationNotFound):
            OverrideValuation(log, FixedClock())("x", 1.0, "r", "v")
