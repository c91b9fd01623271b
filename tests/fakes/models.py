"""Small models and their papers, for tests that need some and do not care which."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from application.ports.model_trainer import (
    LOCATION,
    ComparableSales,
    SalesInColumns,
    SpreadModel,
    TrainedModel,
    ValuationModel,
)
from domain.comparable import SimilarSale
from domain.equity import EquityCalibration, EquityFigures
from domain.great_circle import EARTH_RADIUS_KM, great_circle_km
from domain.interval_study import ConfidenceStudy, HitRate, IntervalStudy
from domain.market_extent import GroundCircle, MarketExtent, SeenRange, Spacing
from domain.market_index import ALL_SECTORS, MarketIndex
from domain.model_version import Agreement, FeatureSchema, Gate, ModelCard, TrainingData, Validation
from domain.promotion_gate import GateCheck
from domain.property import NUMBER_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS, Property, normalised
from domain.ratio_study import ErrorMetrics, RatioStudy
from domain.sale import Sale
from domain.uncertainty import ErrorBand, ErrorDistribution
from domain.valuation import LogEffects

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = FeatureSchema(
    numeric=(), categorical=(), types=("casa", "departamento"), sectors=("las condes", "nunoa", "vitacura")
)
_SIZES = ("net_usable_area", "net_area", "n_rooms", "n_bathroom")
METRICS = ErrorMetrics(count=25, rmse=21_000.5, mae=15_000.25, mape=0.085, mdape=0.0625, pe10=0.68, pe20=0.92, r2=0.91)


TRADED = EquityFigures(mae=15_000.25, mdape=0.0625, cod=8.25, prd=1.04, prb=-0.06)
AT_100_M2 = 100.0
"""The home of which `ConstantPricePerArea` thinks where it knows nothing of one."""


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

    def explain(self, home: Property) -> LogEffects:
        effects = {"net_usable_area": math.log(home.net_usable_area / AT_100_M2)}
        return LogEffects(math.log(self.price_per_m2 * AT_100_M2), self._nothing() | effects)

    def difference(self, home: Property, baseline: Property) -> Mapping[str, float]:
        return self._nothing() | {"net_usable_area": math.log(home.net_usable_area / baseline.net_usable_area)}

    def _nothing(self) -> dict[str, float]:
        fields = (*TEXT_FIELDS, *_SIZES, LOCATION, *self.schema.numeric, *self.schema.categorical)
        return dict.fromkeys(fields, 0.0)


@dataclass(frozen=True, slots=True)
class EvenSpread(SpreadModel):
    """Expects the same error of the logarithm of every value."""

    spread: float = 1.0

    def spreads(self, properties: Sequence[Property], values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(properties), self.spread)

    def spreads_table(self, properties: "pd.DataFrame", values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(properties), self.spread)


@dataclass(frozen=True, slots=True)
class KnownSales(ComparableSales):
    """Sales with their ids, searched one by one; the nearer and the closer in usable area, the more alike."""

    sales: tuple[tuple[str, Sale], ...]

    def similar(self, home: Property, count: int, *, as_of: date | None = None) -> list[SimilarSale]:
        others = [
            SimilarSale(id_, sale, 1000 * _kilometres(home, sale.property), _likeness(home, sale.property))
            for id_, sale in self.sales
            if _looks(home) != _looks(sale.property)
        ]
        return sorted(others, key=lambda each: -each.similarity)[:count]

    def distances_km(self, homes: Sequence[Property]) -> list[tuple[float, float | None]]:
        known = [sale.property for _, sale in self.sales]
        places = np.radians([(home.latitude, home.longitude) for home in known])
        sectors = np.array([normalised(home.sector) for home in known])
        found = []
        for home in homes:
            kilometres = _kilometres_to(home, places)
            inside = kilometres[sectors == normalised(home.sector)]
            found.append((float(kilometres.min()), float(inside.min()) if len(inside) else None))
        return found

    def distances_table(self, properties: "pd.DataFrame") -> NDArray[np.float64]:
        homes = [Property(*row) for row in properties[list(PROPERTY_FIELDS)].itertuples(index=False)]
        return np.array(self.distances_km(homes), dtype=np.float64).reshape(len(homes), 2)

    def known_homes(self, sales: "pd.DataFrame") -> NDArray[np.bool_]:
        homes = [Property(*row) for row in sales[list(PROPERTY_FIELDS)].itertuples(index=False)]
        known = {_looks(sale.property) for _, sale in self.sales}
        return np.array([_looks(home) in known for home in homes], dtype=np.bool_)

    def columns(self) -> SalesInColumns:
        sales = [sale for _, sale in self.sales]
        homes = [sale.property for sale in sales]
        extras = {name: [home.extras.get(name) for home in homes] for name in homes[0].extras}
        texts = {name: [normalised(getattr(home, name)) for home in homes] for name in TEXT_FIELDS}
        texts |= {name: [cell or "" for cell in cells] for name, cells in extras.items() if _is_text(cells)}
        numbers = {name: [getattr(home, name) for home in homes] for name in NUMBER_FIELDS}
        numbers |= {name: cells for name, cells in extras.items() if not _is_text(cells)}
        words = {name: tuple(sorted(set(cells))) for name, cells in texts.items()}
        days = [math.nan if sale.sold_on is None else sale.sold_on.toordinal() for sale in sales]
        return SalesInColumns(
            numbers={name: np.array(cells, dtype=np.float64) for name, cells in numbers.items()},
            codes={
                name: np.array([words[name].index(cell) for cell in cells], np.int32) for name, cells in texts.items()
            },
            words=words,
            prices=np.array([sale.price for sale in sales]),
            days=None if np.isnan(days).all() else np.array(days),
        )

    def ids_of(self, places: Sequence[int]) -> list[str]:
        return [self.sales[place][0] for place in places]


def _is_text(cells: Sequence[object]) -> TypeGuard[list[str | None]]:
    return any(isinstance(cell, str) for cell in cells)


def _kilometres_to(home: Property, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The haversine formula, from one home to all places (in radians) at once."""
    latitude, longitude = np.radians([home.latitude, home.longitude])
    north, east = np.sin((places - [latitude, longitude]) / 2).T ** 2
    square = np.minimum(1.0, north + np.cos(latitude) * np.cos(places[:, 0]) * east)
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(square)))


def _kilometres(home: Property, other: Property) -> float:
    return great_circle_km(home.latitude, home.longitude, other.latitude, other.longitude)


def _likeness(home: Property, other: Property) -> float:
    return 1 / (1 + _kilometres(home, other) + abs(math.log(home.net_usable_area / other.net_usable_area)))


def _looks(home: Property) -> tuple[object, ...]:
    """What is alike where two sales are of the same home."""
    numbers = (getattr(home, name) for name in NUMBER_FIELDS)
    return (normalised(home.type), normalised(home.sector), *numbers)


def _a_sale(kind: str, sector: str, area: float, north: float, east: float, price: float, day: date) -> Sale:
    return Sale(Property(kind, sector, area, 1.1 * area, 3.0, 2.0, -33.45 + north, -70.6 + east), price, day)


KNOWN_SALES = KnownSales(
    (
        ("s1", _a_sale("Departamento", "Ñuñoa", 75.0, 0.001, 0.001, 151_000.0, date(2026, 8, 14))),
        ("s2", _a_sale("Departamento", "Ñuñoa", 90.0, -0.002, 0.001, 176_000.0, date(2025, 2, 3))),
        ("s3", _a_sale("Casa", "Ñuñoa", 140.0, 0.003, -0.002, 291_000.0, date(2024, 11, 30))),
        ("s4", _a_sale("Departamento", "Las Condes", 60.0, 0.01, 0.01, 118_500.0, date(2023, 5, 9))),
        ("s5", _a_sale("Casa", "Vitacura", 200.0, 0.02, 0.015, 405_000.0, date(2021, 3, 1))),
        # The home of the HTTP tests itself.
        (
            "s6",
            Sale(Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6), 158_000.0, date(2026, 10, 31)),
        ),
    )
)
EXTENT = MarketExtent(
    ranges={
        "net_usable_area": SeenRange(1.0, 1000.0),
        "net_area": SeenRange(1.0, 5000.0),
        "n_rooms": SeenRange(0.0, 20.0),
        "n_bathroom": SeenRange(0.0, 20.0),
    },
    highest_usable_share=3.0,
    spacing=Spacing(median=0.1, q90=0.5, q99=10.0),
    types=SCHEMA.types,
    sectors={sector: GroundCircle(-33.45, -70.6, 20.0, 1000) for sector in SCHEMA.sectors},
    usual_sector_km=20.0,
    whole=GroundCircle(-33.45, -70.6, 50.0, 1000),
)
"""A market of homes of every size, within about 50 km of the middle of Santiago."""
ANYWHERE = replace(EXTENT, spacing=Spacing(median=1.0, q90=10.0, q99=10_000.0), highest_usable_share=1e9)
"""A market that has homes everywhere and refuses none for its place."""


def a_level_index(log_level: float = 0.0) -> MarketIndex:
    """An index from March 2021 to November 2026 whose level rose by `log_level` from the first month to the last."""
    months = tuple(f"{year}-{month:02}" for year in range(2021, 2027) for month in range(1, 13))[2:71]
    levels = tuple(log_level * place / (len(months) - 1) for place in range(len(months)))
    return MarketIndex(
        reference=date(2026, 11, 30),
        months=months,
        log_levels={ALL_SECTORS: levels},
        drift={ALL_SECTORS: 0.0},
        counts=(10,) * len(months),
    )


def errors_of(log_ratios: Sequence[float], fsd: float = 0.1) -> ErrorDistribution:
    """Errors that are these log ratios of price to value (ascending) under `EvenSpread`."""
    return ErrorDistribution((ErrorBand(math.inf, tuple(log_ratios)),), fsd_factor=fsd)


def a_trained_model(
    price_per_m2: float = 2000.0,
    *,
    log_ratios: Sequence[float] = (-0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2),
    **parts: Any,
) -> TrainedModel:
    """A model that values at `price_per_m2`, whose values fell from prices by `log_ratios` (ascending).

    `parts` are other fields of TrainedModel.
    """
    trained = TrainedModel(
        model=ConstantPricePerArea(price_per_m2),
        spread=EvenSpread(),
        errors=errors_of(log_ratios),
        index=a_level_index(),
        extent=EXTENT,
        comparables=KNOWN_SALES,
        equity=None,
        unknown={},
    )
    return replace(trained, **parts)


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
        interval=IntervalStudy(
            level=0.9,
            coverage=0.92,
            mean_width=0.35,
            by_confidence=(
                ConfidenceStudy("high", 20, 0.8, 0.05, 0.9, 0.7),
                ConfidenceStudy("medium", 5, 0.2, 0.09, 1.0, 0.8),
                ConfidenceStudy("low", 0, 0.0, None, None, None),
            ),
            hit_rates=(HitRate(0.1, 0.6, 0.05), HitRate(0.2, 1.0, 0.0625)),
        ),
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
        index=a_level_index(),
        equity=EquityCalibration(1.05, 160_000.0, 1.01, reached=True, before=TRADED, after=replace(TRADED, prd=1.01)),
        equity_applied=False,
        importance={"net_usable_area": 0.35, "location": 0.2},
        screened=1,
        unknown={"sector": 1.25},
        gate=Gate(
            against="v0",
            passed=True,
            reason="not worse",
            sales=25,
            checks=(GateCheck("MdAPE", "%", 6.25, 6.5, None, -0.25, -0.5, 0.1, 0.9, 0.5, passed=True),),
        ),
        agreement=Agreement(homes=400, furthest=2.5e-15),
    )
    return replace(card, **changes)
