"""What a value is made of: exact, complete, and in the client's own fields."""

import pickle
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor

from adapters.valuation_models.columns import Matrix, Vector
from adapters.valuation_models.explanation import TreeExplainer
from adapters.valuation_models.trees import Tree, TreeEnsemble, tree_of_histogram_boosting, tree_of_scikit_learn

LOCATION, AREA, ROOMS, BATHS, YEAR = ("location",), ("area",), ("rooms",), ("baths",), ("year",)
ONE_EACH = (LOCATION, AREA, ROOMS, BATHS, YEAR)
SHARED = (LOCATION, AREA, LOCATION, LOCATION, ("area", "rooms"), ROOMS, ("area", "rooms", "year"))
ALONE = (LOCATION, LOCATION, LOCATION)
LAYOUTS = (ONE_EACH, SHARED, ALONE)
SEEDS = st.integers(0, 2**32 - 1)


def a_tree(random: np.random.Generator, columns: int, depth: int) -> Tree:
    """A tree as random as they come: uneven, columns asked again and again, and here and there no training weight."""
    nodes: list[list[float]] = []

    def grow(levels: int) -> int:
        place = len(nodes)
        nodes.append([0, 0.0, 0, place, place, random.normal(), int(random.integers(0, 4))])
        if levels and (levels == depth or random.random() < 0.8):
            # Thresholds and numbers on one grid, so that they are often equal.
            nodes[place][:3] = [int(random.integers(columns)), int(random.integers(-2, 3)) / 2, random.random() < 0.5]
            nodes[place][3], nodes[place][4] = grow(levels - 1), grow(levels - 1)
            nodes[place][6] = nodes[int(nodes[place][3])][6] + nodes[int(nodes[place][4])][6]
        return place

    grow(depth)
    feature, threshold, nan_left, left, right, value, cover = np.array(nodes, dtype=np.float64).T
    return Tree(
        feature=feature.astype(np.int32),
        threshold=threshold,
        nan_left=nan_left > 0,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        value=value,
        cover=cover,
        depth=depth,
    )


def an_ensemble(random: np.random.Generator, columns: int, trees: int = 3, depth: int = 5) -> TreeEnsemble:
    grown = [a_tree(random, columns, int(random.integers(0, depth + 1))) for _ in range(trees)]
    return TreeEnsemble.of(grown, float(random.normal()))


def some_rows(random: np.random.Generator, columns: int, count: int) -> Matrix:
    rows = random.integers(-3, 4, (count, columns)) / 2
    rows[random.random(rows.shape) < 0.2] = np.nan
    rows[random.random(rows.shape) < 0.05] = np.inf
    rows[random.random(rows.shape) < 0.05] = -np.inf
    return rows


def goes_left(nodes: Tree, node: int, row: Vector) -> bool:
    number = row[nodes.feature[node]]
    return bool(nodes.nan_left[node] if np.isnan(number) else number <= nodes.threshold[node])


def expected_by_training_weight(
    trees: TreeEnsemble, layout: Sequence[tuple[str, ...]], row: Vector, known: Collection[tuple[str, ...]]
) -> float:
    """The ensemble's value where only the players in `known` are known: both ways are followed for the others."""
    nodes = trees.nodes

    def below(node: int) -> float:
        left, right = int(nodes.left[node]), int(nodes.right[node])
        if left == node:
            return float(nodes.value[node])
        if layout[nodes.feature[node]] in known:
            return below(left if goes_left(nodes, node, row) else right)
        share = nodes.cover[left] / nodes.cover[node] if nodes.cover[node] > 0 else 0.5
        return float(share * below(left) + (1 - share) * below(right))

    return trees.base + sum(below(int(root)) for root in trees.roots)


def by_every_coalition(
    layout: Sequence[tuple[str, ...]],
    worth: Callable[[Collection[tuple[str, ...]]], float],
    changed: Collection[str] | None = None,
) -> dict[str, float]:
    """Shapley's own formula, term by term, then split among each player's fields."""
    players = list(dict.fromkeys(layout))
    credited = {field: 0.0 for player in players for field in player}
    for player in players:
        others = [other for other in players if other != player]
        value = sum(
            (worth((*coalition, player)) - worth(coalition)) / comb(len(others), size) / len(players)
            for size in range(len(players))
            for coalition in combinations(others, size)
        )
        fields = [field for field in player if changed is None or field in changed]
        for field in fields:
            credited[field] += value / len(fields)
    return credited


def mixtures(random: np.random.Generator, layout: Sequence[tuple[str, ...]]) -> tuple[Vector, Vector, list[str]]:
    """A row, another that differs from it in some fields only, and these."""
    row, baseline = some_rows(random, len(layout), 2)
    fields = sorted({field for player in layout for field in player})
    changed = [field for field in fields if random.random() < 0.6]
    for column, made_of in enumerate(layout):
        if not set(made_of) & set(changed):
            baseline[column] = row[column]
    return row, baseline, changed


@pytest.mark.parametrize("layout", LAYOUTS, ids=("one column a field", "columns of several fields", "one field"))
class TestEveryCoalitionCounted:
    @given(seed=SEEDS)
    @settings(max_examples=15, deadline=None)
    def test_contributions_are_the_shapley_values_of_the_game_on_training_weights(
        self, layout: Sequence[tuple[str, ...]], seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        trees = an_ensemble(random, len(layout))
        explainer = TreeExplainer(trees, layout)
        for row in some_rows(random, len(layout), 2):

            def worth(known: Collection[tuple[str, ...]], row: Vector = row) -> float:
                return expected_by_training_weight(trees, layout, row, known)

            expected = by_every_coalition(layout, worth)
            assert explainer.fields == tuple(expected)
            assert explainer.base == pytest.approx(worth(()), rel=1e-9, abs=1e-9)
            assert explainer.contributions(row) == pytest.approx(list(expected.values()), rel=1e-9, abs=1e-9)

    @given(seed=SEEDS)
    @settings(max_examples=15, deadline=None)
    def test_steps_are_the_shapley_values_of_the_game_from_one_home_to_another(
        self, layout: Sequence[tuple[str, ...]], seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        trees = an_ensemble(random, len(layout))
        row, baseline, changed = mixtures(random, layout)

        def worth(known: Collection[tuple[str, ...]]) -> float:
            here = np.array([made_of in known for made_of in layout])
            return float(trees.predict(np.where(here, row, baseline)[np.newaxis])[0])

        expected = by_every_coalition(layout, worth, changed)
        steps = TreeExplainer(trees, layout).steps(row, baseline, changed)
        assert steps == pytest.approx(list(expected.values()), rel=1e-9, abs=1e-9)


class TestTheAccountsBalance:
    @given(seed=SEEDS, layout=st.sampled_from(LAYOUTS))
    @settings(max_examples=25, deadline=None)
    def test_base_and_contributions_make_the_value(self, seed: int, layout: Sequence[tuple[str, ...]]) -> None:
        random = np.random.default_rng(seed)
        trees = an_ensemble(random, len(layout), trees=8, depth=8)
        explainer = TreeExplainer(trees, layout)
        rows = some_rows(random, len(layout), 4)
        for row, value in zip(rows, trees.predict(rows), strict=True):
            assert explainer.base + explainer.contributions(row).sum() == pytest.approx(value, rel=1e-9, abs=1e-9)

    @given(seed=SEEDS, layout=st.sampled_from(LAYOUTS))
    @settings(max_examples=25, deadline=None)
    def test_steps_lead_from_one_value_to_the_other_and_back(
        self, seed: int, layout: Sequence[tuple[str, ...]]
    ) -> None:
        random = np.random.default_rng(seed)
        trees = an_ensemble(random, len(layout), trees=8, depth=8)
        explainer = TreeExplainer(trees, layout)
        row, baseline, changed = mixtures(random, layout)
        value, before = trees.predict(np.array([row, baseline]))
        steps = explainer.steps(row, baseline, changed)
        assert steps.sum() == pytest.approx(value - before, rel=1e-9, abs=1e-9)
        assert explainer.steps(baseline, row, changed) == pytest.approx(-steps, rel=1e-9, abs=1e-9)

    @given(seed=SEEDS, layout=st.sampled_from(LAYOUTS))
    @settings(max_examples=25, deadline=None)
    def test_a_field_that_did_not_change_makes_no_step_at_all(
        self, seed: int, layout: Sequence[tuple[str, ...]]
    ) -> None:
        random = np.random.default_rng(seed)
        explainer = TreeExplainer(an_ensemble(random, len(layout), trees=8, depth=8), layout)
        row, baseline, changed = mixtures(random, layout)
        steps = dict(zip(explainer.fields, explainer.steps(row, baseline, changed), strict=True))
        assert all(steps[field] == 0.0 for field in explainer.fields if field not in changed)
        assert not explainer.steps(row, row, ()).any()

    def test_columns_that_differ_though_no_field_did_still_count(self) -> None:
        random = np.random.default_rng(0)
        trees = an_ensemble(random, 1, trees=8)
        explainer = TreeExplainer(trees, [("area", "rooms")])
        row, baseline = np.array([[-2.0], [2.0]])
        value, before = trees.predict(np.array([row, baseline]))
        assert value != before
        assert explainer.steps(row, baseline, ()) == pytest.approx([(value - before) / 2] * 2)


class TestFairShares:
    @given(seed=SEEDS)
    @settings(max_examples=20, deadline=None)
    def test_a_field_that_the_trees_never_ask_for_brings_nothing(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        explainer = TreeExplainer(an_ensemble(random, 3), [AREA, ROOMS, AREA, YEAR])
        row, baseline = some_rows(random, 4, 2)
        assert explainer.fields == ("area", "rooms", "year")
        assert explainer.contributions(row)[2] == 0.0
        assert explainer.steps(row, baseline, explainer.fields)[2] == 0.0

    @given(seed=SEEDS)
    @settings(max_examples=20, deadline=None)
    def test_fields_of_the_same_weight_in_the_trees_and_in_the_home_bring_the_same(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        grown = [a_tree(random, 3, 5) for _ in range(3)]
        exchanged = [replace(tree, feature=np.array([1, 0, 2], dtype=np.int32)[tree.feature]) for tree in grown]
        explainer = TreeExplainer(TreeEnsemble.of(grown + exchanged, 0.0), [AREA, ROOMS, YEAR])
        row, baseline = some_rows(random, 3, 2)
        row[1], baseline[1] = row[0], baseline[0]
        area, rooms, _ = explainer.contributions(row)
        assert area == pytest.approx(rooms, rel=1e-9, abs=1e-12)
        area, rooms, _ = explainer.steps(row, baseline, explainer.fields)
        assert area == pytest.approx(rooms, rel=1e-9, abs=1e-12)

    def test_what_two_fields_make_together_is_credited_to_both_alike(self) -> None:
        random = np.random.default_rng(3)
        trees = an_ensemble(random, 1)
        explainer = TreeExplainer(trees, [("area", "rooms")])
        area, rooms = explainer.contributions(np.array([0.5]))
        assert area == rooms != 0.0
        steps = explainer.steps(np.array([2.0]), np.array([-2.0]), {"rooms"})
        assert steps[0] == 0.0
        assert steps[1] != 0.0


def sales(count: int = 300) -> tuple[Matrix, Vector]:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(count, len(SHARED)))
    prices = 5 + matrix[:, 0] * matrix[:, 1] + np.sin(3 * matrix[:, 2]) + np.abs(matrix[:, 4]) + matrix[:, 5] / 3
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix, prices


def fitted_ensembles() -> Iterator[TreeEnsemble]:
    matrix, prices = sales()
    forest = RandomForestRegressor(8, random_state=0).fit(matrix, prices)
    share = 1 / len(forest.estimators_)
    trees = [tree_of_scikit_learn(tree.tree_, share) for tree in forest.estimators_]
    yield TreeEnsemble.of(trees, 0.0)

    stages = GradientBoostingRegressor(n_estimators=20, max_depth=5, random_state=0).fit(np.nan_to_num(matrix), prices)
    trees = [tree_of_scikit_learn(stage[0].tree_, stages.learning_rate) for stage in stages.estimators_]
    yield TreeEnsemble.of(trees, float(np.ravel(stages.init_.constant_)[0]))

    boosted = HistGradientBoostingRegressor(max_iter=30, early_stopping=False, random_state=0).fit(matrix, prices)
    trees = [tree_of_histogram_boosting(stage[0].nodes) for stage in boosted._predictors]
    yield TreeEnsemble.of(trees, float(np.ravel(boosted._baseline_prediction)[0]))


FITTED = ("a random forest", "gradient boosting", "histogram boosting")


@pytest.fixture(scope="module")
def fitted() -> dict[str, TreeEnsemble]:
    return dict(zip(FITTED, fitted_ensembles(), strict=True))


class TestFittedModels:
    @pytest.mark.parametrize("name", FITTED)
    def test_explanations_add_up_to_the_value(self, fitted: dict[str, TreeEnsemble], name: str) -> None:
        matrix, _ = sales()
        trees = fitted[name]
        explainer = TreeExplainer(trees, SHARED)
        values = trees.predict(matrix)
        for place in range(20):
            row, baseline = matrix[place], matrix[place + 1]
            assert explainer.base + explainer.contributions(row).sum() == pytest.approx(values[place], rel=1e-9)
            steps = explainer.steps(row, baseline, explainer.fields)
            assert steps.sum() == pytest.approx(values[place] - values[place + 1], rel=1e-9, abs=1e-9)

    @pytest.mark.parametrize("name", FITTED)
    def test_contributions_are_those_of_every_coalition(self, fitted: dict[str, TreeEnsemble], name: str) -> None:
        row = sales()[0][5]
        trees = fitted[name]
        expected = by_every_coalition(
            SHARED, lambda known: expected_by_training_weight(trees, SHARED, row.astype(np.float32), known)
        )
        # The row is one that float32 holds, so that all learners compare the same numbers.
        contributions = TreeExplainer(trees, SHARED).contributions(row.astype(np.float32).astype(np.float64))
        assert contributions == pytest.approx(list(expected.values()), rel=1e-9, abs=1e-9)

    @pytest.mark.parametrize("name", FITTED)
    def test_every_node_is_covered_by_what_reaches_its_children(
        self, fitted: dict[str, TreeEnsemble], name: str
    ) -> None:
        nodes, roots = fitted[name].nodes, fitted[name].roots
        inner = nodes.left != np.arange(len(nodes.left))
        assert nodes.cover[roots] == pytest.approx(len(sales()[1]))
        assert nodes.cover[inner] == pytest.approx(nodes.cover[nodes.left[inner]] + nodes.cover[nodes.right[inner]])

    def test_the_base_is_the_mean_value_of_the_sales_that_it_learnt_from(self, fitted: dict[str, TreeEnsemble]) -> None:
        matrix, _ = sales()
        for name, rows in (("histogram boosting", matrix), ("gradient boosting", np.nan_to_num(matrix))):
            mean = fitted[name].predict(rows).mean()
            assert TreeExplainer(fitted[name], SHARED).base == pytest.approx(mean, rel=1e-9)

    def test_numbers_beyond_single_precision_are_explained_like_any_other(
        self, fitted: dict[str, TreeEnsemble]
    ) -> None:
        trees = fitted["a random forest"]
        explainer = TreeExplainer(trees, SHARED)
        row = np.full(len(SHARED), 1e300)
        with np.errstate(over="ignore"):
            value = trees.predict(row[np.newaxis])[0]
        assert explainer.base + explainer.contributions(row).sum() == pytest.approx(value, rel=1e-9)


class TestKeepingAnExplainer:
    def test_it_comes_back_from_storage_and_explains_the_same(self, fitted: dict[str, TreeEnsemble]) -> None:
        row, baseline = sales()[0][:2]
        explainer = TreeExplainer(fitted["histogram boosting"], SHARED)
        stored = len(pickle.dumps(explainer))
        contributions = explainer.contributions(row)
        assert len(pickle.dumps(explainer)) == stored
        restored = pickle.loads(pickle.dumps(explainer))  # noqa: S301
        assert restored.fields == explainer.fields
        assert np.array_equal(restored.contributions(row), contributions)
        assert np.array_equal(
            restored.steps(row, baseline, LOCATION),
            explainer.steps(row, baseline, LOCATION),
        )

    def test_many_callers_at_once_hear_the_same(self, fitted: dict[str, TreeEnsemble]) -> None:
        rows = sales()[0][:8]
        explainer = TreeExplainer(fitted["histogram boosting"], SHARED)
        with ThreadPoolExecutor(8) as callers:
            heard = list(callers.map(explainer.contributions, rows))
        alone = TreeExplainer(fitted["histogram boosting"], SHARED)
        assert all(np.array_equal(those, alone.contributions(row)) for those, row in zip(heard, rows, strict=True))

    def test_columns_of_no_field_and_fields_for_too_few_columns_are_refused(self) -> None:
        trees = TreeEnsemble.of([a_tree(np.random.default_rng(1), 5, 4)], 0.0)
        with pytest.raises(ValueError, match="made of at least one field"):
            TreeExplainer(trees, (AREA, (), AREA, AREA, AREA))
        with pytest.raises(ValueError, match="more columns than the 1 "):
            TreeExplainer(trees, [AREA])
