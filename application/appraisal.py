"""Values as of a day, from a trained model: the model's own, calibrated for equity, at the price level of that day."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from application.calibrate_uncertainty import fsd_table, interval_table
from application.equity_calibration import calibrated
from application.fit_market_index import log_levels_of_table
from application.ports.model_trainer import ALL_EXTRAS, TrainedModel
from application.sales.table import SOLD_ON
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
    doubts = doubts_about(trained, list(homes_of(sales, trained.model.features)), _days(sales))
    spreads = np.array([widened(trained, *pair) for pair in zip(spreads.tolist(), doubts, strict=True)])
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
    """What is unusual about a home to a model.

    unknown: the fields that tell the model nothing. unknown_factor: by how much errors are larger for it; None where
    there are none. time_error: the log error that the day of the value adds.
    """

    judgement: MarketJudgement
    unknown: tuple[str, ...]
    unknown_factor: float | None
    time_error: float

    @property
    def limiting_factors(self) -> tuple[str, ...]:
        """Stable slugs of all that makes the value less sure."""
        return (*self.judgement.limiting_factors, *(["beyond_index"] if self.time_error else []))


def doubts_about(trained: TrainedModel, homes: Sequence[Property], days: Sequence[date | None]) -> list[Doubts]:
    """What makes the value of each home as of its day less certain than its place alone says."""
    distances = trained.comparables.distances_km(homes)
    doubts = []
    for home, day, (nearest, in_sector) in zip(homes, days, distances, strict=True):
        unknown = (*unknown_fields(home, trained.model.features), *trained.extent.unseen_categories(home))
        doubts.append(
            Doubts(
                judgement=trained.extent.judge(home, nearest, in_sector),
                unknown=unknown,
                unknown_factor=_unknown_factor(trained, unknown) if unknown else None,
                time_error=trained.index.log_error(day) if day else 0.0,
            )
        )
    return doubts


def _unknown_factor(trained: TrainedModel, unknown: Sequence[str]) -> float:
    """By how much errors grow without these fields.

    Further features stand in for each other, so that errors without all of them are larger than each alone tells: of
    some of them, as large a part of that growth is taken as they are of all.
    """
    extras = [name for name in unknown if name not in TEXT_FIELDS]
    singly = math.prod(trained.unknown.get(name, 1.0) for name in extras)
    features = trained.model.features
    share = len(extras) / max(len(features.numeric) + len(features.categorical), 1)
    jointly = 1 + (trained.unknown.get(ALL_EXTRAS, 1.0) - 1) * share
    others = math.prod(trained.unknown.get(name, 1.0) for name in unknown if name in TEXT_FIELDS)
    return others * max(singly, jointly)


def widened(trained: TrainedModel, spread: float, doubts: Doubts) -> float:
    """The expected log error, grown by what is unknown, by how far the home lies beyond what was seen, and by time.

    A home of which something is unknown is not surer than the usual one, whatever the rest says.
    """
    if doubts.unknown_factor is not None:
        spread = max(spread, trained.typical_spread) * doubts.unknown_factor
    return math.hypot(spread, doubts.judgement.extrapolation, doubts.time_error)


def _days(sales: "pd.DataFrame") -> list[date | None]:
    if SOLD_ON not in sales:
        return [None] * len(sales)
    return [None if day != day else day.date() for day in sales[SOLD_ON]]  # noqa: PLR0124 (NaT)


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
