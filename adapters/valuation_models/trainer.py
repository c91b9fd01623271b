"""Learns valuation models by recipe, and lets none out that does not equal the pipeline it came from."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from adapters.valuation_models.boosted import BoostedRecipe
from adapters.valuation_models.comparables import ComparableSales as SearchedSales
from adapters.valuation_models.recipes import Fitted, ForestRecipe, NotebookRecipe, Recipe
from adapters.valuation_models.spread import fit_spread
from application.ports.model_trainer import ComparableSales, Extras, ModelTrainer, SpreadModel, ValuationModel
from domain.errors import ModelDisagreement, UnknownRecipe
from domain.model_version import FeatureSchema
from domain.property import TEXT_FIELDS
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd

RECIPES: Mapping[str, Recipe] = {
    "notebook": NotebookRecipe(),
    "forest": ForestRecipe(),
    "boosted": BoostedRecipe(),
}
TOLERANCE = 1e-9
_MOST_CHECKED_ROWS = 500
_LIBRARIES = ("scikit-learn", "scipy", "category-encoders", "numpy", "pandas", "joblib")


class RecipeTrainer(ModelTrainer):
    """Fits the recipes of `recipes.py` and compiles them."""

    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes."""
        return tuple(RECIPES)

    def libraries(self) -> Mapping[str, str]:
        """The versions of the libraries that decide the figures."""
        return {name: version(name) for name in _LIBRARIES}

    def follows_time(self, recipe: str) -> bool:
        """Whether prices are brought to one day before this recipe learns from them. Raises UnknownRecipe."""
        return _chosen(recipe).follows_time

    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        """A compiled model. Raises UnknownRecipe, ModelDisagreement."""
        chosen = _chosen(recipe)
        features = FeatureSchema(
            numeric=extras.numeric if chosen.takes_extras else (),
            categorical=extras.categorical if chosen.takes_extras else (),
            types=tuple(sorted(sales["type"].unique())),
            sectors=tuple(sorted(sales["sector"].unique())),
        )
        fitted = chosen.fit(sales, features, seed)
        _check_agreement(fitted, sales)
        return fitted.model

    def fit_spread(
        self, sales: "pd.DataFrame", log_errors: Vector, values: Vector, features: FeatureSchema, seed: int
    ) -> SpreadModel:
        """Where values are off by how much."""
        return fit_spread(sales, log_errors, values, features, seed)

    def comparables(self, sales: "pd.DataFrame", features: FeatureSchema) -> ComparableSales:
        """The sales, to be searched."""
        return SearchedSales.of(sales, features)


def _chosen(recipe: str) -> Recipe:
    if recipe not in RECIPES:
        raise UnknownRecipe(f"There is no recipe '{recipe}': choose from {', '.join(RECIPES)}.")
    return RECIPES[recipe]


def _check_agreement(fitted: Fitted, sales: "pd.DataFrame") -> None:
    """Compares both forms of the model on sales it knows and on the same homes with a type and sector never seen."""
    known = sales.head(_MOST_CHECKED_ROWS)
    unknown = known.assign(**dict.fromkeys(TEXT_FIELDS, "\0 a category that no source can hold"))
    for homes in (known, unknown):
        with threadpool_limits(1):  # of few rows, OpenMP's threads only wait for each other
            pipeline = fitted.predict(homes)
        compiled = fitted.model.value_table(homes)
        furthest = float(np.max(np.abs(compiled - pipeline) / np.abs(pipeline)))
        if not furthest <= TOLERANCE:
            raise ModelDisagreement(
                f"The compiled model differs from the fitted pipeline by up to {furthest:.1e} relative (allowed: "
                f"{TOLERANCE:g}), so it is not stored. This is a fault of Tasador or of a library version: please "
                "report it with the versions of scikit-learn and category-encoders."
            )
