"""The ratio study of each part of the market."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ratio_groups import StudiesByGroup, deciles, ratio_studies_by
from domain.ratio_study import ratio_study
from domain.sale_pairs import market_value_proxy

labels = st.lists(st.sampled_from(["flat", "house", "plot", ""]), min_size=1, max_size=80)
PRICES = 1_000.0 * np.arange(50, 150)
VALUES = PRICES * (1 + 0.2 * np.sin(np.arange(100)))


def test_each_group_is_studied_by_itself() -> None:
    groups = ["north"] * 60 + ["south"] * 40
    by_sector = ratio_studies_by(VALUES, PRICES, groups, seed=1)
    assert list(by_sector.studies) == ["north", "south"]
    assert by_sector.studies["south"] == ratio_study(VALUES[60:], PRICES[60:], seed=1)
    assert by_sector.too_few == {}


def test_groups_of_few_sales_are_counted_and_not_judged() -> None:
    by_sector = ratio_studies_by(VALUES, PRICES, ["centre"] * 75 + ["hill"] * 19 + ["port"] * 6)
    assert list(by_sector.studies) == ["centre"]
    assert by_sector.too_few == {"hill": 19, "port": 6}
    assert list(ratio_studies_by(VALUES, PRICES, ["centre"] * 81 + ["hill"] * 19, fewest=19).studies) == [
        "centre",
        "hill",
    ]


@given(labels)
@settings(max_examples=30)
def test_no_sale_is_lost(groups: list[str]) -> None:
    count = len(groups)
    by_type = ratio_studies_by(VALUES[:count], PRICES[:count], groups)
    told = {label: study.count for label, study in by_type.studies.items()} | dict(by_type.too_few)
    assert told == {label: groups.count(label) for label in set(groups)}


@given(st.permutations(range(100)))
@settings(max_examples=10)
def test_the_order_of_sales_does_not_matter(order: list[int]) -> None:
    def studied(chosen: list[int]) -> StudiesByGroup:
        return ratio_studies_by(VALUES[chosen], PRICES[chosen], [str(number % 3) for number in chosen])

    before, after = studied(list(range(100))), studied(order)
    assert list(before.studies) == list(after.studies)
    for label, study in before.studies.items():
        assert after.studies[label].cod == pytest.approx(study.cod)
        assert after.studies[label].vei == pytest.approx(study.vei)


def test_a_label_is_needed_for_each_sale() -> None:
    with pytest.raises(ValueError, match="as many labels"):
        ratio_studies_by(VALUES, PRICES, ["north"])


class TestDeciles:
    def test_a_hundred_amounts_are_ten_tens_from_the_cheapest(self) -> None:
        assert deciles(PRICES) == [f"{number // 10 + 1:02d}" for number in range(100)]

    def test_equal_amounts_share_a_decile(self) -> None:
        assert set(deciles([5.0] * 30)) == {"01"}

    def test_by_price_a_fair_model_looks_unfair_and_by_the_proxy_it_does_not(self) -> None:
        """Why the caller must say what the deciles are of: errors of prices alone make the cheapest tenth."""
        chance = np.random.default_rng(0)
        worth = np.exp(chance.normal(12, 0.4, 4_000))
        values, prices = (worth * np.exp(chance.normal(0, 0.1, 4_000)) for _ in range(2))
        by_price = ratio_studies_by(values, prices, deciles(prices)).studies
        by_proxy = ratio_studies_by(values, prices, deciles(market_value_proxy(values, prices))).studies
        assert by_price["01"].median > 1.03
        assert by_price["10"].median < 0.98
        assert by_proxy["01"].median == pytest.approx(1, abs=0.02)
        assert by_proxy["10"].median == pytest.approx(1, abs=0.02)
