"""What is kept of the homes that a model learned from, and how later ones are counted against it."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from adapters.model_repositories.serialised import dumped, loaded
from application.ports.model_trainer import TrainedModel
from domain.drift_measures import chi_square, pooled, stability_index
from domain.drift_tally import CategoryTally, NumberTally, SeenHomes
from domain.market_reference import MOST_VALUES, CategoryReference, NumberReference
from tests.fakes.models import a_trained_model
from tests.fakes.sales import some_sales
from tests.fakes.valued_homes import a_model_with_reference

NUMBERS = st.lists(st.integers(0, 60).map(float), min_size=1, max_size=60)


def tallied(reference: NumberReference, numbers: list[float]) -> NumberTally:
    tally = NumberTally(reference)
    for number in numbers:
        tally.add(number)
    return tally


class TestNumbers:
    @settings(max_examples=40)
    @given(NUMBERS, NUMBERS)
    def test_are_as_far_apart_as_kolmogorov_and_smirnov_say(self, then: list[float], now: list[float]) -> None:
        at = np.unique([*then, *now])
        below = [np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (then, now)]
        farthest = float(np.abs(below[0] - below[1]).max())
        assert tallied(NumberReference.of(then), now).distance() == pytest.approx(farthest)

    @settings(max_examples=40)
    @given(NUMBERS, NUMBERS)
    def test_are_counted_each_in_one_band(self, then: list[float], now: list[float]) -> None:
        reference = NumberReference.of(then)
        edges = sorted({reference.quantile(share) for share in (0.2, 0.5, 0.8)})
        places = np.searchsorted(edges, now)
        assert tallied(reference, now).within(edges) == np.bincount(places, minlength=len(edges) + 1).tolist()
        assert reference.within(edges) == np.bincount(np.searchsorted(edges, then), minlength=len(edges) + 1).tolist()

    def test_of_many_homes_are_kept_in_little_room(self) -> None:
        numbers = np.random.default_rng(0).lognormal(size=20_000).tolist()
        reference = NumberReference.of([*numbers, None])
        assert (len(reference.values), reference.known, reference.missing) == (MOST_VALUES, 20_000, 1)
        tally = tallied(reference, numbers)
        assert tally.distance() <= 0.002
        assert tally.quantile(0.5) == pytest.approx(float(np.median(numbers)), rel=0.005)

    @settings(max_examples=40)
    @given(NUMBERS, st.lists(st.integers(-30, 200).map(lambda place: place / 2), min_size=1, max_size=60))
    def test_have_quantiles_that_homes_have(self, then: list[float], now: list[float]) -> None:
        tally = tallied(NumberReference.of(then), now)
        for share in (0.25, 0.5, 0.75):
            assert tally.quantile(share) == sorted(now)[int(share * len(now))]

    def test_beyond_those_learned_from_have_their_own_middle_in_little_room(self) -> None:
        numbers = np.random.default_rng(0).lognormal(size=20_000).tolist()
        far = NumberReference.of([*np.random.default_rng(1).lognormal(mean=-9, size=500).tolist(), 1e9])
        middle = tallied(far, numbers).quantile(0.5)
        assert middle in numbers
        assert np.mean(np.array(numbers) < middle) == pytest.approx(0.5, abs=0.05)
        assert tallied(far, numbers).quantile(0.5) == middle

    def test_of_few_kinds_are_counted_one_by_one_however_many_homes_there_are(self) -> None:
        reference = NumberReference.of([1.0] * 2999 + [7.0])
        assert reference.counts == {1.0: 2999, 7.0: 1}
        assert tallied(reference, [7.0, 2.0]).at_grid() == [0, 1, 1]

    def test_are_rounded_as_those_that_are_kept_later(self) -> None:
        assert NumberReference.of([1.234, 1.2341, 5.0]).rounded(2).counts == {1.23: 2, 5.0: 1}


class TestCategories:
    def test_never_seen_are_told_as_callers_write_them_and_are_bounded(self) -> None:
        tally = CategoryTally(CategoryReference.of(["nunoa", "nunoa", "vitacura", None]))
        for number in range(1_500):
            tally.add(f"New {number}\n")
        tally.add("Ñuñoa")
        tally.add(None)
        assert (tally.new_homes, len(tally.new), tally.missing) == (1_500, 1_000, 1)
        assert "New 0" in tally.new
        assert (tally.counts["nunoa"], tally.known, tally.reference.single) == (1, 1_501, 1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=2, max_size=30))
def test_small_cells_are_thrown_together_and_none_is_lost(cells: list[tuple[int, int]]) -> None:
    then, now = [a for a, _ in cells], [b for _, b in cells]
    if not (sum(then) and sum(now)):
        return
    few, fewer = pooled(then, now)
    assert (sum(few), sum(fewer)) == (sum(then), sum(now))
    if len(few) > 1:
        expected = stats.contingency.expected_freq([few, fewer])
        assert expected.min() >= 5 - 1e-9
        found = stats.chi2_contingency([few, fewer], correction=False)
        assert chi_square(few, fewer).statistic == pytest.approx(found.statistic)
        assert chi_square(few, fewer).p_value == pytest.approx(found.pvalue, abs=1e-12)


def test_a_cell_that_is_left_over_and_small_goes_to_another() -> None:
    assert pooled([3] * 5, [3] * 5) == ([6, 9], [6, 9])


def test_the_stability_index_is_nought_between_equals_and_grows_with_the_difference() -> None:
    assert stability_index([10, 20], [10, 20]) == 0
    assert stability_index([500, 500], [700, 300]) == pytest.approx(
        0.2 * np.log(0.7 / 0.5) - 0.2 * np.log(0.3 / 0.5), rel=0.01
    )


def test_a_home_that_comes_again_is_known_again() -> None:
    seen = SeenHomes()
    assert [seen.is_new(home) for home in [("a", 1.0), ("b", 1.0), ("a", 1.0)]] == [True, True, False]


class TestAStoredModel:
    def test_keeps_its_reference(self) -> None:
        trained = a_model_with_reference(some_sales(40))
        assert trained.reference is not None
        assert trained.reference.homes == 40
        assert trained.reference.judged.homes > 0
        again = loaded(dumped(trained))
        assert isinstance(again, TrainedModel)
        assert again.reference == trained.reference

    def test_of_yesterday_has_none_and_serves_all_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def as_before(self: TrainedModel) -> list[object]:
            names = [each.name for each in fields(self)]
            return [getattr(self, name) for name in names[: names.index("reference")]]

        monkeypatch.setattr(TrainedModel, "__getstate__", as_before)
        blob = dumped(a_trained_model(2500.0))
        monkeypatch.undo()
        old = loaded(blob)
        assert isinstance(old, TrainedModel)
        assert old.reference is None
        assert replace(old) == old
        assert old.model == a_trained_model(2500.0).model

    def test_counts_a_home_once_however_often_it_was_sold(self) -> None:
        sales = some_sales(30)
        twice = sales.loc[[*range(30), *range(10)]].reset_index(drop=True)
        trained = a_model_with_reference(twice)
        assert trained.reference is not None
        assert trained.reference.homes == 30
