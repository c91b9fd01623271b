"""How figures that were recorded differ from those that are computed anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum

from domain.coordinate_rounding import with_rounded_coordinates
from domain.valuation import Valuation
from domain.valuation_record import ValuationRecord

FIGURES = (
    "currency",
    "valuation_date",
    "value",
    "interval",
    "percentiles",
    "confidence",
    "refusal",
    "warnings",
    "explanation",
    "comparables",
)
"""What a record and a valuation both hold, and what a replay compares."""


class ReplayStatus(StrEnum):
    """What came of a replay. ROUNDED: it differs, as it may of rounded coordinates, though held against as rounded."""

    IDENTICAL = "identical"
    DIFFERS = "differs"
    ROUNDED = "rounded"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure, such as `interval.low`, as it was recorded and as it is now; None where there is none."""

    figure: str
    recorded: object
    now: object


@dataclass(frozen=True, slots=True)
class Replay:
    """A valuation computed anew. differences: in the order of the figures. because: why that was impossible.

    Of a record that cannot be read, its place stands for the id, and the version is empty.
    """

    valuation_id: str
    model_version: str
    status: ReplayStatus
    differences: tuple[Difference, ...] = ()
    because: str | None = None

    @property
    def off_by(self) -> float | None:
        """How far the value is off, as a share of the one recorded; None where either has none, or nothing differs."""
        for each in self.differences:
            if each.figure == "value" and isinstance(each.recorded, float) and isinstance(each.now, float):
                return abs(each.now - each.recorded) / each.recorded
        return None


def compared(record: ValuationRecord, now: Valuation) -> Replay:
    """Holds every figure against the recorded one: exactly, to the last bit.

    What was rounded before it was kept is held against the same rounding of what is computed now.
    """
    anew = replace(record, **{figure: getattr(now, figure) for figure in FIGURES})
    if record.coordinate_decimals is not None:
        anew = with_rounded_coordinates(anew, record.coordinate_decimals)
    differences = tuple(
        difference
        for figure in FIGURES
        if getattr(record, figure) != getattr(anew, figure)
        for difference in _differences(figure, getattr(record, figure), getattr(anew, figure))
    )
    status = ReplayStatus.IDENTICAL
    if differences:
        status = ReplayStatus.DIFFERS if record.coordinate_decimals is None else ReplayStatus.ROUNDED
    return Replay(record.id, record.model_version, status, differences)


def _differences(name: str, recorded: object, now: object) -> Iterator[Difference]:
    """What differs between the two, part by part where both have parts."""
    if recorded == now:
        return
    first, second = _parts(recorded), _parts(now)
    if first is None or second is None:
        yield Difference(name, recorded, now)
        return
    for part in dict.fromkeys((*first, *second)):
        yield from _differences(f"{name}.{part}", first.get(part), second.get(part))


def _parts(figure: object) -> dict[str, object] | None:
    if isinstance(figure, Mapping):
        return {str(part): each for part, each in figure.items()}
    if isinstance(figure, Sequence) and not isinstance(figure, str):
        return {str(place): each for place, each in enumerate(figure, start=1)}
    if is_dataclass(figure):
        return {each.name: getattr(figure, each.name) for each in fields(figure)}
    return None
