"""All the figures of an evaluation's report; what it looks like is left to whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from application.calibrate_uncertainty import FEWEST_FOR_DECILES
from application.compare_versions import CompareVersions, Comparison
from application.cross_validation import Progress
from application.evaluate_model import Evaluation
from application.group_ratios import Grouping, by_amount, by_name
from application.judge_model import labels_of
from application.pick_sales import drawn, farthest_off, is_known, name_of
from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from application.sales.table import PRICE, SOLD_ON
from application.study_levels import study_levels
from domain.holdout_picture import LevelStudy
from domain.ratio_study import Vector
from domain.uncertainty import ConfidenceLevel, confidence_level, confidence_score

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 3_000


@dataclass(frozen=True, slots=True)
class WidthOfDecile:
    """A tenth of the sales in the order of their values: the median width of its intervals, relative to the value."""

    coverage: float
    median_width: float


@dataclass(frozen=True, slots=True)
class Point:
    """One sale: where, for how much, and what it was valued at."""

    label: str
    latitude: float
    longitude: float
    value: float
    price: float


@dataclass(frozen=True, slots=True)
class FarOff:
    """A sale whose value was far from its price; `facts` are of the home, by field."""

    label: str
    facts: Mapping[str, str | float]
    sold_on: date | None
    value: float
    price: float
    low: float
    high: float
    fsd: float
    confidence: ConfidenceLevel
    refused: str


@dataclass(frozen=True, slots=True)
class IndexLine:
    """The price level of a group of sectors by month, 1 on the reference day; carried_on: at the end of the drift."""

    group: str
    levels: tuple[float, ...]
    carried_on: float


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation with all that is told of it.

    points: at most 3,000 of the sales, drawn at random by the model's seed. allowance, highest_level: of the
    version's error distribution, the level that every band of value has errors enough for.
    """

    evaluation: Evaluation
    written_at: datetime
    by_decile: Grouping
    by_type: Grouping
    by_sector: Grouping
    by_area: Grouping
    levels: tuple[LevelStudy, ...]
    deciles: tuple[WidthOfDecile, ...]
    points: tuple[Point, ...]
    worst: tuple[FarOff, ...]
    index: tuple[IndexLine, ...]
    comparison: Comparison
    allowance: float
    highest_level: float


@dataclass(frozen=True, slots=True)
class BuildReport:
    """Studies an evaluation in every direction that a reader of its report asks about."""

    models: ModelRepository
    compare: CompareVersions
    clock: Clock

    def __call__(self, evaluation: Evaluation, progress: Progress) -> Report:
        """The report of an evaluation. Raises ModelNotFound, ModelRefused, ModelStoreUnavailable."""
        trained = self.models.load(evaluation.version.version)
        comparison = self.compare(evaluation, progress)
        sales, values, seed = evaluation.sales, evaluation.appraised.values, evaluation.version.card.seed
        prices = sales[PRICE].to_numpy(dtype=np.float64)
        areas = sales["net_usable_area"].to_numpy(dtype=np.float64)
        labels = labels_of(values, sales)
        errors, spellings = trained.errors, evaluation.spellings
        return Report(
            evaluation=evaluation,
            written_at=self.clock.now(),
            by_decile=by_amount(values, prices, labels["decile"], values, seed),
            by_type=by_name(values, prices, labels["type"], seed).spelled("type", spellings),
            by_sector=by_name(values, prices, labels["sector"], seed).spelled("sector", spellings),
            by_area=by_amount(values, prices, labels["area_band"], areas, seed),
            levels=study_levels(trained, sales, evaluation.appraised, evaluation.version.card.interval.level),
            deciles=_deciles(evaluation, prices),
            points=_points(sales, values, prices, seed),
            worst=_worst(evaluation, prices),
            index=_index(evaluation),
            comparison=comparison,
            allowance=errors.allowance,
            highest_level=min(errors.highest_level(band.up_to) for band in errors.bands),
        )


def _deciles(evaluation: Evaluation, prices: Vector) -> tuple[WidthOfDecile, ...]:
    """By tenths of the sales, cheapest first; none where there are too few."""
    said = evaluation.appraised
    if len(prices) < FEWEST_FOR_DECILES:
        return ()
    held = (said.low <= prices) & (prices <= said.high)
    width = (said.high - said.low) / said.values
    return tuple(
        WidthOfDecile(float(held[part].mean()), float(np.median(width[part])))
        for part in np.array_split(np.argsort(said.values, kind="stable"), 10)
    )


def _points(sales: "pd.DataFrame", values: Vector, prices: Vector, seed: int) -> tuple[Point, ...]:
    chosen = drawn(len(sales), MOST_POINTS, seed)
    rows = sales.iloc[chosen]
    places = zip(rows["latitude"].tolist(), rows["longitude"].tolist(), strict=True)
    return tuple(
        Point(name_of(sales, int(row)), latitude, longitude, float(values[row]), float(prices[row]))
        for row, (latitude, longitude) in zip(chosen, places, strict=True)
    )


def _worst(evaluation: Evaluation, prices: Vector) -> tuple[FarOff, ...]:
    """The sales whose value and price are the farthest apart, as a ratio whichever is the larger."""
    sales, said = evaluation.sales, evaluation.appraised
    features = evaluation.version.card.features
    fields = [
        "type", "sector", "net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude",
        *features.numeric, *features.categorical,
    ]  # fmt: skip
    found = []
    for row in farthest_off(said.values, prices):
        sale: dict[Any, Any] = sales.iloc[row].to_dict()
        fsd = float(said.fsd[row])
        found.append(
            FarOff(
                label=name_of(sales, row),
                facts={name: _shown(evaluation, name, sale[name]) for name in fields if is_known(sale.get(name))},
                sold_on=sale[SOLD_ON].date() if is_known(sale.get(SOLD_ON)) else None,
                value=float(said.values[row]),
                price=float(prices[row]),
                low=float(said.low[row]),
                high=float(said.high[row]),
                fsd=fsd,
                confidence=confidence_level(confidence_score(fsd)),
                refused=said.refused[row],
            )
        )
    return tuple(found)


def _shown(evaluation: Evaluation, field: str, cell: str | float) -> str | float:
    return evaluation.spellings.of(field, cell) if isinstance(cell, str) else cell


def _index(evaluation: Evaluation) -> tuple[IndexLine, ...]:
    index = evaluation.version.card.index
    lines = []
    for group, levels in index.log_levels.items():
        member = next((sector for sector, of in index.group_of_sector.items() if of == group), "")
        # Stored levels are relative to no day in particular: the reference day has level 1.
        shift = index.log_level(member, date.min) - levels[0]
        beyond = levels[-1] + shift + index.drift[group] * index.drift_months
        lines.append(IndexLine(group, tuple(float(np.exp(level + shift)) for level in levels), float(np.exp(beyond))))
    return tuple(lines)
