"""A trainer that learns one number."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from application.ports.model_trainer import Extras, ModelTrainer, ValuationModel
from domain.errors import UnknownRecipe
from domain.model_version import FeatureSchema
from domain.property import normalised
from tests.fakes.models import ConstantPricePerArea

if TYPE_CHECKING:
    import pandas as pd

RECIPES = ("notebook", "forest", "boosted")


class InMemoryModelTrainer(ModelTrainer):
    """Learns the median price per m2 of usable area, whatever the recipe."""

    def recipes(self) -> tuple[str, ...]:
        return RECIPES

    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        if recipe not in RECIPES:
            raise UnknownRecipe(f"There is no recipe '{recipe}': choose from {', '.join(RECIPES)}.")
        area = sales["net_usable_area"].to_numpy(dtype=np.float64)
        price = sales["price"].to_numpy(dtype=np.float64)
        schema = FeatureSchema(
            numeric=extras.numeric,
            categorical=extras.categorical,
            types=tuple(sorted({normalised(text) for text in sales["type"]})),
            sectors=tuple(sorted({normalised(text) for text in sales["sector"]})),
        )
        return ConstantPricePerArea(float(np.median(price / area)), schema)

    def libraries(self) -> Mapping[str, str]:
        return {"numpy": np.__version__}
