"""How the recipes would do on the sales that one of them is trained on."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.cross_validation import FOLDS, Progress, Way, at_reference
from application.fit_market_index import log_levels_of_table
from application.ports.workforce import Workforce
from application.sales.table import PRICE
from application.split_sales import fold_numbers
from domain.ratio_study import ErrorMetrics, Vector, error_metrics

if TYPE_CHECKING:
    import pandas as pd

_COMPARING = "comparing the recipes"


def compare_recipes(
    way: Way, sales: "pd.DataFrame", workforce: Workforce, progress: Progress
) -> dict[str, ErrorMetrics]:
    """By recipe the errors of its out-of-fold values, as of the day of each sale; the best (by MAE) first.

    Every recipe has the same folds, those of `cross_validate`; nothing is calibrated afterwards.
    """
    ways = [replace(way, recipe=recipe) for recipe in way.trainer.recipes()]
    fold_of = fold_numbers(sales, FOLDS, way.seed)
    folds = [fold for fold in range(FOLDS) if (fold_of == fold).any()]
    tasks = [(number, fold) for number in range(len(ways)) for fold in folds]
    values = np.empty((len(ways), len(sales)))
    progress(_COMPARING, 0, len(tasks))
    found = workforce.map(_values_of_fold, _Sales(tuple(ways), sales, fold_of), tasks)
    for done, ((number, fold), each) in enumerate(zip(tasks, found, strict=True), start=1):
        values[number, fold_of == fold] = each
        progress(_COMPARING, done, len(tasks))
    prices = sales[PRICE].to_numpy(dtype=np.float64)
    errors = {each.recipe: error_metrics(values[number], prices) for number, each in enumerate(ways)}
    return dict(sorted(errors.items(), key=lambda item: item[1].mae))


@dataclass(frozen=True, slots=True)
class _Sales:
    ways: tuple[Way, ...]
    sales: "pd.DataFrame"
    fold_of: NDArray[np.int64]


def _values_of_fold(given: _Sales, task: tuple[int, int]) -> Vector:
    """The index is that of all sales, as it is in cross-validation."""
    number, fold = task
    way, outside = given.ways[number], given.sales[given.fold_of == fold]
    index = way.index(given.sales)
    inside = at_reference(given.sales, index)[given.fold_of != fold].reset_index(drop=True)
    model = way.trainer.fit(inside, way.recipe, way.extras, way.seed)
    values: Vector = model.value_table(outside) * np.exp(log_levels_of_table(index, outside))
    return values
