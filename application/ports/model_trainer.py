"""What learns from sales, and what values homes afterwards."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.model_version import FeatureSchema
from domain.property import Property
from domain.valuation import ErrorDistribution

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Extras:
    """The names of the further features, as `data_source.extra` gives them."""

    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()


class ValuationModel(Protocol):
    """Values homes. The same home gets the same value to the last digit, alone or among others."""

    @property
    @abstractmethod
    def features(self) -> FeatureSchema:
        """What it values from."""

    @abstractmethod
    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        """The values of n homes, shape (n,), in the currency of the sales, positive and finite."""

    @abstractmethod
    def value_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        """The values of n rows of checked properties (the columns of `PROPERTY_FIELDS` and the extras), shape (n,)."""


class ModelTrainer(Protocol):
    """Learns a ValuationModel by a named recipe."""

    @abstractmethod
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes."""

    @abstractmethod
    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        """A model of the prices of `sales`, checked, with at least two rows; their column `price` is the target only.

        The same sales, recipe, extras and seed give the same model. Raises UnknownRecipe, ModelDisagreement.
        """

    @abstractmethod
    def libraries(self) -> Mapping[str, str]:
        """The libraries that decide the figures, with their versions."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What is stored of a training: the model, and how far prices fell from its out-of-fold values."""

    model: ValuationModel
    errors: ErrorDistribution
