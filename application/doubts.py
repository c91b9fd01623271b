"""What makes the value of a home less certain than its place alone says, one home at a time."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from application.ports.model_trainer import ALL_EXTRAS, TrainedModel
from domain.market_extent import MarketJudgement
from domain.model_version import FeatureSchema
from domain.property import TEXT_FIELDS, Property, normalised


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
    return list(judged(trained, homes, days, trained.comparables.distances_km(homes)))


def judged(
    trained: TrainedModel,
    homes: Iterable[Property],
    days: Iterable[date | None],
    distances: Iterable[tuple[float, float | None]],
) -> Iterator[Doubts]:
    """The same, where it is known how far the homes are from sales, as `ComparableSales.distances_km` has it."""
    for home, day, (nearest, in_sector) in zip(homes, days, distances, strict=True):
        unknown = (*unknown_fields(home, trained.model.features), *trained.extent.unseen_categories(home))
        yield Doubts(
            judgement=trained.extent.judge(home, nearest, in_sector),
            unknown=unknown,
            unknown_factor=factor_of_unknown(trained, unknown) if unknown else None,
            time_error=trained.index.log_error(day) if day else 0.0,
        )


def factor_of_unknown(trained: TrainedModel, unknown: Sequence[str]) -> float:
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


def unknown_fields(home: Property, features: FeatureSchema) -> list[str]:
    """The fields of a home that tell a model nothing: a type or sector never seen, a further feature not given."""
    unknown = []
    if normalised(home.type) not in features.types:
        unknown.append("type")
    if normalised(home.sector) not in features.sectors:
        unknown.append("sector")
    return unknown + [name for name in (*features.numeric, *features.categorical) if home.extras.get(name) is None]
