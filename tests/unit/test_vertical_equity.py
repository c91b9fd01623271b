"""The vertical equity indicator, and the ratio study of the standard's own table and of other implementations."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from domain.ratio_study import ratio_study
from domain.sale_pairs import market_value_proxy, percentile_groups
from domain.vertical_equity import VerticalEquity, vertical_equity
from tests.published_sales import fifty_four_sales

Vector = NDArray[np.float64]
amounts = st.integers(1_000, 10_000_000).map(float)
markets = st.lists(st.tuples(amounts, amounts), min_size=20, max_size=60)


def columns(pairs: list[tuple[float, float]]) -> tuple[Vector, Vector]:
    values, prices = np.array(pairs, dtype=np.float64).T
    return values, prices


def wavy(count: int) -> tuple[Vector, Vector]:
    """Sales by formula, no two at one price, the dear ones appraised a little higher."""
    number = np.arange(1, count + 1)
    prices = 80_000 + 900.0 * number + 7 * (number * number % 101)
    return prices * (0.8 + 0.025 * (7 * number % 13)) * (1 + 0.15 * number / count), prices


def equity_of(values: ArrayLike, prices: ArrayLike) -> VerticalEquity:
    equity = vertical_equity(values, prices)
    assert equity is not None
    return equity


class TestTheStandardsFiftyFourSales:
    def test_level_dispersion_and_price_relation(self) -> None:
        study = ratio_study(*fifty_four_sales())
        assert study.count == 54
        assert study.median == pytest.approx(0.8678, abs=5e-5)
        assert study.cod == pytest.approx(24.6511, abs=5e-5)
        assert study.prd == pytest.approx(0.99279, abs=5e-6)
        assert study.prb == pytest.approx(0.18713, abs=5e-6)

    def test_vei_and_its_significance(self) -> None:
        study = ratio_study(*fifty_four_sales())
        assert study.vei == pytest.approx(48.53, abs=5e-3)
        assert study.vei_significance == pytest.approx(17.57, abs=5e-3)

    def test_the_quartiles_with_their_intervals(self) -> None:
        groups = equity_of(*fifty_four_sales()).groups
        assert [group.count for group in groups] == [14, 13, 13, 14]
        first, last = groups[0], groups[-1]
        assert [first.median, first.low, first.high] == pytest.approx([0.7280, 0.6429, 0.8476], abs=5e-5)
        assert [last.median, last.low, last.high] == pytest.approx([1.1491, 1.0000, 1.2476], abs=5e-5)

    def test_kakwani_with_equal_prices_ranked_as_printed_and_on_average(self) -> None:
        values, prices = fifty_four_sales()
        as_printed = ratio_study(values, prices + 1e-4 * np.arange(54))
        assert as_printed.mki == pytest.approx(1.06944, abs=5e-6)
        assert as_printed.ki == pytest.approx(0.01540, abs=5e-6)
        # Four pairs sold at one price each: their other order says something else, and we take the mean of the two.
        turned = ratio_study(values, prices - 1e-4 * np.arange(54))
        assert as_printed.mki is not None
        assert turned.mki is not None
        study = ratio_study(values, prices)
        assert study.mki == pytest.approx((as_printed.mki + turned.mki) / 2, abs=1e-8)
        assert study.ki == pytest.approx((as_printed.ki + turned.ki) / 2, abs=1e-8)


class TestFiguresOfOtherImplementations:
    """The Cook County Assessor's assesspy 2.0.2; medians and VEI of MPAC's ratio-study 1.0.1: each asked once."""

    NAMES = ("median", "cod", "prd", "prb", "prb_low", "prb_high", "mki", "ki", "vei")

    @pytest.mark.parametrize(
        ("count", "level", "regression", "order"),
        [
            (
                30,
                (1.0110000000000001, 8.827481041872732, 0.9971798949716082),
                (0.4562446727273984, 0.2810239946689169, 0.6314653507858798),
                (1.3879066102539257, 0.01866806869646164, 10.756676557863512),
            ),
            (
                137,
                (1.0175182481751825, 9.015724324267715, 0.990033859438287),
                (0.13710833566169772, 0.09993125834519691, 0.17428541297819855),
                (1.148907642135661, 0.021479405746860414, 15.686423959827843),
            ),
            (
                613,
                (1.019274061990212, 9.023512068870918, 0.9824031402584671),
                (0.05909760302208342, 0.049709107785135126, 0.06848609825903171),
                (1.0702884053479789, 0.018120957269437354, 20.085845410241426),
            ),
        ],
    )
    def test_are_ours(
        self, count: int, level: tuple[float, ...], regression: tuple[float, ...], order: tuple[float, ...]
    ) -> None:
        study = ratio_study(*wavy(count))
        theirs = dict(zip(self.NAMES, level + regression + order, strict=True))
        assert {name: getattr(study, name) for name in self.NAMES} == pytest.approx(theirs, rel=1e-10)

    @pytest.mark.parametrize(
        ("count", "sizes"),
        [(30, [15, 15]), (137, [35, 34, 34, 34]), (613, [62, 61, 61, 61, 62, 61, 61, 61, 61, 62])],
    )
    def test_group_as_we_do(self, count: int, sizes: list[int]) -> None:
        assert [group.count for group in equity_of(*wavy(count)).groups] == sizes


class TestTheIndicator:
    @pytest.mark.parametrize(("sales", "groups"), [(20, 2), (50, 2), (51, 4), (500, 4), (501, 10), (2_000, 10)])
    def test_the_number_of_groups_follows_the_number_of_sales(self, sales: int, groups: int) -> None:
        sizes = [group.count for group in equity_of(*wavy(sales)).groups]
        assert len(sizes) == groups
        assert sum(sizes) == sales
        assert max(sizes) - min(sizes) <= 1

    def test_nothing_is_said_of_fewer_than_twenty_sales(self) -> None:
        assert vertical_equity(*wavy(19)) is None
        study = ratio_study(*wavy(19))
        assert (study.vei, study.vei_significance) == (None, None)

    def test_nothing_is_said_where_all_homes_are_alike(self) -> None:
        assert vertical_equity([90.0] * 40, [100.0] * 40) is None

    def test_a_regressive_appraisal_is_below_zero_and_a_progressive_one_above(self) -> None:
        prices = 1_000.0 * np.arange(100, 200)
        assert equity_of(prices**0.8, prices).vei < -10
        assert equity_of(prices**1.2, prices).vei > 10
        assert equity_of(0.7 * prices, prices).vei == pytest.approx(0, abs=1e-9)

    def test_significance_compares_the_extreme_medians_wherever_they_lie(self) -> None:
        prices = 1_000.0 * np.arange(100, 200)
        bowed = prices * (1 + 0.5 * np.sin(np.arange(100) / 99 * np.pi))
        equity = equity_of(bowed, prices)
        middle = np.median(bowed / prices)
        first, *inner, last = equity.groups
        highest = max(inner, key=lambda group: group.median)
        lowest = min(first, last, key=lambda group: group.median)
        assert abs(equity.vei) < 5
        assert equity.significance > 10
        assert equity.significance == pytest.approx(100 * (highest.low - lowest.high) / middle)

    def test_the_interval_of_fourteen_ratios_is_from_the_fourth_to_the_eleventh(self) -> None:
        # Ranks ceil(7 - 1.645 sqrt(14) / 2) and floor(8 + 1.645 sqrt(14) / 2); the ratios here are 1.01, 1.02, ...
        ratios = 1 + np.arange(1, 15) / 100
        prices = np.concatenate([np.full(14, 100.0), np.full(14, 1_000.0)])
        group = equity_of(prices * np.tile(ratios, 2), prices).groups[0]
        assert [group.count, group.low, group.high] == pytest.approx([14, 1.04, 1.11])

    @given(markets, st.sampled_from([0.25, 0.5, 2.0, 8.0]))
    @settings(max_examples=20)
    def test_neither_level_nor_currency_matters(self, pairs: list[tuple[float, float]], factor: float) -> None:
        values, prices = columns(pairs)
        before = vertical_equity(values, prices)
        assert vertical_equity(factor * values, factor * prices) == before
        level = vertical_equity(factor * values, prices)
        assert (level is None) == (before is None)
        if level and before:
            assert [level.vei, level.significance] == pytest.approx([before.vei, before.significance])

    @given(markets, st.randoms(use_true_random=False))
    @settings(max_examples=20)
    def test_the_order_of_sales_does_not_matter(self, pairs: list[tuple[float, float]], chance: Random) -> None:
        turned = list(pairs)
        chance.shuffle(turned)
        assert vertical_equity(*columns(turned)) == vertical_equity(*columns(pairs))

    @given(markets)
    @settings(max_examples=20)
    def test_every_sale_is_in_one_group_and_each_interval_holds_its_median(
        self, pairs: list[tuple[float, float]]
    ) -> None:
        equity = vertical_equity(*columns(pairs))
        if equity:
            assert sum(group.count for group in equity.groups) == len(pairs)
            assert all(group.low <= group.median <= group.high for group in equity.groups)


class TestGroupsByPercentile:
    def test_the_proxy_is_half_price_half_value_at_the_level_of_prices(self) -> None:
        assert list(market_value_proxy([80.0, 160.0, 240.0], [100.0, 200.0, 400.0])) == [100.0, 200.0, 350.0]

    @given(st.lists(st.integers(1, 1_000_000), min_size=1, max_size=700), st.sampled_from([2, 4, 10]))
    @settings(max_examples=50)
    def test_they_are_numpys_linear_percentiles(self, whole: list[int], count: int) -> None:
        ordered = np.array(whole, dtype=float)
        place = percentile_groups(ordered, count)
        for number in range(1, count):
            # A hair above the cut, for numpy's own cut can fall short of an amount by a rounding.
            cut = np.percentile(ordered, 100 * number / count) + 1e-6
            assert ((ordered <= cut) == (place < number)).all()

    @given(st.lists(amounts, min_size=1, max_size=100), st.integers(1, 12))
    @settings(max_examples=50)
    def test_larger_amounts_are_never_in_a_lower_group_and_equal_ones_share_theirs(
        self, several: list[float], count: int
    ) -> None:
        ranked = sorted(zip(several, percentile_groups(several, count), strict=True))
        assert all(one[1] <= other[1] for one, other in pairwise(ranked))
        assert len(set(several)) == len(set(ranked))
        assert {int(group) for _, group in ranked} <= set(range(count))

    @pytest.mark.parametrize("several", [[], [[1.0]], [1.0, float("nan")]])
    def test_what_is_no_vector_of_amounts_has_no_groups(self, several: object) -> None:
        with pytest.raises(ValueError, match="amounts are"):
            percentile_groups(several, 4)  # type: ignore[arg-type]
