"""How far off a value is expected to be, home by home: a small model of the errors of a model.

It is learned from out-of-fold errors and served as plain arrays.
"""

import math
from collections.abc import Sequence
from ctypes import pointer
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adapters.valuation_models.columns import (
    Columns,
    Derived,
    Fields,
    Matrix,
    Native,
    Number,
    Table,
    Vector,
    area_per_room,
    matrix_of,
    usable_share,
)
from adapters.valuation_models.compiled import SAME, table_of
from adapters.valuation_models.geography import Plane, RotatedCoordinates
from adapters.valuation_models.inputs import Codes, Inputs, Numbers
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address
from adapters.valuation_models.kernel.nearest import NearestPoints
from adapters.valuation_models.matrices import NativeColumns
from adapters.valuation_models.trees import TreeEnsemble, tree_of_histogram_boosting
from application.ports.model_trainer import LOCATION, UNSEEN_CATEGORY, SpreadModel
from domain.errors import ModelDisagreement
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 30
NEIGHBOUR_OF_DISTANCE = 10
FEWEST_SALES = 300
# With so many sales, what was learned of a home counts for half, and the mean of all homes for the other half.
SALES_FOR_HALF = 300
NARROWEST, WIDEST = 0.3, 4.0
_LOG_NARROWEST, _LOG_WIDEST = math.log(NARROWEST), math.log(WIDEST)
# In means: an error of nothing has no logarithm, and one sale that is far off would be all that the trees see.
SMALLEST_SHARE, FARTHEST = 0.02, 5.0
SMALLEST_SPREAD = 1e-6
_MOST_CHECKED = 1_000


@dataclass(slots=True)
class LocalErrors(Columns):
    """What is known around a place: the mean error of the nearest sales, and how far away they are.

    points: kilometres east and north of the sales, shape (n, 2). errors: their absolute log errors, shape (n,).
    """

    plane: Plane
    points: Matrix
    errors: Vector
    around: NearestPoints = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._search()

    def _search(self) -> None:
        if self.errors.shape != (len(self.points),):
            raise ValueError(f"There are {len(self.points)} sales and {len(self.errors)} errors of sales.")
        self.around = NearestPoints(self.points)

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The place."""
        return ((LOCATION,), (LOCATION,))

    def __getstate__(self) -> tuple[Plane, Matrix, Vector]:
        return self.plane, self.points, self.errors

    def __setstate__(self, state: tuple[Plane, Matrix, Vector]) -> None:
        self.plane, self.points, self.errors = state
        self._search()

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the mean absolute log error of the 30 nearest sales, and kilometres to the 10th."""
        squares, nearest = self.around.nearest(np.column_stack(self.plane.kilometres(table)), NEIGHBOURS)
        distance, count = np.sqrt(squares), squares.shape[1]
        # Side by side in memory, so that a mean is the same however many homes there are.
        matrix[:, 0] = np.ascontiguousarray(self.errors[nearest]).mean(axis=1)
        matrix[:, 1] = distance[:, min(NEIGHBOUR_OF_DISTANCE, count) - 1]

    def native(self, inputs: Inputs) -> Native:
        """The sales and their errors."""
        whole = [np.array([number], dtype=np.int64) for number in (NEIGHBOURS, NEIGHBOUR_OF_DISTANCE)]
        errors = np.ascontiguousarray(self.errors)
        around = kernel.Neighbourhood(
            plane=self.plane.native(inputs),
            points=self.around.native,
            figures=address(errors),
            figure_count=1,
            nearest=address(whole[0], np.int64),
            nearest_count=1,
            far=address(whole[1], np.int64),
            far_count=1,
        )
        column = kernel.Column(kind=kernel.LOCAL_ERRORS, width=self.width, around=pointer(around))
        return Native(column, (around, self.around, errors, *whole))


class CompiledSpread(SpreadModel):
    """The expected absolute log error of a value, never far from `mean`; without trees, `mean` everywhere.

    `weight` is the share that is left to what was learned, in logarithms; the rest is the mean's.
    """

    def __init__(
        self,
        features: FeatureSchema,
        mean: float,
        columns: Sequence[Columns] = (),
        trees: TreeEnsemble | None = None,
        weight: float = 0.0,
    ) -> None:
        self._features = features
        self._mean = mean
        self._columns = tuple(columns)
        self._trees = trees
        self._weight = weight
        self._prepare()

    def _prepare(self) -> None:
        self._matrices = NativeColumns(self._features, self._columns)
        if self._trees and self._trees.columns > self._matrices.width + 1:
            raise ValueError(f"The trees of the spread ask for more than {self._matrices.width + 1} columns.")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_matrices"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()

    @property
    def features(self) -> FeatureSchema:
        """What it is read off."""
        return self._features

    def spreads(self, properties: Sequence[Property], values: Vector) -> Vector:
        """The expected absolute log errors of n values, shape (n,)."""
        return self._spreads(*self._matrices.inputs.of_homes(properties), values)

    def spreads_table(self, properties: "pd.DataFrame", values: Vector) -> Vector:
        """The same of n rows of checked properties."""
        table = table_of(properties, self._features)
        return self._spreads(*self._matrices.inputs.of_table(table, len(properties)), values)

    def _spreads(self, numbers: Numbers, codes: Codes, values: Vector) -> Vector:
        if self._trees is None or not len(values):
            return np.full(len(values), self._mean)
        matrix = np.empty((len(values), self._matrices.width + 1))
        self._matrices.write(numbers, codes, matrix)
        matrix[:, -1] = np.log(values)
        return self.within_bounds(self._trees.predict(matrix))

    def within_bounds(self, log_spreads: Vector) -> Vector:
        """What is expected where the trees say this, both of shape (n,)."""
        log_shares = self._weight * (log_spreads - math.log(self._mean))
        return self._mean * np.exp(np.minimum(np.maximum(log_shares, _LOG_NARROWEST), _LOG_WIDEST))


def fit_spread(
    sales: "pd.DataFrame", log_errors: Vector, values: Vector, features: FeatureSchema, seed: int
) -> CompiledSpread:
    """Learns from n sales, and out-of-fold log(price / value) and values of them, shape (n,).

    Fewer than 300 sales say too little of where errors are larger: their mean, everywhere. Its own sales it has seen:
    spreads to calibrate errors with must come from fits to the other folds.
    """
    from adapters.valuation_models.target_statistics import encoded, out_of_part
    from application.sales.homes import home_numbers

    off = np.abs(log_errors)
    mean = max(float(off.mean()), SMALLEST_SPREAD)
    if len(off) < FEWEST_SALES or float(off.max()) <= SMALLEST_SPREAD:
        return CompiledSpread(features, mean)
    off = np.clip(off, SMALLEST_SHARE * mean, FARTHEST * mean)
    table = table_of(sales, features)
    plane = Plane.around(table)
    own: list[Columns] = [
        *(Number(name) for name in (*NUMBER_FIELDS, *features.numeric) if not np.isnan(table[name]).all()),
        Derived(area_per_room, ("net_usable_area", "n_rooms")),
        Derived(usable_share, ("net_usable_area", "net_area")),
        RotatedCoordinates(plane),
    ]

    def learn(some: Table, some_off: Vector) -> list[Columns]:
        categories: list[Columns] = [encoded(name, some, some_off) for name in (*TEXT_FIELDS, *features.categorical)]
        return [*categories, LocalErrors(plane, np.column_stack(plane.kilometres(some)), some_off)]

    columns = [*own, *learn(table, off)]
    seen = matrix_of(own, table, len(off))
    learned = out_of_part(learn, table, off, home_numbers(sales), seed)
    learner, trees = fit_trees(np.column_stack([seen, learned, np.log(values)]), off, seed)
    spread = CompiledSpread(features, mean, columns, trees, weight=len(off) / (len(off) + SALES_FOR_HALF))
    _check_agreement(spread, learner, columns, sales.head(_MOST_CHECKED), values[:_MOST_CHECKED])
    return spread


def _check_agreement(
    spread: CompiledSpread, learner: Any, columns: Sequence[Columns], sales: "pd.DataFrame", values: Vector
) -> None:
    """Raises ModelDisagreement unless the trees as they are served say what the estimator says, within 1e-9 relative.

    Of sales that it learned from, of the same with categories never seen, and with all further features missing.
    """
    features = spread.features
    nothing = {**dict.fromkeys(features.numeric, np.nan), **dict.fromkeys(features.categorical)}
    unknown = dict.fromkeys((*TEXT_FIELDS, *features.categorical), UNSEEN_CATEGORY)
    for homes in (sales, sales.assign(**unknown), sales.assign(**nothing)):
        seen = matrix_of(columns, table_of(homes, features), len(homes))
        expected = spread.within_bounds(np.log(learner.predict(np.column_stack([seen, np.log(values)]))))
        furthest = float(np.max(np.abs(spread.spreads_table(homes, values) / expected - 1)))
        if not furthest <= SAME:
            raise ModelDisagreement(
                f"The compiled model of errors differs from the fitted one by up to {furthest:.1e} relative (allowed: "
                f"{SAME:g}), so nothing is stored. This is a fault of Tasador or of a library version: please "
                "report it with the version of scikit-learn."
            )


def fit_trees(matrix: Matrix, off: Vector, seed: int) -> tuple[Any, TreeEnsemble]:
    """scikit-learn's estimator of the positive numbers `off`, and its trees, which give the logarithm of what it says.

    matrix: shape (n, columns). off: shape (n,).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    learner = HistGradientBoostingRegressor(
        loss="gamma",
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=30,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1):
        learner.fit(matrix, off)
    trees = [tree_of_histogram_boosting(stage[0].nodes) for stage in learner._predictors]  # noqa: SLF001
    base = float(np.ravel(learner._baseline_prediction)[0])  # noqa: SLF001
    return learner, TreeEnsemble.of(trees, base)
