"""The figures of the forward test, held against those worked out by hand and by the study of holdouts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.calibrate_uncertainty import study_intervals
from domain.coverage_study import sentences_on, shortfalls_of
from domain.forward_test import Coverage, ForwardGroup, ForwardSale, last_before_each_sale, median_of, studied
from domain.ratio_study import ratio_study
from domain.share import Share
from domain.uncertainty import Confidence, Interval
from tests.fakes.fixed_clock import NOON

TODAY = NOON.date()
# Twenty homes valued at 100, with an interval from 90 to 110 at 90 per cent, and an FSD of 0.1.
PRICES = [100.0] * 8 + [95.0, 105.0, 92.0, 108.0, 90.0, 110.0, 120.0, 80.0, 125.0, 75.0, 150.0, 50.0]


def a_sale(price: float, number: int = 0, value: float | None = 100.0) -> ForwardSale:
    sure, interval = Confidence.of(0.1), Interval(90.0, 110.0, 0.9)
    return ForwardSale(
        valuation_id=f"id-{number}",
        made_at=NOON,
        home=number,
        version="v1",
        sector="nunoa",
        value=value,
        interval=None if value is None else interval,
        confidence=None if value is None else sure,
        price=price,
        sold_on=TODAY,
    )


def some(prices: Sequence[float], refused: int = 0) -> list[ForwardSale]:
    values: list[float | None] = [100.0] * len(prices) + [None] * refused
    return [a_sale(price, number, values[number]) for number, price in enumerate([*prices, *[100.0] * refused])]


def test_every_figure_is_the_one_worked_out_by_hand() -> None:
    group = studied(some(PRICES, refused=5), seed=1)
    figures = group.figures
    assert figures
    assert (group.valued, group.refused) == (20, 5)
    # |100 - price| / price: 8 times 0, 5/105, 5/95, 8/108, 8/92, 10/110, 10/90, 20/120, 0.2, 0.25, 1/3 twice, 1
    assert figures.mdape.value == pytest.approx((5 / 95 + 8 / 108) / 2)
    assert (figures.pe10.hits, figures.pe10.count) == (13, 20)
    assert (figures.pe20.hits, figures.pe20.count) == (16, 20)
    [interval] = figures.intervals
    assert (interval.promised, interval.held.hits, interval.held.count) == (0.9, 14, 20)
    assert (figures.fsd.promised, figures.fsd.held.hits) == (0.68, 14)  # |price / 100 - 1| <= 0.1
    assert [(each.fsd_at_most, each.hits.hits, each.hits.count) for each in figures.hit_rates[:4]] == [
        (0.05, 0, 25),
        (0.075, 0, 25),
        (0.10, 20, 25),
        (0.13, 20, 25),
    ]
    assert figures.hit_rates[0].mdape is None
    assert figures.hit_rates[2].mdape
    assert figures.hit_rates[2].mdape.value == figures.mdape.value
    assert figures.ratio_study == ratio_study([100.0] * 20, PRICES, 1)
    assert figures.ratio_study.intervals
    assert (figures.mdape.low, figures.mdape.high) == figures.ratio_study.intervals["mdape"]


def test_it_agrees_with_the_study_of_holdouts() -> None:
    chance = np.random.default_rng(3)
    prices = np.exp(chance.normal(12, 0.5, 150))
    values = prices * np.exp(chance.normal(0, 0.15, 150))
    fsd = chance.uniform(0.03, 0.45, 150)
    low, high = values * (1 - fsd), values * (1 + 1.3 * fsd)
    sales = [
        replace(a_sale(price), value=value, interval=Interval(one, two, 0.9), confidence=Confidence.of(each))
        for price, value, one, two, each in zip(*(a.tolist() for a in (prices, values, low, high, fsd)), strict=True)
    ]
    figures = studied(sales, 0).figures
    expected = study_intervals(values, low, high, prices, 0.9, fsd)
    assert figures
    assert figures.intervals[0].held.share == expected.coverage
    assert figures.fsd.held.share == expected.fsd_coverage
    assert [(each.hits.share, each.mdape and each.mdape.value) for each in figures.hit_rates] == [
        (each.share, each.mdape) for each in expected.hit_rates or ()
    ]


def test_each_level_is_held_to_its_own_promise() -> None:
    sales = some(PRICES)
    sales[:12] = [replace(each, interval=Interval(99.0, 101.0, 0.5)) for each in sales[:12]]
    figures = studied(sales, 0).figures
    assert figures
    assert [(each.promised, each.held.hits, each.held.count) for each in figures.intervals] == [
        (0.5, 8, 12),
        (0.9, 2, 8),
    ]


def test_few_are_counted_and_not_judged() -> None:
    assert studied(some(PRICES[:19], refused=3), 0) == ForwardGroup(19, 3, None)


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_of_a_sale_the_last_valuation_counts_whatever_the_order(order: list[int]) -> None:
    again = [replace(a_sale(100.0), valuation_id=f"{day}", made_at=NOON - timedelta(days=day)) for day in range(3)]
    other = replace(a_sale(200.0), valuation_id="other", sold_on=date(2027, 1, 1))
    told = [*again, other]
    assert {each.valuation_id for each in last_before_each_sale(told[place] for place in order)} == {"0", "other"}


def test_a_median_of_few_has_no_interval_and_of_none_there_is_none() -> None:
    assert median_of([], 0) is None
    median = median_of([3.0, 1.0, 2.0], 0)
    assert median
    assert (median.value, median.low, median.high) == (2.0, None, None)
    assert median_of([float(each) for each in range(30)], 5) == median_of(
        [float(each) for each in reversed(range(30))], 5
    )


class TestAShortfall:
    """A promise that is significantly not kept is said so; chance alone is not blamed."""

    def study(self, held: int, of: int, groups: int = 1) -> tuple[int, tuple[str, ...]]:
        prices = [100.0] * held + [111.0] * (of - held)
        group = studied([replace(each, confidence=Confidence.of(0.3)) for each in some(prices)], 0)
        by = {"sector": {f"sector {place}": group for place in range(groups)}}
        promises, found = shortfalls_of(group, by)
        return promises, sentences_on(group, promises, found)

    def test_is_told_in_a_plain_sentence(self) -> None:
        promises, [overall, sector] = self.study(held=20, of=30)
        assert promises == 4  # the interval and the FSD, overall and in the sector
        told = "Overall, the 90 % interval held 66.7 % of 30 prices (95 % interval 48.8 to 80.8)"
        assert overall.startswith(told)
        assert "significantly below the 90 % promised (p 0.0" in overall
        assert "corrected for 4 coverages" in overall
        assert sector.startswith("For sector sector 0, ")

    def test_is_none_where_it_may_be_chance(self) -> None:
        assert self.study(held=26, of=30) == (4, ("None of the 4 coverages is significantly below its promise.",))

    def test_needs_more_where_more_is_looked_at(self) -> None:
        alone, many = (self.study(held=22, of=30, groups=groups)[1][0] for groups in (1, 40))
        assert alone.startswith("Overall")
        assert many.startswith("None of the 82 coverages")

    def test_is_not_spoken_of_where_there_are_few(self) -> None:
        group = studied(some(PRICES[:5]), 0)
        assert shortfalls_of(group, {}) == (0, ())
        assert sentences_on(group, 0, ()) == (
            "Later sales of 5 valued homes are known: of fewer than 20 nothing is judged.",
        )


def test_promises_that_are_kept_raise_an_alarm_in_five_of_a_hundred_studies_at_most() -> None:
    chance, alarms = np.random.default_rng(11), 0
    kept = studied(some(PRICES), 0).figures
    assert kept
    for _ in range(200):
        inside, near = ((chance.random((8, 50)) < share).sum(axis=1).tolist() for share in (0.9, 0.68))
        groups = [
            ForwardGroup(
                of, 0, replace(kept, intervals=(Coverage(0.9, Share.of(a, of)),), fsd=Coverage(0.68, Share.of(b, of)))
            )
            for a, b, of in zip([*inside, sum(inside)], [*near, sum(near)], [50] * 8 + [400], strict=True)
        ]
        named = {f"{place}": group for place, group in enumerate(groups[:-1])}
        promises, found = shortfalls_of(groups[-1], {"sector": named})
        assert promises == 18
        alarms += bool(found)
    assert alarms <= 10
