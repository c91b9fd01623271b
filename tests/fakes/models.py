"""Small models and their papers, for tests that need some and do not care which."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import TrainedModel, ValuationModel
from domain.model_version import FeatureSchema, IntervalStudy, ModelCard, TrainingData, Validation
from domain.property import Property
from domain.ratio_study import ErrorMetrics, RatioStudy
from domain.valuation import ErrorDistribution

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = FeatureSchema(
    numeric=(), categorical=(), types=("casa", "departamento"), sectors=("las condes", "nunoa", "vitacura")
)
METRICS = ErrorMetrics(count=25, rmse=21_000.5, mae=15_000.25, mape=0.085, mdape=0.0625, pe10=0.68, pe20=0.92, r2=0.91)


@dataclass(frozen=True, slots=True)
class ConstantPricePerArea(ValuationModel):
    """Values a home at its usable area times one price per m2."""

    price_per_m2: float
    schema: FeatureSchema = SCHEMA

    @property
    def features(self) -> FeatureSchema:
        return self.schema

    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        return np.array([home.net_usable_area for home in properties], dtype=np.float64) * self.price_per_m2

    def value_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        return properties["net_usable_area"].to_numpy(dtype=np.float64) * self.price_per_m2


def a_trained_model(
    price_per_m2: float = 2000.0, *, log_ratios: Sequence[float] = (-0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2)
) -> TrainedModel:
    """A model that values at `price_per_m2`, whose values fell from prices by `log_ratios` (ascending)."""
    return TrainedModel(ConstantPricePerArea(price_per_m2), ErrorDistribution(tuple(log_ratios)))


def a_card(**changes: Any) -> ModelCard:
    """A model card that is whole, with these fields changed."""
    card = ModelCard(
        recipe="boosted",
        trained_at=datetime(2026, 11, 22, 9, 30, 15, 250_000, tzinfo=UTC),
        training_seconds=12.5,
        seed=0,
        currency="USD",
        features=SCHEMA,
        data=TrainingData(
            source="sales.csv",
            read=104,
            used=100,
            quarantined=4,
            quarantined_by_reason={"price is missing": 3, "net_area is not a number": 1},
            sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            first_sale=date(2021, 3, 1),
            last_sale=date(2026, 10, 31),
        ),
        validation=Validation(scheme="random", train=75, test=25, test_fraction=0.25),
        metrics=METRICS,
        cross_validation=replace(METRICS, count=75, mape=0.0975, r2=None),
        ratio_study=RatioStudy(
            count=25,
            median=0.99,
            mean=1.01,
            weighted_mean=0.985,
            cod=8.25,
            prd=1.025,
            prb=-0.02,
            mki=0.98,
            ki=-0.004,
        ),
        interval=IntervalStudy(level=0.9, coverage=0.92, mean_width=0.35),
        libraries={"numpy": np.__version__},
        typical_home={
            "type": "departamento",
            "sector": "nunoa",
            "net_usable_area": 80.0,
            "net_area": 90.0,
            "n_rooms": 3.0,
            "n_bathroom": 2.0,
            "latitude": -33.45,
            "longitude": -70.6,
        },
    )
    return replace(card, **changes)
