"""What the forward test comes to: overall and by group, with a plain sentence on every promise that was not kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.forward_test import FEWEST_SALES, Coverage, ForwardGroup, Median
from domain.property import printable
from domain.significance import holm

SIGNIFICANT = 0.05
OVERALL = "overall"
_ONE_FSD = "one FSD"


@dataclass(frozen=True, slots=True)
class OverrideStudy:
    """Valuations that a valuer put another value in the place of: how many, and the median of override / value - 1.

    compared: how many of them had a value in the first place, which `difference` is of; None of none.
    """

    count: int
    compared: int
    difference: Median | None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A promise that significantly fewer prices kept than were promised.

    way, group: such as sector and "nunoa"; of all sales "overall" and "". what: such as "90 % interval".
    p_value: how probable so few are if the promise is true, corrected for the number of promises looked at (Holm).
    """

    way: str
    group: str
    what: str
    coverage: Coverage
    p_value: float


@dataclass(frozen=True, slots=True)
class CoverageStudy:
    """Valuations on record since `since` and before `until`, of a version or of all (None), and the later sales.

    valuations: how many; with_outcome: of how many a sale is known. sold_before: those of them that were made after all
    such sales, which is no test of them. superseded: those followed by another valuation of the home before its sale,
    which counts instead. overall: what is left. by: by way, then by group; a version has all homes that it valued, also
    where another one counts instead. promises: how many coverages were looked at; shortfalls: which of them fell short.
    overrides: of the newest override of each valuation. unreadable: how many records could not be read, and are left
    out.
    """

    since: datetime | None
    until: datetime
    version: str | None
    valuations: int
    with_outcome: int
    sold_before: int
    superseded: int
    overall: ForwardGroup
    by: Mapping[str, Mapping[str, ForwardGroup]]
    promises: int
    shortfalls: tuple[Shortfall, ...]
    overrides: OverrideStudy
    sentences: tuple[str, ...]
    unreadable: int = 0


def shortfalls_of(
    overall: ForwardGroup, by: Mapping[str, Mapping[str, ForwardGroup]]
) -> tuple[int, tuple[Shortfall, ...]]:
    """How many promises of at least 20 prices there are, and those that fell short, the least probable first.

    One-sided binomial tests, corrected by Holm: that any is found where all promises are true has a probability of 5
    per cent at most. Prices of one market move together, which these tests do not know.
    """
    promises = {(way, group, what): coverage for way, group, what, coverage in _promises(overall, by)}
    names = {str(place): key for place, key in enumerate(promises)}
    corrected = holm({name: _p_value(promises[key]) for name, key in names.items()})
    found = [
        Shortfall(*names[name], promises[names[name]], p_value)
        for name, p_value in corrected.items()
        if p_value <= SIGNIFICANT
    ]
    return len(promises), tuple(sorted(found, key=lambda each: each.p_value))


def sentences_on(overall: ForwardGroup, promises: int, shortfalls: Sequence[Shortfall]) -> tuple[str, ...]:
    """What there is to say of it."""
    if overall.figures is None:
        return (
            f"Later sales of {overall.valued} valued homes are known: of fewer than {FEWEST_SALES} nothing is judged.",
        )
    if not shortfalls:
        return (f"None of the {promises} coverages is significantly below its promise.",)
    return tuple(_sentence(each, promises) for each in shortfalls)


def _sentence(found: Shortfall, promises: int) -> str:
    held, promised = found.coverage.held, found.coverage.promised
    where = "Overall" if found.way == OVERALL else f"For {found.way} {printable(found.group)}"
    chance = "below 0.0001" if found.p_value < 0.0001 else f"{found.p_value:.2g}"
    return (
        f"{where}, the {found.what} held {100 * held.share:.1f} % of {held.count:,} prices (95 % interval "
        f"{100 * held.low:.1f} to {100 * held.high:.1f}), significantly below the {100 * promised:.6g} % promised (p "
        f"{chance}, corrected for {promises} coverages)."
    )


def _promises(
    overall: ForwardGroup, by: Mapping[str, Mapping[str, ForwardGroup]]
) -> Iterator[tuple[str, str, str, Coverage]]:
    groups = [(OVERALL, "", overall), *((way, name, group) for way in by for name, group in by[way].items())]
    for way, name, group in groups:
        if group.figures:
            for coverage in group.figures.intervals:
                if coverage.held.count >= FEWEST_SALES:
                    yield way, name, f"{100 * coverage.promised:.6g} % interval", coverage
            yield way, name, _ONE_FSD, group.figures.fsd


def _p_value(coverage: Coverage) -> float:
    return coverage.held.chance_of_so_few(coverage.promised)
