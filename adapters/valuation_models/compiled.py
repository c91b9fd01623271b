"""A fitted model in the form that is stored and served: encodings and trees as plain arrays, valued by the kernel.

It needs numpy and nothing of scikit-learn, pandas or category-encoders, neither to load nor to value.
"""

import math
from collections.abc import Mapping, Sequence
from ctypes import addressof, pointer
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import (
    COORDINATES,
    MISSING_CATEGORY,
    Columns,
    Matrix,
    Vector,
    fields_of,
)
from adapters.valuation_models.explanation import TreeExplainer
from adapters.valuation_models.inputs import Codes, Numbers, as_category, as_number
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address, lent, library
from adapters.valuation_models.matrices import NativeColumns
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

    def effects(self, rows: Matrix, baseline: Vector) -> Matrix:
        """What each column adds on the way from `baseline`, in the shape of `rows`; without a slope it may be NaN."""
        return self._of(rows) - self._of(baseline)

    def _of(self, rows: Matrix) -> Matrix:
        return np.asarray(np.where(self.slopes == 0, 0.0, self.slopes * np.clip(rows, self.lowest, self.highest)))


SAME = 1e-9
"""How far values may be apart, relative, that ought to be the same."""


class CompiledModel(ValuationModel):
    """Columns, trees and perhaps a line; and whether they speak of the logarithm of the price (`log_price`).

    `lowest` is the least value that is ever given: a sum of trees of prices themselves may fall below nothing.

    Only what it was made from is stored; what the kernel needs is made anew. Raises ValueError where the trees or the
    line ask for other columns than there are.
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
        self.log_price = log_price
        self.lowest = lowest
        self._samples: tuple[Numbers, Codes, Vector] | None = None
        self._prepare()

    def _prepare(self) -> None:
        self._matrices = NativeColumns(self._features, self._columns)
        self._explainer = TreeExplainer(self._trees, fields_of(self._columns))
        self._native = kernel.Model(pointer(self._matrices.native), pointer(self._trees.native))
        if self._line:
            arrays = (self._line.slopes, self._line.lowest, self._line.highest)
            if any(array.shape != (self._matrices.width,) for array in arrays):
                raise ValueError(f"The line is not one through {self._matrices.width} columns.")
            self._native.slopes, self._native.lowest, self._native.highest = map(address, arrays)
        self._native_address = addressof(self._native)

    def __getstate__(self) -> dict[str, Any]:
        made = ("_matrices", "_explainer", "_native", "_native_address")
        return {name: value for name, value in vars(self).items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()
        if self._samples:
            numbers, codes, values = self._samples
            if not np.allclose(self._values(numbers, codes), values, rtol=SAME, atol=0):
                raise ValueError(
                    "homes get other values here than where it was trained: the kernel was built otherwise"
                )

    def remember(self, homes: "pd.DataFrame") -> None:
        """Keeps the values of some homes with the model: one that is restored and says otherwise is refused.

        A kernel that was built with other options, or for a processor that computes otherwise, is found out by them.
        """
        numbers, codes = self._matrices.inputs.of_table(table_of(homes, self._features), len(homes))
        self._samples = (numbers, codes, self._values(numbers, codes))

    @property
    def features(self) -> FeatureSchema:
        """What it values from."""
        return self._features

    @property
    def columns(self) -> tuple[Columns, ...]:
        """The columns that the trees see."""
        return self._columns

    @property
    def trees(self) -> TreeEnsemble:
        """The trees."""
        return self._trees

    def value(self, properties: Sequence[Property]) -> Vector:
        """The values of n homes, shape (n,)."""
        return self._values(*self._matrices.inputs.of_homes(properties))

    def value_table(self, properties: "pd.DataFrame") -> Vector:
        """The values of n rows of checked properties, shape (n,)."""
        return self._values(*self._matrices.inputs.of_table(table_of(properties, self._features), len(properties)))

    def explain(self, home: Property) -> LogEffects:
        """Exact Shapley values by field, on the scale of the logarithm."""
        [row] = self._rows([home])
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
        row, other = self._rows([home, baseline])
        changed = changed_fields(home, baseline, self._features)
        effects = self._explainer.steps(row, other, changed)
        if self._line:
            effects = effects + self._explainer.credited(self._line.effects(row, other), changed)
        if not self.log_price:
            start, end = self.value([baseline, home]).tolist()
            effects = _in_logarithms(start, end, effects)
        return self._by_field(effects)

    def _rows(self, homes: Sequence[Property]) -> Matrix:
        return self._matrices.matrix(*self._matrices.inputs.of_homes(homes))

    def _by_field(self, effects: Vector) -> dict[str, float]:
        return dict(zip(self._explainer.fields, effects.tolist(), strict=True))

    def _values(self, numbers: Numbers, codes: Codes) -> Vector:
        values = np.empty(len(numbers))
        self._trees.expect(len(numbers))
        library().model_figures(self._native_address, lent(numbers), lent(codes), len(numbers), lent(values))
        if not self.log_price:
            return np.maximum(values, self.lowest)
        with np.errstate(all="ignore"):
            return np.exp(values)


def table_of(frame: "pd.DataFrame", features: FeatureSchema) -> dict[str, NDArray[Any]]:
    """The columns of a checked sales table as arrays; a missing category is MISSING_CATEGORY."""
    table: dict[str, NDArray[Any]] = {}
    for name in (*TEXT_FIELDS, *features.categorical):
        table[name] = _texts(frame[name])
    for name in (*NUMBER_FIELDS, *features.numeric):
        table[name] = frame[name].to_numpy(dtype=np.float64)
    return table


def _texts(column: "pd.Series[Any]") -> NDArray[np.object_]:
    if column.dtype == "category":
        return np.array([*column.cat.categories, MISSING_CATEGORY], dtype=object)[column.cat.codes.to_numpy()]
    return np.asarray(column.astype(object).fillna(MISSING_CATEGORY).to_numpy(dtype=object))


def changed_fields(home: Property, baseline: Property, features: FeatureSchema) -> set[str]:
    """The fields in which two homes differ as the model sees them, LOCATION for the coordinates."""
    changed = {name for name in TEXT_FIELDS if normalised(getattr(home, name)) != normalised(getattr(baseline, name))}
    for name in NUMBER_FIELDS:
        if getattr(home, name) != getattr(baseline, name):
            changed.add(LOCATION if name in COORDINATES else name)
    for names, as_seen in ((features.numeric, as_number), (features.categorical, as_category)):
        changed |= {
            name for name in names if not _alike(*(as_seen(each.extras.get(name)) for each in (home, baseline)))
        }
    return changed


def _alike(one: object, two: object) -> bool:
    return bool(one == two or (one != one and two != two))  # noqa: PLR0124 (NaN)


def _in_logarithms(start: float, end: float, effects: Vector) -> Vector:
    """Effects that lead from one value to another as effects on its logarithm, in the same proportions."""
    whole = float(effects.sum())
    scale = math.log(end / start) / whole if abs(whole) > 1e-12 * start else 1 / end
    return effects * scale
