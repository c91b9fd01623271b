"""What learns from sales, and what values homes afterwards."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.comparable import SimilarSale
from domain.equity import EquityCalibration
from domain.market_extent import MarketExtent
from domain.market_index import MarketIndex
from domain.market_reference import MarketReference
from domain.model_version import Agreement, FeatureSchema
from domain.property import Property
from domain.spellings import AS_COMPARED, Spellings
from domain.uncertainty import ErrorDistribution
from domain.valuation import LogEffects

if TYPE_CHECKING:
    import pandas as pd

ALL_EXTRAS = "*"
"""What errors without any further feature stand under in `TrainedModel.unknown`."""
LOCATION = "location"
"""What the effects of latitude and longitude are credited to: neither means anything without the other."""
UNSEEN_CATEGORY = "\0 a category that no source can hold"
"""Tells how a model values a home of a category that it has never seen."""


@dataclass(frozen=True, slots=True)
class Extras:
    """The names of the further features, as `data_source.extra` gives them."""

    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()


class ValuationModel(Protocol):
    """Values homes at the level of the prices that it learned from.

    The same home gets the same value to the last digit, alone or among others.
    """

    @property
    @abstractmethod
    def features(self) -> FeatureSchema:
        """What it values from."""

    @abstractmethod
    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        """The values of n homes, shape (n,), in the currency of the sales, positive and finite."""

    @abstractmethod
    def value_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        """The values of n rows of checked properties (the columns of `PROPERTY_FIELDS` and the extras), shape (n,).

        Columns of text may be categories, which are faster: each distinct text is then looked at once.
        """

    @abstractmethod
    def explain(self, home: Property) -> LogEffects:
        """Exact Shapley values of the model by the fields of the home, LOCATION for its coordinates.

        Absent fields follow the sales that the model learned from. base plus effects is the logarithm of the value.
        """

    @abstractmethod
    def difference(self, home: Property, baseline: Property) -> Mapping[str, float]:
        """What each field brings on the way from `baseline` to `home`: exact Shapley values, by field.

        They add up to the logarithm of the ratio of both values; a field in which both are alike has 0.
        """


class SpreadModel(Protocol):
    """Knows where values are more uncertain than elsewhere."""

    @abstractmethod
    def spreads(self, properties: Sequence[Property], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected absolute error of the logarithm of each value, shape (n,), positive.

        `values` are those that the model gave these homes, at the level of the prices that it learned from.
        """

    @abstractmethod
    def spreads_table(self, properties: "pd.DataFrame", values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same of n rows of checked properties."""


@dataclass(frozen=True, slots=True, eq=False)
class SalesInColumns:
    """n sales field by field, each an array of shape (n,) that must not be written to; in an order of their own.

    numbers: NUMBER_FIELDS and the numeric extras, float64, NaN where one is unknown. codes: TEXT_FIELDS and the
    categorical extras as places in `words`, whose texts are distinct, sorted and normalised; "" is what is unknown.
    prices: as they were paid. days: when they were sold, as ordinals, NaN where that is unknown; None: of all of them.
    """

    numbers: Mapping[str, NDArray[np.float64]]
    codes: Mapping[str, NDArray[np.int32]]
    words: Mapping[str, tuple[str, ...]]
    prices: NDArray[np.float64]
    days: NDArray[np.float64] | None

    def __len__(self) -> int:
        """How many sales there are."""
        return len(self.prices)


class ComparableSales(Protocol):
    """The sales that a model learned from."""

    @abstractmethod
    def similar(self, home: Property, count: int, *, as_of: date | None = None) -> list[SimilarSale]:
        """At most `count` of the sales most like `home`, the most similar first; never a sale of the home itself."""

    @abstractmethod
    def distances_km(self, homes: Sequence[Property]) -> list[tuple[float, float | None]]:
        """For each home the kilometres to the nearest sale, be it of the home itself, and to that of its own sector.

        The latter is None where the sector has no sale.
        """

    @abstractmethod
    def distances_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        """The same of n rows of checked properties, as in `ValuationModel.value_table`: shape (n, 2), NaN for None."""

    @abstractmethod
    def known_homes(self, sales: "pd.DataFrame") -> NDArray[np.bool_]:
        """Whether each row of checked sales is of a home that is among these sales, shape (n,)."""

    @abstractmethod
    def columns(self) -> SalesInColumns:
        """All of the sales, at least one, in the same order each time; nothing is copied for it."""

    @abstractmethod
    def ids_of(self, places: Sequence[int]) -> list[str]:
        """The ids of the sales at these places of the columns, as `SimilarSale.id` has them."""


class ModelTrainer(Protocol):
    """Learns a ValuationModel by a named recipe, and what goes with it."""

    @abstractmethod
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes."""

    @abstractmethod
    def follows_time(self, recipe: str) -> bool:
        """Whether prices are brought to one day by a market index before this recipe learns from them."""

    @abstractmethod
    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        """A model of the prices of `sales`, checked, with at least two rows; their column `price` is the target only.

        The same sales, recipe, extras and seed give the same model. Raises UnknownRecipe.
        """

    @abstractmethod
    def fit_to_publish(
        self, sales: "pd.DataFrame", unseen: "pd.DataFrame", recipe: str, extras: Extras, seed: int
    ) -> tuple[ValuationModel, Agreement]:
        """The same model, once it has been held against what was fitted.

        On sales that it learned from, on all of `unseen`, and on homes made up to part them (categories never seen,
        missing features, numbers that decide, coincident places, extremes). Raises UnknownRecipe, and ModelDisagreement
        where values differ by more than 1e-9 relative.
        """

    @abstractmethod
    def fit_spread(
        self,
        sales: "pd.DataFrame",
        log_errors: NDArray[np.float64],
        values: NDArray[np.float64],
        features: FeatureSchema,
        seed: int,
    ) -> SpreadModel:
        """Where values are off by how much: from out-of-fold log(price / value) and values of `sales`, shape (n,)."""

    @abstractmethod
    def comparables(self, sales: "pd.DataFrame", features: FeatureSchema) -> ComparableSales:
        """The sales that a model learned from, to be searched; their prices as they were paid."""

    @abstractmethod
    def libraries(self) -> Mapping[str, str]:
        """The libraries that decide the figures, with their versions."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What is stored of a training.

    model: values at the reference day of `index`. equity: the calibration that its values go through, if one was asked
    for. spread and errors: how far prices fell from out-of-fold values. unknown: by how much errors grew on average
    where a field was not known to the model (a type or sector never seen, a further feature not given), at least 1, and
    under ALL_EXTRAS where none was given. typical_spread: the mean absolute log error. reference: what the homes looked
    like that it learned from; None of a model that was stored before that was kept. spellings: how its sales write
    names; a model that was stored before that was kept shows them in normalised form.
    """

    model: ValuationModel
    spread: SpreadModel
    errors: ErrorDistribution
    index: MarketIndex
    extent: MarketExtent
    comparables: ComparableSales
    equity: EquityCalibration | None
    unknown: Mapping[str, float]
    typical_spread: float = 0.0
    reference: MarketReference | None = None
    spellings: Spellings = AS_COMPARED

    def __setstate__(self, state: Sequence[Any]) -> None:
        """Takes up what was stored: a field that there was not yet has its default."""
        for place, each in enumerate(fields(self)):
            object.__setattr__(self, each.name, state[place] if place < len(state) else each.default)
