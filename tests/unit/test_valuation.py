"""A valuation told in amounts: why this value, and what a comparable would have fetched as the subject."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparable import SimilarSale
from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.valuation import LogEffects, Valuation, adjusted, amounts, explained
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import KNOWN_SALES, a_card, a_trained_model

effects = st.dictionaries(st.text(min_size=1, max_size=8), st.floats(-2, 2), max_size=12)
tiny_effects = st.dictionaries(st.text(min_size=1, max_size=8), st.floats(-1e-10, 1e-10), max_size=4)
values = st.floats(1e-3, 1e12)
SALE = KNOWN_SALES.sales[0][1]
SIMILAR = SimilarSale("s1", SALE, 120.0, 0.8)


def led_to(start: float, steps: Mapping[str, float]) -> float:
    """Where log effects lead from `start`."""
    return start * math.exp(math.fsum(steps.values()))


class TestAmounts:
    @given(values, effects | tiny_effects)
    def test_add_up_to_the_way_from_start_to_end(self, start: float, steps: dict[str, float]) -> None:
        end = led_to(start, steps)
        told = amounts(start, end, steps)
        assert math.fsum([start, *told.values()]) == pytest.approx(end, rel=1e-9)
        assert told.keys() == steps.keys()

    @given(values, effects)
    def test_have_the_signs_and_the_order_of_the_effects(self, start: float, steps: dict[str, float]) -> None:
        told = amounts(start, led_to(start, steps), steps)
        assert all(told[name] * effect >= 0 for name, effect in steps.items())
        order = sorted(steps, key=lambda name: abs(steps[name]))
        assert [abs(told[name]) for name in order] == sorted(abs(amount) for amount in told.values())

    @given(values, st.floats(0.001, 3))
    def test_that_cancel_out_are_told_at_the_value_itself(self, value: float, step: float) -> None:
        told = amounts(value, value, {"area": step, "location": -step})
        assert told == {"area": pytest.approx(value * step), "location": pytest.approx(-value * step)}

    def test_of_no_effects_are_none(self) -> None:
        assert amounts(100.0, 100.0, {}) == {}


class TestAnExplanation:
    @given(st.floats(-5, 25), effects)
    def test_adds_up_to_the_value_the_largest_amount_first(self, base: float, steps: dict[str, float]) -> None:
        value = led_to(math.exp(base), steps)
        explanation = explained(value, LogEffects(base, steps))
        told = [contribution.effect for contribution in explanation.contributions]
        assert math.fsum([explanation.base_value, *told]) == pytest.approx(value, rel=1e-9)
        assert told == sorted(told, key=lambda effect: -abs(effect))
        assert explanation.base_value == pytest.approx(math.exp(base))

    def test_of_a_single_effect_credits_it_with_the_whole_way(self) -> None:
        explanation = explained(150.0, LogEffects(math.log(100.0), {"area": math.log(1.5), "type": 0.0}))
        assert [(each.feature, each.effect) for each in explanation.contributions] == [
            ("area", pytest.approx(50.0)),
            ("type", 0.0),
        ]


class TestAnAdjustedComparable:
    @given(values, values, effects)
    def test_leads_from_its_own_value_to_the_subjects_and_its_price_moves_as_far(
        self, price: float, predicted: float, steps: dict[str, float]
    ) -> None:
        value = led_to(predicted, steps)
        similar = replace(SIMILAR, sale=replace(SALE, price=price))
        comparable = adjusted(similar, predicted, value, steps)
        told = list(comparable.adjustments.values())
        assert math.fsum([comparable.predicted_value, *told]) == pytest.approx(value, rel=1e-9)
        assert comparable.adjusted_price == math.fsum([price, *told])

    def test_names_only_what_moves_it(self) -> None:
        comparable = adjusted(SIMILAR, 100.0, 110.0, {"area": math.log(1.1), "type": 0.0, "sector": 0.0})
        assert list(comparable.adjustments) == ["area"]
        assert comparable.adjusted_price == pytest.approx(SALE.price + 10.0)

    def test_of_a_home_that_is_alike_is_its_price(self) -> None:
        comparable = adjusted(SIMILAR, 100.0, 100.0, {"area": 0.0})
        assert (dict(comparable.adjustments), comparable.adjusted_price) == ({}, SALE.price)


def test_a_valuation_is_refused_where_there_is_a_refusal() -> None:
    version = InMemoryModelRepository().store(a_trained_model(), a_card())
    valuation = Valuation("1", "USD", NOON.date(), version, value=1.0)
    assert valuation.status == "valued"
    assert replace(valuation, value=None, refusal=Refusal(OUTSIDE_MARKET, "far away")).status == "refused"
