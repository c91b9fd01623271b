"""A trainer that learns one number."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import ComparableSales, Extras, ModelTrainer, SpreadModel, ValuationModel
from domain.errors import UnknownRecipe
from domain.model_version import Agreement, FeatureSchema
from domain.property import PROPERTY_FIELDS, Property, normalised
from domain.sale import Sale
from tests.fakes.models import ConstantPricePerArea, EvenSpread, KnownSales

if TYPE_CHECKING:
    import pandas as pd

SMALLEST_SPREAD = 1e-6
RECIPES = ("notebook", "forest", "boosted")


class InMemoryModelTrainer(ModelTrainer):
    """Learns the median price per m2 of usable area, whatever the recipe."""

    def recipes(self) -> tuple[str, ...]:
        return RECIPES

    def fit(self, sales: "pd.DataFrame", recipe: str, extras: Extras, seed: int) -> ValuationModel:
        _known(recipe)
        area = sales["net_usable_area"].to_numpy(dtype=np.float64)
        price = sales["price"].to_numpy(dtype=np.float64)
        schema = FeatureSchema(
            numeric=extras.numeric,
            categorical=extras.categorical,
            types=tuple(sorted({normalised(text) for text in sales["type"]})),
            sectors=tuple(sorted({normalised(text) for text in sales["sector"]})),
        )
        return ConstantPricePerArea(float(np.median(price / area)), schema)

    def fit_to_publish(
        self, sales: "pd.DataFrame", unseen: "pd.DataFrame", recipe: str, extras: Extras, seed: int
    ) -> tuple[ValuationModel, Agreement]:
        return self.fit(sales, recipe, extras, seed), Agreement(len(sales) + len(unseen), 0.0)

    def follows_time(self, recipe: str) -> bool:
        return _known(recipe) != "notebook"

    def fit_spread(
        self,
        sales: "pd.DataFrame",
        log_errors: NDArray[np.float64],
        values: NDArray[np.float64],
        features: FeatureSchema,
        seed: int,
    ) -> SpreadModel:
        return EvenSpread(max(float(np.abs(log_errors).mean()), SMALLEST_SPREAD))

    def comparables(self, sales: "pd.DataFrame", features: FeatureSchema) -> ComparableSales:
        return KnownSales(tuple(_sale(place, row) for place, row in enumerate(sales.to_dict("records"))))

    def libraries(self) -> Mapping[str, str]:
        return {"numpy": np.__version__}


def _known(recipe: str) -> str:
    if recipe not in RECIPES:
        raise UnknownRecipe(f"There is no recipe '{recipe}': choose from {', '.join(RECIPES)}.")
    return recipe


def _sale(place: int, row: dict[Hashable, Any]) -> tuple[str, Sale]:
    home = Property(*(row[name] for name in PROPERTY_FIELDS))
    id_, day = row.get("id"), row.get("sold_on")
    sold_on = None if day is None or str(day) == "NaT" else day.date()
    return str(id_) if isinstance(id_, str | int) else f"row {place}", Sale(home, row["price"], sold_on)
