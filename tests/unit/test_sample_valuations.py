"""Samples for review: drawn by chance, drawn again by the seed, and never in secret."""

from collections import Counter
from datetime import timedelta

import pytest

from application.sample_valuations import DrawnSample, SampleValuations
from domain.errors import InvalidSample, ValuationLogUnavailable
from domain.valuation_id import new_valuation_id
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.records import a_record

IDS = [new_valuation_id(NOON + timedelta(minutes=number)) for number in range(60)]
END = NOON + timedelta(hours=2)


def drawn_from(ids: list[str], count: int = 10, seed: int = 7) -> DrawnSample:
    log = InMemoryValuationLog()
    log.record([a_record(each, at=NOON + timedelta(minutes=IDS.index(each))) for each in ids])
    return SampleValuations(log, FixedClock(END))(count, seed)


def test_the_same_seed_draws_the_same_in_whatever_order_valuations_were_recorded() -> None:
    drawn = drawn_from(IDS)
    assert len(set(drawn.sample.valuation_ids)) == 10
    assert tuple(each.id for each in drawn.valuations) == drawn.sample.valuation_ids
    assert drawn_from(IDS[::-1]).sample.valuation_ids == drawn.sample.valuation_ids
    assert drawn_from(IDS, seed=8).sample.valuation_ids != drawn.sample.valuation_ids


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    assert drawn_from(IDS, 25).sample.valuation_ids[:10] == drawn_from(IDS).sample.valuation_ids


def test_what_comes_later_changes_nothing() -> None:
    log, clock = InMemoryValuationLog(), FixedClock(END)
    log.record([a_record(each) for each in IDS])
    sample = SampleValuations(log, clock)
    first = sample(10, 7, by="ana")
    clock.advance(timedelta(days=1))
    log.record([a_record(new_valuation_id(END), at=END) for _ in range(30)])
    again = sample(10, 7, until=END, by="ben")
    assert (again.sample, again.already_known, again.draws) == (first.sample, True, 1)
    assert again.valuations == first.valuations


def test_every_draw_is_on_record_with_what_it_was_drawn_from() -> None:
    log = InMemoryValuationLog()
    log.record([a_record(each) for each in IDS])
    sample = SampleValuations(log, FixedClock(END))
    drawn = [sample(3, seed, NOON, NOON + timedelta(seconds=1), by="ana") for seed in (1, 2)]
    assert [each.draws for each in drawn] == [1, 2]
    assert list(log.follow_ups()) == [each.sample for each in drawn]
    made = drawn[0].sample
    assert (made.seed, made.since, made.until, made.population, made.by) == (
        1,
        NOON,
        NOON + timedelta(seconds=1),
        60,
        "ana",
    )
    assert len({each.sample.id for each in drawn}) == 2


def test_where_there_are_fewer_all_are_drawn() -> None:
    assert set(drawn_from(IDS[:4]).sample.valuation_ids) == set(IDS[:4])


def test_only_valuations_of_the_period_are_drawn() -> None:
    log = InMemoryValuationLog()
    log.record([a_record(f"{day}", at=NOON + timedelta(days=day)) for day in range(5)])
    sample = SampleValuations(log, FixedClock(NOON + timedelta(days=9)))
    day = timedelta(days=1)
    assert set(sample(9, 1, NOON + day, NOON + 3 * day).sample.valuation_ids) == {"1", "2"}


def test_each_valuation_is_as_likely_as_any_other() -> None:
    log = InMemoryValuationLog()
    log.record([a_record(each) for each in IDS[:10]])
    sample = SampleValuations(log, FixedClock(END))
    times = Counter(each for seed in range(200) for each in sample(3, seed).sample.valuation_ids)
    assert len(times) == 10
    assert sum((count - 60) ** 2 / 60 for count in times.values()) < 27.9  # chi-square, 9 degrees: once in a thousand


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(InvalidSample, match="from 1 to 100000 valuations"):
        drawn_from(IDS, count)


def test_nothing_is_drawn_of_a_time_that_is_not_over() -> None:
    with pytest.raises(InvalidSample, match="not over"):
        SampleValuations(InMemoryValuationLog(), FixedClock(NOON))(1, 1, until=END)


def test_a_draw_that_cannot_be_recorded_is_none() -> None:
    log = InMemoryValuationLog()
    log.full = True
    with pytest.raises(ValuationLogUnavailable):
        SampleValuations(log, FixedClock(END))(1, 1)
