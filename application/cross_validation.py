"""How far prices fall from the values of models that had not seen them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.calibrate_uncertainty import calibrate, out_of_time_allowance
from application.equity_calibration import calibrated
from application.fit_market_index import fit_market_index, log_levels_of_table
from application.ports.model_trainer import ALL_EXTRAS, UNSEEN_CATEGORY, Extras, ModelTrainer
from application.ports.workforce import Workforce
from application.sales.table import PRICE
from application.split_sales import Origin, fold_numbers, rolling_origins
from application.working_alone import ALONE
from domain.equity import EquityCalibration
from domain.market_index import NO_INDEX, MarketIndex
from domain.model_version import FeatureSchema
from domain.property import TEXT_FIELDS
from domain.ratio_study import Vector
from domain.uncertainty import ErrorDistribution

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5
ORIGINS = 2
LATE_SHARE = 0.3
_ROUNDING = 1e-9

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the models of one training are fitted."""

    trainer: ModelTrainer
    recipe: str
    extras: Extras
    seed: int

    def index(self, sales: "pd.DataFrame") -> MarketIndex:
        """The market index of `sales`, flat for a recipe that does not follow it."""
        return fit_market_index(sales) if self.trainer.follows_time(self.recipe) else NO_INDEX


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Of each sale: its value and its price, both at the reference day of the index, shape (n,).

    Each value is of a model that was fitted to the other folds. unknown: by how much absolute log errors grew on
    average where a field was hidden from the models, at least 1; under ALL_EXTRAS, where all further features were.
    """

    values: Vector
    prices: Vector
    unknown: Mapping[str, float]


def at_reference(sales: "pd.DataFrame", index: MarketIndex) -> "pd.DataFrame":
    """The same sales at the prices that they would have fetched on the reference day of the index."""
    if not index.is_dated:
        return sales
    return sales.assign(**{PRICE: sales[PRICE].to_numpy() * np.exp(-log_levels_of_table(index, sales))})


@dataclass(frozen=True, slots=True)
class _Folds:
    """What the work on each fold begins with. fold_of: the number of each sale's fold, shape (n,)."""

    way: Way
    sales: "pd.DataFrame"
    fold_of: NDArray[np.int64]

    def occupied(self) -> list[int]:
        return [fold for fold in range(FOLDS) if (self.fold_of == fold).any()]


def cross_validate(
    way: Way, sales: "pd.DataFrame", index: MarketIndex, progress: Progress, workforce: Workforce = ALONE
) -> OutOfFold:
    """Values each sale by a model fitted to the other folds.

    The index is that of all `sales`: it is a line of a few bends through all of them, and knows no sale by itself.
    """
    folds = _Folds(way, at_reference(sales, index), fold_numbers(sales, FOLDS, way.seed))
    prices = folds.sales[PRICE].to_numpy(dtype=np.float64)
    values = np.empty(len(sales))
    hidden: dict[str, Vector] = {}
    # What another process found bears copies of the names: a stored model, pickled, would tell them from ours.
    own = {name: name for name in (*TEXT_FIELDS, *way.extras.numeric, *way.extras.categorical, ALL_EXTRAS)}
    progress("cross-validating", 0, FOLDS)
    occupied = folds.occupied()
    for fold, (known, blind) in zip(occupied, workforce.map(_value_fold, folds, occupied), strict=True):
        outside = folds.fold_of == fold
        values[outside] = known
        for label, figures in blind.items():
            hidden.setdefault(own.get(label, label), np.empty(len(sales)))[outside] = figures
        progress("cross-validating", fold + 1, FOLDS)
    off = float(np.abs(np.log(prices / values)).mean())
    unknown = {
        name: max(float(np.abs(np.log(prices / blind)).mean()) / off, 1.0) if off > _ROUNDING else 1.0
        for name, blind in hidden.items()
    }
    return OutOfFold(values, prices, unknown)


def _value_fold(folds: _Folds, fold: int) -> tuple[Vector, dict[str, Vector]]:
    """The values of a fold's sales, and by the field that was hidden what they are without it."""
    way, known = folds.way, folds.sales[folds.fold_of != fold].reset_index(drop=True)
    outside = folds.sales[folds.fold_of == fold]
    model = way.trainer.fit(known, way.recipe, way.extras, way.seed)
    extras = (*model.features.numeric, *model.features.categorical)
    single: dict[str, tuple[str, ...]] = {name: (name,) for name in (*TEXT_FIELDS, *extras)}
    hidden = {
        label: model.value_table(outside.assign(**{name: _nothing(name, model.features) for name in names}))
        for label, names in {**single, ALL_EXTRAS: extras}.items()
        if names
    }
    return model.value_table(outside), hidden


def _nothing(name: str, features: FeatureSchema) -> float | str | None:
    if name in features.numeric:
        return np.nan
    return UNSEEN_CATEGORY if name in TEXT_FIELDS else None


@dataclass(frozen=True, slots=True)
class _Errors:
    """What the work on the errors of each fold begins with; errors and values as `ModelTrainer.fit_spread` has them."""

    folds: _Folds
    errors: Vector
    values: Vector
    features: FeatureSchema


def learn_errors(
    way: Way,
    sales: "pd.DataFrame",
    found: OutOfFold,
    equity: EquityCalibration | None,
    features: FeatureSchema,
    allowance: float,
    workforce: Workforce = ALONE,
) -> ErrorDistribution:
    """How far prices fall from values that go through `equity`, relative to what was to be expected of each home."""
    values = calibrated(found.values, equity) if equity else found.values
    errors = np.log(found.prices / values)
    spreads = np.empty(len(sales))
    folds = _Folds(way, sales, fold_numbers(sales, FOLDS, way.seed + 1))
    occupied = folds.occupied()
    material = _Errors(folds, errors, values, features)
    for fold, expected in zip(occupied, workforce.map(_expect_errors, material, occupied), strict=True):
        spreads[folds.fold_of == fold] = expected
    return calibrate(errors, spreads, values, allowance)


def _expect_errors(given: _Errors, fold: int) -> Vector:
    """The errors to be expected of a fold's sales by what the others show."""
    inside, outside = given.folds.fold_of != fold, given.folds.fold_of == fold
    sales, way = given.folds.sales, given.folds.way
    learned = way.trainer.fit_spread(
        sales[inside].reset_index(drop=True), given.errors[inside], given.values[inside], given.features, way.seed
    )
    return learned.spreads_table(sales[outside], given.values[outside])


@dataclass(frozen=True, slots=True)
class _Origins:
    """What the work on each day to look back from begins with."""

    way: Way
    sales: "pd.DataFrame"
    origins: Sequence[Origin]


def look_back(
    way: Way, sales: "pd.DataFrame", found: OutOfFold, progress: Progress, workforce: Workforce = ALONE
) -> float:
    """The factor, at least 1, by which errors grow where later sales are valued by what was known before them.

    Models and market indexes are fitted to the sales before each of a few days, and held against the sales after it.
    """
    origins = [each for each in rolling_origins(sales, ORIGINS, LATE_SHARE) if each.train.sum() >= FOLDS]
    later: list[Vector] = []
    crossed: list[Vector] = []
    progress("looking back", 0, len(origins))
    errors = workforce.map(_later_errors, _Origins(way, sales, origins), range(len(origins)))
    for number, (origin, each) in enumerate(zip(origins, errors, strict=True), start=1):
        later.append(each)
        crossed.append(np.log(found.prices / found.values)[origin.test])
        progress("looking back", number, len(origins))
    if not later:
        return 1.0
    return out_of_time_allowance(np.concatenate(later), np.concatenate(crossed))


def _later_errors(given: _Origins, number: int) -> Vector:
    """The log errors of the sales after a day, by a model of those before it."""
    way, origin = given.way, given.origins[number]
    past, future = given.sales[origin.train].reset_index(drop=True), given.sales[origin.test]
    index = way.index(past)
    model = way.trainer.fit(at_reference(past, index), way.recipe, way.extras, way.seed)
    values = model.value_table(future) * np.exp(log_levels_of_table(index, future))
    errors: Vector = np.log(future[PRICE].to_numpy(dtype=np.float64) / values)
    return errors
