"""A fitted model in the form that is stored and served: encodings and trees as plain arrays.

It needs numpy and nothing of scikit-learn, pandas or category-encoders, neither to load nor to value.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import MISSING_CATEGORY, Columns, Table, Vector, matrix_of
from adapters.valuation_models.trees import TreeEnsemble
from application.ports.model_trainer import ValuationModel
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised

if TYPE_CHECKING:
    import pandas as pd


class CompiledModel(ValuationModel):
    """Columns, trees, and whether the trees speak of the logarithm of the price (`log_price`)."""

    def __init__(
        self, features: FeatureSchema, columns: Sequence[Columns], trees: TreeEnsemble, *, log_price: bool
    ) -> None:
        self._features = features
        self._columns = tuple(columns)
        self._trees = trees
        self.log_price = log_price

    @property
    def features(self) -> FeatureSchema:
        """What it values from."""
        return self._features

    def value(self, properties: Sequence[Property]) -> Vector:
        """The values of n homes, shape (n,)."""
        table: dict[str, NDArray[Any]] = {
            name: np.array([normalised(getattr(home, name)) for home in properties], dtype=object)
            for name in TEXT_FIELDS
        }
        for name in NUMBER_FIELDS:
            table[name] = np.array([getattr(home, name) for home in properties], dtype=np.float64)
        for name in self._features.numeric:
            table[name] = np.array([_number(home.extras.get(name)) for home in properties], dtype=np.float64)
        for name in self._features.categorical:
            table[name] = np.array([_category(home.extras.get(name)) for home in properties], dtype=object)
        return self._value(table, len(properties))

    def value_table(self, properties: "pd.DataFrame") -> Vector:
        """The values of n rows of checked properties, shape (n,)."""
        return self._value(table_of(properties, self._features), len(properties))

    def _value(self, table: Table, count: int) -> Vector:
        with np.errstate(all="ignore"):  # absurd numbers overflow to infinity, which trees order like any other
            figure = self._trees.predict(matrix_of(self._columns, table, count))
            return np.exp(figure) if self.log_price else figure


def table_of(frame: "pd.DataFrame", features: FeatureSchema) -> dict[str, NDArray[Any]]:
    """The columns of a checked sales table as arrays; a missing category is MISSING_CATEGORY."""
    table: dict[str, NDArray[Any]] = {}
    for name in (*TEXT_FIELDS, *features.categorical):
        table[name] = frame[name].astype(object).fillna(MISSING_CATEGORY).to_numpy(dtype=object)
    for name in (*NUMBER_FIELDS, *features.numeric):
        table[name] = frame[name].to_numpy(dtype=np.float64)
    return table


def _number(extra: float | str | None) -> float:
    return np.nan if extra is None else float(extra)


def _category(extra: float | str | None) -> str:
    return MISSING_CATEGORY if extra is None else normalised(str(extra))
