"""All the figures of an evaluation's report; what it looks like is left to whoever shows it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from application.appraisal import appraise_table
from application.calibrate_uncertainty import FEWEST_FOR_DECILES, interval_table
from application.compare_versions import CompareVersions, Comparison
from application.cross_validation import Progress
from application.evaluate_model import Evaluation
from application.fit_market_index import log_levels_of_table
from application.judge_model import labels_of
from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from application.sales.table import ID, PRICE, SOLD_ON
from domain.ratio_groups import FEWEST_SALES, ratio_studies_by
from domain.ratio_study import RatioStudy, Vector
from domain.uncertainty import ConfidenceLevel, confidence_level, confidence_score

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
MOST_POINTS = 3_000
MOST_GROUPS = 12
WORST = 20


@dataclass(frozen=True, slots=True)
class RatioGroup:
    """The ratios of value to price of one part of the market: quartiles, and the study with its intervals.

    low, high: the range that the group spans, of what it was formed by; None where it was formed by a name.
    """

    label: str
    quartiles: tuple[float, float, float]
    study: RatioStudy
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Grouping:
    """`shown` groups have 20 sales each at least; too_few: groups and sales with fewer; beyond: smaller ones left out.

    Both are (groups, sales).
    """

    shown: tuple[RatioGroup, ...]
    too_few: tuple[int, int]
    beyond: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class LevelStudy:
    """What intervals at `level` held of the prices, and how wide they are relative to the value."""

    level: float
    coverage: float
    mean_width: float
    median_width: float


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
        errors = trained.errors
        return Report(
            evaluation=evaluation,
            written_at=self.clock.now(),
            by_decile=_by_amount(values, prices, labels["decile"], values, seed),
            by_type=_by_name(values, prices, labels["type"], seed),
            by_sector=_by_name(values, prices, labels["sector"], seed),
            by_area=_by_amount(values, prices, labels["area_band"], areas, seed),
            levels=_levels(trained, evaluation, prices),
            deciles=_deciles(evaluation, prices),
            points=_points(sales, values, prices, seed),
            worst=_worst(evaluation, prices),
            index=_index(evaluation),
            comparison=comparison,
            allowance=errors.allowance,
            highest_level=min(errors.highest_level(band.up_to) for band in errors.bands),
        )


def _by_amount(values: Vector, prices: Vector, labels: Sequence[str], amounts: Vector, seed: int) -> Grouping:
    """Groups of ascending amounts, told by what they span."""
    return _grouping(values, prices, labels, seed, sorted(set(labels)), amounts)


def _by_name(values: Vector, prices: Vector, labels: Sequence[str], seed: int) -> Grouping:
    """The groups with the most sales, the largest first."""
    counts = Counter(labels)
    return _grouping(values, prices, labels, seed, sorted(counts, key=lambda name: (-counts[name], name)), None)


def _grouping(
    values: Vector, prices: Vector, labels: Sequence[str], seed: int, order: Sequence[str], amounts: Vector | None
) -> Grouping:
    counts = Counter(labels)
    enough = [label for label in order if counts[label] >= FEWEST_SALES]
    chosen, beyond = enough[:MOST_GROUPS], enough[MOST_GROUPS:]
    few = [label for label in order if counts[label] < FEWEST_SALES]
    place = {label: number for number, label in enumerate(chosen)}
    group = np.array([place.get(label, -1) for label in labels])
    # Studied by number: labels are the source's own words, and two may be one to an array of text.
    members = group >= 0
    studies = {}
    if members.any():
        numbers = [f"{number:03d}" for number in group[members]]
        studies = dict(ratio_studies_by(values[members], prices[members], numbers, seed=seed).studies)
    shown = []
    for label, number in place.items():
        at = group == number
        low, middle, high = np.quantile(values[at] / prices[at], (0.25, 0.5, 0.75)).tolist()
        ends = (None, None) if amounts is None else (float(amounts[at].min()), float(amounts[at].max()))
        shown.append(RatioGroup(label, (low, middle, high), studies[f"{number:03d}"], *ends))
    return Grouping(
        tuple(shown),
        (len(few), sum(counts[label] for label in few)),
        (len(beyond), sum(counts[label] for label in beyond)),
    )


def _levels(trained: TrainedModel, evaluation: Evaluation, prices: Vector) -> tuple[LevelStudy, ...]:
    own = evaluation.version.card.interval.level
    return tuple(
        _level_study(level, *_interval(trained, evaluation, level), evaluation.appraised.values, prices)
        for level in sorted({*LEVELS, own})
    )


def _interval(trained: TrainedModel, evaluation: Evaluation, level: float) -> tuple[Vector, Vector]:
    """The ends at another level than the one that was appraised at; each FSD tells the spread that they rest on."""
    said, errors = evaluation.appraised, trained.errors
    if level == evaluation.version.card.interval.level:
        return said.low, said.high
    per_spread = errors.fsd_factor * errors.allowance
    if per_spread == 0:
        again = appraise_table(trained, evaluation.sales, level)
        return again.low, again.high
    moved = np.exp(log_levels_of_table(trained.index, evaluation.sales))
    low, high = interval_table(errors, said.values / moved, said.fsd / per_spread, level)
    return low * moved, high * moved


def _level_study(level: float, low: Vector, high: Vector, values: Vector, prices: Vector) -> LevelStudy:
    width = (high - low) / values
    held = (low <= prices) & (prices <= high)
    return LevelStudy(level, float(held.mean()), float(width.mean()), float(np.median(width)))


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
    chosen: NDArray[np.intp] = np.arange(len(sales))
    if len(sales) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(sales), MOST_POINTS, replace=False))
    rows = sales.iloc[chosen]
    places = zip(rows["latitude"].tolist(), rows["longitude"].tolist(), strict=True)
    return tuple(
        Point(_name_of(sales, int(row)), latitude, longitude, float(values[row]), float(prices[row]))
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
    farthest = np.argsort(-np.abs(np.log(said.values / prices)), kind="stable")[:WORST]
    found = []
    for row in farthest.tolist():
        sale: dict[Any, Any] = sales.iloc[row].to_dict()
        fsd = float(said.fsd[row])
        found.append(
            FarOff(
                label=_name_of(sales, row),
                facts={name: sale[name] for name in fields if _is_known(sale.get(name))},
                sold_on=sale[SOLD_ON].date() if _is_known(sale.get(SOLD_ON)) else None,
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


def _name_of(sales: "pd.DataFrame", row: int) -> str:
    """The sale's own id; without one, its place in the order that checked sales have."""
    own = sales[ID].iloc[row] if ID in sales else None
    return str(own) if _is_known(own) else f"sale {row + 1}"


def _is_known(cell: object) -> bool:
    return cell is not None and cell == cell  # noqa: PLR0124 (NaN and NaT)


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
