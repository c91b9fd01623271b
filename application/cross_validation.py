"""How far prices fall from the values of models that had not seen them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from application.calibrate_uncertainty import calibrate, out_of_time_allowance
from application.equity_calibration import calibrated
from application.fit_market_index import fit_market_index, log_levels_of_table
from application.ports.model_trainer import ALL_EXTRAS, UNSEEN_CATEGORY, Extras, ModelTrainer
from application.sales.table import PRICE
from application.split_sales import fold_numbers, rolling_origins
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


def cross_validate(way: Way, sales: "pd.DataFrame", index: MarketIndex, progress: Progress) -> OutOfFold:
    """Values each sale by a model fitted to the other folds.

    The index is that of all `sales`: it is a line of a few bends through all of them, and knows no sale by itself.
    """
    known = at_reference(sales, index)
    prices = known[PRICE].to_numpy(dtype=np.float64)
    values = np.empty(len(sales))
    hidden: dict[str, Vector] = {}
    fold_of = fold_numbers(sales, FOLDS, way.seed)
    for fold in range(FOLDS):
        progress("cross-validating", fold, FOLDS)
        inside, outside = fold_of != fold, fold_of == fold
        if not outside.any():
            continue
        model = way.trainer.fit(known[inside].reset_index(drop=True), way.recipe, way.extras, way.seed)
        values[outside] = model.value_table(known[outside])
        extras = (*model.features.numeric, *model.features.categorical)
        single: dict[str, tuple[str, ...]] = {name: (name,) for name in (*TEXT_FIELDS, *extras)}
        for label, names in {**single, ALL_EXTRAS: extras}.items():
            if names:
                blind = known[outside].assign(**{name: _nothing(name, model.features) for name in names})
                hidden.setdefault(label, np.empty(len(sales)))[outside] = model.value_table(blind)
    progress("cross-validating", FOLDS, FOLDS)
    off = float(np.abs(np.log(prices / values)).mean())
    unknown = {
        name: max(float(np.abs(np.log(prices / blind)).mean()) / off, 1.0) if off > _ROUNDING else 1.0
        for name, blind in hidden.items()
    }
    return OutOfFold(values, prices, unknown)


def _nothing(name: str, features: FeatureSchema) -> float | str | None:
    if name in features.numeric:
        return np.nan
    return UNSEEN_CATEGORY if name in TEXT_FIELDS else None


def learn_errors(
    way: Way,
    sales: "pd.DataFrame",
    found: OutOfFold,
    equity: EquityCalibration | None,
    features: FeatureSchema,
    allowance: float,
) -> ErrorDistribution:
    """How far prices fall from values that go through `equity`, relative to what was to be expected of each home."""
    values = calibrated(found.values, equity) if equity else found.values
    errors = np.log(found.prices / values)
    spreads = np.empty(len(sales))
    fold_of = fold_numbers(sales, FOLDS, way.seed + 1)
    for fold in range(FOLDS):
        inside, outside = fold_of != fold, fold_of == fold
        if outside.any():
            learned = way.trainer.fit_spread(
                sales[inside].reset_index(drop=True), errors[inside], values[inside], features, way.seed
            )
            spreads[outside] = learned.spreads_table(sales[outside], values[outside])
    return calibrate(errors, spreads, values, allowance)


def look_back(way: Way, sales: "pd.DataFrame", found: OutOfFold, progress: Progress) -> float:
    """The factor, at least 1, by which errors grow where later sales are valued by what was known before them.

    Models and market indexes are fitted to the sales before each of a few days, and held against the sales after it.
    """
    origins = rolling_origins(sales, ORIGINS, LATE_SHARE)
    later: list[Vector] = []
    crossed: list[Vector] = []
    for number, origin in enumerate(origins):
        progress("looking back", number, len(origins))
        past, future = sales[origin.train].reset_index(drop=True), sales[origin.test]
        if len(past) < FOLDS:
            continue
        index = way.index(past)
        model = way.trainer.fit(at_reference(past, index), way.recipe, way.extras, way.seed)
        values = model.value_table(future) * np.exp(log_levels_of_table(index, future))
        later.append(np.log(future[PRICE].to_numpy(dtype=np.float64) / values))
        crossed.append(np.log(found.prices / found.values)[origin.test])
    progress("looking back", len(origins), len(origins))
    if not later:
        return 1.0
    return out_of_time_allowance(np.concatenate(later), np.concatenate(crossed))
