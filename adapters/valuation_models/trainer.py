"""Learns valuation models by recipe, and lets none out that does not equal the pipeline it came from."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from adapters.valuation_models.agreement import check_agreement
from adapters.valuation_models.boosted import BoostedRecipe
from adapters.valuation_models.comparables import ComparableSales as SearchedSales
from adapters.valuation_models.recipes import Fitted, ForestRecipe, NotebookRecipe, Recipe
from adapters.valuation_models.spread import fit_spread
from application.ports.model_trainer import ComparableSales, Extras, ModelTrainer, SpreadModel, ValuationModel
from domain.errors import UnknownRecipe
from domain.model_version import Agreement, FeatureSchema
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd

RECIPES: Mapping[str, Recipe] = {
    "notebook": NotebookRecipe(),
    "forest": ForestRecipe(),
    "boosted": BoostedRecipe(),
}
_LIBRARIES = ("scikit-learn", "category-encoders", "numpy", "pandas", "joblib")


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
        """A compiled model. Raises UnknownRecipe."""
        return self._fitted(sales, recipe, extras, seed).model

    def fit_to_publish(
        self, sales: "pd.DataFrame", unseen: "pd.DataFrame", recipe: str, extras: Extras, seed: int
    ) -> tuple[ValuationModel, Agreement]:
        """A compiled model, and how closely it follows the pipeline. Raises UnknownRecipe, ModelDisagreement."""
        fitted = self._fitted(sales, recipe, extras, seed)
        return fitted.model, check_agreement(fitted, sales, unseen, seed)

    def _fitted(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> Fitted:
        chosen = _chosen(recipe)
        features = FeatureSchema(
            numeric=extras.numeric if chosen.takes_extras else (),
            categorical=extras.categorical if chosen.takes_extras else (),
            types=tuple(sorted(sales["type"].unique())),
            sectors=tuple(sorted(sales["sector"].unique())),
        )
        return chosen.fit(sales, features, seed)

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
