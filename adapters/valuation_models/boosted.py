"""The boosted recipe: two kinds of trees on top of straight lines, on what the neighbourhood says.

    log value = half of (a hedonic line + boosted trees) + half of (a line through everything local + random trees)

All else equal, a larger usable area never lowers the value: the lines rise with it, the boosted trees are held to it,
and the random trees do not see it. What each part gains: `docs/decisions/0007-accuracy.md`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from adapters.valuation_models.columns import (
    Columns,
    Derived,
    Fields,
    Matrix,
    Number,
    Table,
    Vector,
    area_per_bathroom,
    area_per_room,
    fields_of,
    log_net_area,
    log_usable_area,
    matrix_of,
    usable_share,
)
from adapters.valuation_models.compiled import CompiledModel, Line, table_of
from adapters.valuation_models.geography import Plane, RotatedCoordinates
from adapters.valuation_models.neighbourhood import Neighbourhood
from adapters.valuation_models.recipes import Fitted, Recipe
from adapters.valuation_models.target_statistics import encoded, encoded_together, out_of_part
from adapters.valuation_models.trees import Tree, TreeEnsemble, tree_of_histogram_boosting, tree_of_scikit_learn
from application.sales.homes import home_numbers
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS

Chosen = NDArray[np.int64]

_AREA = "net_usable_area"
_LINES_OF_HEDONICS = 4  # the first columns: logarithms of both areas, rooms, bathrooms
_HALF = 0.5
_SEEDS = 2**32  # scikit-learn takes no larger ones
_FEWEST_SALES_FOR_THREADS = 20_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is fitted. Few sales: the same several times over, with other parts out of sight, and averaged.

    The first `local` repetitions see the neighbourhood: its averages of few sales are noisy.
    """

    repetitions: int
    local: int
    rounds: int
    rate: float
    leaves: int
    ridge: float
    trees: int
    leaf: int

    @classmethod
    def for_sales(cls, count: int) -> "Effort":
        """What so many sales are worth."""
        if count < 5_000:
            return cls(repetitions=4, local=2, rounds=125, rate=0.08, leaves=24, ridge=2.0, trees=30, leaf=2)
        leaf = max(3, count // 4_000)  # a forest of whole trees would grow with the sales
        if count < 50_000:
            return cls(repetitions=2, local=2, rounds=300, rate=0.07, leaves=24, ridge=5.0, trees=30, leaf=leaf)
        return cls(repetitions=1, local=1, rounds=500, rate=0.06, leaves=24, ridge=5.0, trees=50, leaf=leaf)


@dataclass(frozen=True, slots=True)
class _Learner:
    """A line and trees on columns of the matrix: chosen is where they stand in it; share is its part in the value."""

    slopes: Vector
    intercept: float
    trees: Any
    chosen: Chosen
    share: float

    def predict(self, matrix: Matrix, within: Matrix) -> Vector:
        """Log values by the libraries' own code; `within` is the matrix that the line sees."""
        return np.asarray(self.intercept + _line(within, self.slopes) + self.trees.predict(matrix[:, self.chosen]))


@dataclass(frozen=True, slots=True)
class _Blend:
    learners: Sequence[_Learner]
    lowest: Vector
    highest: Vector

    def predict(self, matrix: Matrix) -> Vector:
        """The mean of the learners, by their shares."""
        within = np.clip(matrix, self.lowest, self.highest)
        return np.asarray(sum(learner.share * learner.predict(matrix, within) for learner in self.learners))


@dataclass(frozen=True, slots=True)
class BoostedRecipe(Recipe):
    """Its parts can be left out, so that `benchmarks/accuracy.py` can measure what each brings."""

    ratios: bool = True
    turned_coordinates: bool = True
    combinations: bool = True
    neighbourhood: bool = True
    boosting: bool = True
    random_trees: bool = True

    @property
    def takes_extras(self) -> bool:
        """True."""
        return True

    @property
    def follows_time(self) -> bool:
        """True."""
        return True

    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits scikit-learn's HistGradientBoostingRegressor and ExtraTreesRegressor."""
        table, log_prices = table_of(sales, features), np.log(sales["price"].to_numpy())
        homes = home_numbers(sales)
        effort, plane = Effort.for_sales(len(sales)), Plane.around(table)
        own = self._own(sales, features, plane)

        def learn(some: Table, prices: Vector) -> list[Columns]:
            return self._learned(some, prices, features, plane)

        columns = [*own, *learn(table, log_prices)]
        fields = fields_of(columns)
        seen = matrix_of(own, table, len(sales))
        every, around = np.arange(len(fields)), columns[-1].width if self.neighbourhood else 0
        learners: list[_Learner] = []
        # On few sales, OpenMP's threads spend their time waiting for each other.
        with threadpool_limits(1 if len(sales) < _FEWEST_SALES_FOR_THREADS else None):
            for number in range(effort.repetitions):
                drawn = (seed + number) % _SEEDS
                matrix = np.column_stack([seen, out_of_part(learn, table, log_prices, homes, drawn)])
                visible = every if number < effort.local else every[: len(every) - around]
                learners += self._fit_once(matrix, visible, seen.shape[1], fields, table, log_prices, effort, drawn)
            means, (lowest, highest) = _means(matrix), _reach(matrix)

        def prepare(homes: pd.DataFrame) -> Matrix:
            return matrix_of(columns, table_of(homes, features), len(homes))

        slopes = np.sum([each.share * each.slopes for each in learners], axis=0)
        base = float(sum(each.share * each.intercept for each in learners))
        trees: list[Tree] = []
        for learner in learners:
            start, grown = _trees_of(learner)
            base += start
            trees += grown
        line = Line(slopes, means, lowest, highest)
        model = CompiledModel(features, columns, TreeEnsemble.of(trees, base), log_price=True, line=line)
        return Fitted(_Blend(learners, lowest, highest), model, prepare)

    def _own(self, sales: pd.DataFrame, features: FeatureSchema, plane: Plane) -> list[Columns]:
        """The columns that a home has by itself; the first four are the hedonic line's."""
        own: list[Columns] = [
            Derived(log_usable_area, (_AREA,)),
            Derived(log_net_area, ("net_area",)),
            Number("n_rooms"),
            Number("n_bathroom"),
            *(Number(name) for name in NUMBER_FIELDS if name not in {"n_rooms", "n_bathroom"}),
        ]
        if self.ratios:
            own += [
                Derived(area_per_room, (_AREA, "n_rooms")),
                Derived(area_per_bathroom, (_AREA, "n_bathroom")),
                Derived(usable_share, (_AREA, "net_area")),
            ]
        if self.turned_coordinates:
            own.append(RotatedCoordinates(plane))
        # A column of which nothing is known here cannot be cut into bins, and has nothing to tell.
        return own + [Number(name) for name in features.numeric if sales[name].notna().any()]

    def _learned(self, table: Table, log_prices: Vector, features: FeatureSchema, plane: Plane) -> list[Columns]:
        """The columns that are learned from prices."""
        per_m2 = log_prices - np.log(table[_AREA])
        columns: list[Columns] = [encoded(name, table, log_prices) for name in (*TEXT_FIELDS, *features.categorical)]
        if self.combinations:
            columns.append(encoded_together(TEXT_FIELDS, table, log_prices))
            columns += [encoded(name, table, per_m2) for name in ("sector", *features.categorical)]
            columns.append(encoded_together(TEXT_FIELDS, table, per_m2))
        if self.neighbourhood:
            columns.append(Neighbourhood.of(table, log_prices, plane))
        return columns

    def _fit_once(
        self,
        matrix: Matrix,
        visible: Chosen,
        own: int,
        fields: Sequence[Fields],
        table: Table,
        log_prices: Vector,
        effort: Effort,
        seed: int,
    ) -> Iterator[_Learner]:
        grows = np.array([_AREA in made_of for made_of in fields])
        share = 1 / effort.repetitions / (self.boosting + self.random_trees)
        if self.boosting:
            slopes, intercept = _hedonic_line(matrix, table, log_prices)
            chosen = visible[1:]  # the logarithm of an area tells trees nothing that the area does not
            boosted = HistGradientBoostingRegressor(
                max_iter=effort.rounds,
                learning_rate=effort.rate,
                max_leaf_nodes=effort.leaves,
                min_samples_leaf=15,
                l2_regularization=effort.ridge,
                max_features=0.3,
                early_stopping=False,
                random_state=seed,
                monotonic_cst=grows[chosen].astype(int),
            )
            boosted.fit(matrix[:, chosen], log_prices - intercept - _line(matrix, slopes))
            yield _Learner(slopes, intercept, boosted, chosen, share)
        if self.random_trees:
            chosen = visible[~grows[visible]]
            slopes, intercept = _local_line(matrix, chosen[chosen >= own], log_prices)
            forest = ExtraTreesRegressor(
                effort.trees, min_samples_leaf=effort.leaf, max_features=0.5, n_jobs=-1, random_state=seed
            )
            forest.fit(matrix[:, chosen], log_prices - intercept - _line(matrix, slopes))
            forest.n_jobs = 1
            yield _Learner(slopes, intercept, forest, chosen, share)


def _line(matrix: Matrix, slopes: Vector) -> Vector:
    """What a line adds to each row; a column without slope may be NaN."""
    used = slopes != 0
    return np.asarray(matrix[:, used] @ slopes[used])


def _means(matrix: Matrix) -> Vector:
    """The mean of each column, NaN left out."""
    known = np.isfinite(matrix)
    return np.asarray(np.where(known, matrix, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _reach(matrix: Matrix) -> tuple[Vector, Vector]:
    """How far lines go on: beyond what was seen of each column, for as long again on either side."""
    known = np.isfinite(matrix)
    lowest, highest = np.where(known, matrix, np.inf).min(axis=0), np.where(known, matrix, -np.inf).max(axis=0)
    span = highest - lowest
    return np.asarray(lowest - span), np.asarray(highest + span)


def _trees_of(learner: _Learner) -> tuple[float, list[Tree]]:
    """The constant and the trees of a learner, times its share, on the whole matrix."""
    if isinstance(learner.trees, HistGradientBoostingRegressor):
        start = float(np.ravel(learner.trees._baseline_prediction)[0])  # noqa: SLF001
        stages = learner.trees._predictors  # noqa: SLF001
        trees = [tree_of_histogram_boosting(stage[0].nodes).scaled(learner.share) for stage in stages]
    else:
        start, grown = 0.0, learner.trees.estimators_
        trees = [tree_of_scikit_learn(each.tree_, learner.share / len(grown)) for each in grown]
    return learner.share * start, [tree.on(learner.chosen) for tree in trees]


def _hedonic_line(matrix: Matrix, table: Table, log_prices: Vector) -> tuple[Vector, float]:
    """Half of what areas and counts explain within sectors: the trees, which may only rise with area, do the rest."""
    sectors, place = np.unique(np.asarray(table["sector"], dtype=str), return_inverse=True)
    counts = np.bincount(place)

    def within(column: Vector) -> Vector:
        return np.asarray(column - (np.bincount(place, column, minlength=len(sectors)) / counts)[place])

    columns = np.column_stack([within(column) for column in matrix[:, :_LINES_OF_HEDONICS].T])
    scale = matrix[:, :_LINES_OF_HEDONICS].std(axis=0) + 1e-9
    fitted = _HALF * _ridge(columns / scale, within(log_prices), 1.0) / scale
    fitted[0] = max(fitted[0], 0.0)
    slopes = np.zeros(matrix.shape[1])
    slopes[:_LINES_OF_HEDONICS] = fitted
    return slopes, float(np.mean(log_prices - matrix[:, :_LINES_OF_HEDONICS] @ fitted))


def _local_line(matrix: Matrix, learned: Chosen, log_prices: Vector) -> tuple[Vector, float]:
    """A line through areas, counts and what was learned from prices."""
    chosen = np.array([*range(_LINES_OF_HEDONICS), *learned])
    columns = matrix[:, chosen]
    centre, scale = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    fitted = _ridge((columns - centre) / scale, log_prices - log_prices.mean(), 3.0) / scale
    fitted[0] = max(fitted[0], 0.0)
    slopes = np.zeros(matrix.shape[1])
    slopes[chosen] = fitted
    return slopes, float(np.mean(log_prices - columns @ fitted))


def _ridge(columns: Matrix, target: Vector, penalty: float) -> Vector:
    normal = columns.T @ columns + penalty * np.eye(columns.shape[1])
    return np.asarray(np.linalg.solve(normal, columns.T @ target), dtype=np.float64)
