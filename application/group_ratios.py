"""The parts of the market that an evaluation is shown by: with their quartiles, and without those of few sales."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.ratio_groups import FEWEST_SALES, ratio_studies_by
from domain.ratio_study import RatioStudy, Vector
from domain.spellings import Spellings

MOST_GROUPS = 12


@dataclass(frozen=True, slots=True)
class RatioGroup:
    """The ratios of value to price of one part of the market: quartiles, and the study with its intervals, if any.

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

    def spelled(self, field: str, spellings: Spellings) -> "Grouping":
        """The same groups, in the same order, labelled by the spellings of their names."""
        return replace(
            self, shown=tuple(replace(group, label=spellings.of(field, group.label)) for group in self.shown)
        )


def by_amount(
    values: Vector, prices: Vector, labels: Sequence[str], amounts: Vector, seed: int | None = None
) -> Grouping:
    """Groups of ascending amounts, told by what they span; with bootstrap intervals if there is a seed."""
    return _grouping(values, prices, labels, seed, sorted(set(labels)), amounts)


def by_name(values: Vector, prices: Vector, labels: Sequence[str], seed: int | None = None) -> Grouping:
    """The groups with the most sales, the largest first; with bootstrap intervals if there is a seed."""
    counts = Counter(labels)
    return _grouping(values, prices, labels, seed, sorted(counts, key=lambda name: (-counts[name], name)), None)


def _grouping(
    values: Vector,
    prices: Vector,
    labels: Sequence[str],
    seed: int | None,
    order: Sequence[str],
    amounts: Vector | None,
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
