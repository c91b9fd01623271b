"""How accurate the recipes are: 5-fold cross-validation of each on a table of sales, with what the columns bring.

python benchmarks/accuracy.py [FILE.csv ...]      (default: the bundled sales)
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from adapters.data_sources.csv_file import CsvDataSource
from adapters.valuation_models.boosted import BoostedRecipe
from adapters.valuation_models.recipes import Recipe
from adapters.valuation_models.trainer import RECIPES
from application.sales.layout import SalesLayout
from application.sales.table import PRICE, check_sales
from application.split_sales import fold_numbers
from domain.model_version import FeatureSchema
from domain.ratio_study import error_metrics

FOLDS = 5
SEED = 0
BUNDLED = Path(__file__).parent.parent / "data" / "ames_sales.csv"
CANDIDATES: dict[str, Recipe] = {
    **RECIPES,
    "boosted, no ratios of areas and counts": BoostedRecipe(ratios=False),
    "boosted, no turned coordinates": BoostedRecipe(turned_coordinates=False),
    "boosted, type and sector each for itself": BoostedRecipe(combinations=False),
    "boosted, no neighbourhood": BoostedRecipe(neighbourhood=False),
    "boosted, no random trees": BoostedRecipe(random_trees=False),
    "boosted, no boosted trees": BoostedRecipe(boosting=False),
}


def cross_validated(recipe: Recipe, sales: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Out-of-fold values of checked sales, shape (n,), and the mean seconds of a fit."""
    features = FeatureSchema((), (), tuple(sales["type"].unique()), tuple(sales["sector"].unique()))
    values, folds = np.empty(len(sales)), fold_numbers(sales, FOLDS, SEED)
    started = time.perf_counter()
    for fold in range(FOLDS):
        model = recipe.fit(sales[folds != fold].reset_index(drop=True), features, SEED).model
        values[folds == fold] = model.value_table(sales[folds == fold])
    return values, (time.perf_counter() - started) / FOLDS


def main(files: list[str]) -> None:
    """Prints a table for each file."""
    for file in files or [str(BUNDLED)]:
        sales = check_sales(CsvDataSource(Path(file), None).sales(), SalesLayout()).usable
        table = Table("recipe", "MAE", "RMSE", "MdAPE", "MAPE", "PE10", "fit, s", title=f"{file}: {len(sales)} sales")
        for name, recipe in CANDIDATES.items():
            values, seconds = cross_validated(recipe, sales)
            errors = error_metrics(values, sales[PRICE])
            figures = (f"{errors.mae:,.0f}", f"{errors.rmse:,.0f}", f"{errors.mdape:.2%}", f"{errors.mape:.2%}")
            table.add_row(name, *figures, f"{errors.pe10:.1%}", f"{seconds:.1f}")
        Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
