"""Values as of a day, from a trained model: the model's own, calibrated for equity, at the price level of that day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from application.calibrate_uncertainty import fsd_table, interval_table
from application.equity_calibration import calibrated
from application.fit_market_index import log_levels_of_table
from application.ports.model_trainer import TrainedModel
from domain.market_extent import MarketJudgement
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Appraised:
    """What a model says of n sales, as of their own days; amounts in the currency, all of shape (n,).

    fsd: the forecast standard deviation, as a share of the value. refused: the reason for which a home would not be
    valued, else an empty text; figures are there all the same.
    """

    values: Vector
    low: Vector
    high: Vector
    fsd: Vector
    refused: tuple[str, ...]


def appraise_table(trained: TrainedModel, sales: "pd.DataFrame", level: float) -> Appraised:
    """Values checked sales, with intervals at `level`."""
    raw = trained.model.value_table(sales)
    reference = calibrated(raw, trained.equity) if trained.equity else raw
    spreads = trained.spread.spreads_table(sales, reference)
    doubts = [doubts_about(trained, home) for home in homes_of(sales, trained.model.features)]
    spreads = np.array([widened(spread, doubt) for spread, doubt in zip(spreads.tolist(), doubts, strict=True)])
    levels = np.exp(log_levels_of_table(trained.index, sales))
    low, high = interval_table(trained.errors, reference, spreads, level)
    return Appraised(
        values=reference * levels,
        low=low * levels,
        high=high * levels,
        fsd=fsd_table(trained.errors, spreads),
        refused=tuple(doubt.judgement.refusal.reason if doubt.judgement.refusal else "" for doubt in doubts),
    )


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is unusual about a home to a model, and by how much errors are larger where its fields are unknown to it."""

    judgement: MarketJudgement
    unknown_factor: float


def doubts_about(trained: TrainedModel, home: Property) -> Doubts:
    """What makes the value of a home less certain than its place alone says."""
    nearest, in_sector = trained.comparables.nearest_km(home), trained.comparables.nearest_in_sector_km(home)
    factor = 1.0
    for name in unknown_fields(home, trained.model.features):
        factor *= trained.unknown.get(name, 1.0)
    return Doubts(trained.extent.judge(home, nearest, in_sector), factor)


def widened(spread: float, doubts: Doubts) -> float:
    """The expected log error, grown by what is unknown, and by how far the home lies beyond what was seen."""
    return float(np.hypot(spread * doubts.unknown_factor, doubts.judgement.extrapolation))


def unknown_fields(home: Property, features: FeatureSchema) -> list[str]:
    """The fields of a home that tell a model nothing: a type or sector never seen, a further feature not given."""
    unknown = []
    if normalised(home.type) not in features.types:
        unknown.append("type")
    if normalised(home.sector) not in features.sectors:
        unknown.append("sector")
    return unknown + [name for name in (*features.numeric, *features.categorical) if home.extras.get(name) is None]


def homes_of(sales: "pd.DataFrame", features: FeatureSchema) -> Iterator[Property]:
    """The homes of checked sales."""
    extras = (*features.numeric, *features.categorical)
    names = [*TEXT_FIELDS, *NUMBER_FIELDS]
    for row in sales[[*names, *extras]].to_dict("records"):
        known: Mapping[str, float | str | None] = {
            name: None if row[name] is None or row[name] != row[name] else row[name] for name in extras
        }
        yield Property(**{name: row[name] for name in names}, extras=known)
