"""Learns valuation models by recipe, and lets none out that does not equal the pipeline it came from."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from adapters.valuation_models.recipes import RECIPES, Fitted
from application.ports.model_trainer import Extras, ModelTrainer, ValuationModel
from domain.errors import ModelDisagreement, UnknownRecipe
from domain.model_version import FeatureSchema
from domain.property import TEXT_FIELDS

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-9
_MOST_CHECKED_ROWS = 2_000
_LIBRARIES = ("scikit-learn", "category-encoders", "numpy", "pandas", "joblib")


class RecipeTrainer(ModelTrainer):
    """Fits the recipes of `recipes.py` and compiles them."""

    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes."""
        return tuple(RECIPES)

    def libraries(self) -> Mapping[str, str]:
        """The versions of the libraries that decide the figures."""
        return {name: version(name) for name in _LIBRARIES}

    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        """A compiled model. Raises UnknownRecipe, ModelDisagreement."""
        if recipe not in RECIPES:
            raise UnknownRecipe(f"There is no recipe '{recipe}': choose from {', '.join(RECIPES)}.")
        chosen = RECIPES[recipe]
        features = FeatureSchema(
            numeric=extras.numeric if chosen.takes_extras else (),
            categorical=extras.categorical if chosen.takes_extras else (),
            types=tuple(sorted(sales["type"].unique())),
            sectors=tuple(sorted(sales["sector"].unique())),
        )
        fitted = chosen.fit(sales, features, seed)
        _check_agreement(fitted, sales)
        return fitted.model


def _check_agreement(fitted: Fitted, sales: "pd.DataFrame") -> None:
    """Compares both forms of the model on sales it knows and on the same homes with a type and sector never seen."""
    known = sales.head(_MOST_CHECKED_ROWS)
    unknown = known.assign(**dict.fromkeys(TEXT_FIELDS, "\0 a category that no source can hold"))
    for homes in (known, unknown):
        pipeline, compiled = fitted.predict(homes), fitted.model.value_table(homes)
        furthest = float(np.max(np.abs(compiled - pipeline) / np.abs(pipeline)))
        if not furthest <= TOLERANCE:
            raise ModelDisagreement(
                f"The compiled model differs from the fitted pipeline by up to {furthest:.1e} relative (allowed: "
                f"{TOLERANCE:g}), so it is not stored. This is a fault of Tasador or of a library version: please "
                "report it with the versions of scikit-learn and category-encoders."
            )
