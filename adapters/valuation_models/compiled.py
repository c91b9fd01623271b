"""A fitted model in the form that is stored and served: encodings and trees as plain arrays.

It needs numpy and nothing of scikit-learn, pandas or category-encoders, neither to load nor to value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import (
    COORDINATES,
    MISSING_CATEGORY,
    Columns,
    Matrix,
    Table,
    Vector,
    fields_of,
    matrix_of,
)
from adapters.valuation_models.explanation import TreeExplainer
from adapters.valuation_models.trees import TreeEnsemble
from application.ports.model_trainer import LOCATION, ValuationModel
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised
from domain.valuation import LogEffects

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Line:
    """A line through the columns of a matrix: its slopes, and the means of the columns in training; shape (columns,).

    It is level below `lowest` and above `highest`, so that no home, however absurd, gets an infinite value.
    """

    slopes: Vector
    means: Vector
    lowest: Vector
    highest: Vector

    def at(self, matrix: Matrix) -> Vector:
        """What it adds to each row, shape (n,)."""
        # Not by a product of matrices, which may round one row otherwise than the same among others.
        return np.asarray(self._of(matrix).sum(axis=1))

    def effects(self, rows: Matrix, baseline: Vector) -> Matrix:
        """What each column adds on the way from `baseline`, in the shape of `rows`; without a slope it may be NaN."""
        return self._of(rows) - self._of(baseline)

    def _of(self, rows: Matrix) -> Matrix:
        return np.asarray(np.where(self.slopes == 0, 0.0, self.slopes * np.clip(rows, self.lowest, self.highest)))


class CompiledModel(ValuationModel):
    """Columns, trees and perhaps a line; and whether they speak of the logarithm of the price (`log_price`).

    `lowest` is the least value that is ever given: a sum of trees of prices themselves may fall below nothing.
    """

    def __init__(
        self,
        features: FeatureSchema,
        columns: Sequence[Columns],
        trees: TreeEnsemble,
        *,
        log_price: bool,
        line: Line | None = None,
        lowest: float = 0.0,
    ) -> None:
        self._features = features
        self._columns = tuple(columns)
        self._trees = trees
        self._line = line
        self._explainer = TreeExplainer(trees, fields_of(columns))
        self.log_price = log_price
        self.lowest = lowest

    @property
    def features(self) -> FeatureSchema:
        """What it values from."""
        return self._features

    def value(self, properties: Sequence[Property]) -> Vector:
        """The values of n homes, shape (n,)."""
        return self._value(self._matrix(table_of_homes(properties, self._features), len(properties)))

    def value_table(self, properties: "pd.DataFrame") -> Vector:
        """The values of n rows of checked properties, shape (n,)."""
        return self._value(self._matrix(table_of(properties, self._features), len(properties)))

    def explain(self, home: Property) -> LogEffects:
        """Exact Shapley values by field, on the scale of the logarithm."""
        row = self._row(home)
        base, effects = self._explainer.base, self._explainer.contributions(row)
        if self._line:
            base += float((self._line.slopes * self._line.means).sum())
            effects = effects + self._explainer.credited(self._line.effects(row, self._line.means))
        if not self.log_price:
            base, end = (max(figure, self.lowest) for figure in (base, base + float(effects.sum())))
            base, effects = math.log(base), _in_logarithms(base, end, effects)
        return LogEffects(base, self._by_field(effects))

    def difference(self, home: Property, baseline: Property) -> Mapping[str, float]:
        """Exact Shapley values of the way from `baseline` to `home`, on the scale of the logarithm."""
        row, other = self._row(home), self._row(baseline)
        changed = changed_fields(home, baseline, self._features)
        effects = self._explainer.steps(row, other, changed)
        if self._line:
            effects = effects + self._explainer.credited(self._line.effects(row, other), changed)
        if not self.log_price:
            start, end = (float(self._value(each[np.newaxis])[0]) for each in (other, row))
            effects = _in_logarithms(start, end, effects)
        return self._by_field(effects)

    def _row(self, home: Property) -> Vector:
        row: Vector = self._matrix(table_of_homes([home], self._features), 1)[0]
        return row

    def _by_field(self, effects: Vector) -> dict[str, float]:
        return dict(zip(self._explainer.fields, effects.tolist(), strict=True))

    def _matrix(self, table: Table, count: int) -> Matrix:
        with np.errstate(all="ignore"):  # absurd numbers overflow to infinity, which trees order like any other
            return matrix_of(self._columns, table, count)

    def _value(self, matrix: Matrix) -> Vector:
        with np.errstate(all="ignore"):
            figure = self._trees.predict(matrix)
            if self._line:
                figure = figure + self._line.at(matrix)
            return np.exp(figure) if self.log_price else np.maximum(figure, self.lowest)


def table_of(frame: "pd.DataFrame", features: FeatureSchema) -> dict[str, NDArray[Any]]:
    """The columns of a checked sales table as arrays; a missing category is MISSING_CATEGORY."""
    table: dict[str, NDArray[Any]] = {}
    for name in (*TEXT_FIELDS, *features.categorical):
        table[name] = frame[name].astype(object).fillna(MISSING_CATEGORY).to_numpy(dtype=object)
    for name in (*NUMBER_FIELDS, *features.numeric):
        table[name] = frame[name].to_numpy(dtype=np.float64)
    return table


def table_of_homes(homes: Sequence[Property], features: FeatureSchema) -> dict[str, NDArray[Any]]:
    """The same of homes as they are asked about."""
    table: dict[str, NDArray[Any]] = {
        name: np.array([normalised(getattr(home, name)) for home in homes], dtype=object) for name in TEXT_FIELDS
    }
    for name in NUMBER_FIELDS:
        table[name] = np.array([getattr(home, name) for home in homes], dtype=np.float64)
    for name in features.numeric:
        table[name] = np.array([_number(home.extras.get(name)) for home in homes], dtype=np.float64)
    for name in features.categorical:
        table[name] = np.array([_category(home.extras.get(name)) for home in homes], dtype=object)
    return table


def changed_fields(home: Property, baseline: Property, features: FeatureSchema) -> set[str]:
    """The fields in which two homes differ as the model sees them, LOCATION for the coordinates."""
    one, two = (table_of_homes([each], features) for each in (home, baseline))
    return {LOCATION if name in COORDINATES else name for name in one if not _alike(one[name][0], two[name][0])}


def _alike(one: Any, two: Any) -> bool:
    return bool(one == two or (one != one and two != two))  # noqa: PLR0124 (NaN)


def _in_logarithms(start: float, end: float, effects: Vector) -> Vector:
    """Effects that lead from one value to another as effects on its logarithm, in the same proportions."""
    whole = float(effects.sum())
    scale = math.log(end / start) / whole if abs(whole) > 1e-12 * start else 1 / end
    return effects * scale


def _number(extra: float | str | None) -> float:
    return np.nan if extra is None else float(extra)


def _category(extra: float | str | None) -> str:
    return MISSING_CATEGORY if extra is None else normalised(str(extra))
