"""What the homes that a model learned from look like, field by field: what those it values later are held against."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

MOST_VALUES = 1_000
FEW_VALUES = 20
"""So many different numbers, or fewer, are counted one by one, as rooms are."""


@dataclass(frozen=True, slots=True)
class NumberReference:
    """How a number is distributed over homes.

    values: of the homes where it is known, ascending; of more than MOST_VALUES homes so many, evenly spaced by rank.
    known, missing: the homes where it is known, and where it is not. counts: by number where there are at most
    FEW_VALUES, ascending; empty otherwise.
    """

    values: tuple[float, ...]
    known: int
    missing: int = 0
    counts: Mapping[float, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(one > next_ for one, next_ in pairwise(self.values)) or len(self.values) > self.known:
            raise ValueError("values are ascending, and none is of more than one home")

    @classmethod
    def of(cls, numbers: Iterable[float | None]) -> Self:
        """The reference of these homes' numbers, None where one is not known."""
        given = list(numbers)
        values = sorted(number for number in given if number is not None)
        counts = Counter(values)
        few = counts if len(counts) <= FEW_VALUES else {}
        known = len(values)
        if known > MOST_VALUES:
            values = [values[int((place + 0.5) * known / MOST_VALUES)] for place in range(MOST_VALUES)]
        return cls(tuple(values), known, len(given) - known, dict(few))

    def quantile(self, share: float) -> float:
        """The number that this share of the homes does not exceed. Raises ValueError where none is known."""
        if not self.values:
            raise ValueError("there is no number")
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def counts_in_order(self) -> list[int]:
        """How many homes have each of the few numbers, ascending."""
        return [self.counts[number] for number in sorted(self.counts)]

    def within(self, edges: Sequence[float]) -> list[int]:
        """How many homes lie up to each of the ascending `edges`, beyond the one before; at the end, beyond the last.

        Of more than MOST_VALUES homes, to a thousandth of them.
        """
        places = [0, *(bisect_right(self.values, edge) for edge in edges), len(self.values)]
        return [round((after - before) * self.known / len(self.values)) for before, after in pairwise(places)]

    def rounded(self, decimals: int) -> Self:
        """The same of numbers that are rounded to so many decimals."""
        rounded: Counter[float] = Counter()
        for number, homes in self.counts.items():
            rounded[round(number, decimals)] += homes
        return type(self)(
            tuple(round(number, decimals) for number in self.values), self.known, self.missing, dict(rounded)
        )


@dataclass(frozen=True, slots=True)
class CategoryReference:
    """How many homes are of which category, normalised; `missing` ones of none that is known."""

    counts: Mapping[str, int]
    missing: int = 0

    @classmethod
    def of(cls, categories: Iterable[str | None]) -> Self:
        """The reference of these homes' categories, normalised, None where one is not known."""
        counts = Counter(categories)
        missing = counts.pop(None, 0)
        return cls({name: count for name, count in counts.most_common() if name is not None}, missing)

    @property
    def known(self) -> int:
        """The homes of which the category is known."""
        return sum(self.counts.values())

    @property
    def single(self) -> int:
        """The homes that are the only one of their category.

        As many as would be of a category never seen, had each home been met after all others: by Good and Turing the
        share to be expected of homes yet to come.
        """
        return sum(count == 1 for count in self.counts.values())


@dataclass(frozen=True, slots=True)
class JudgedHomes:
    """How many homes the model refused, or found something unusual about; `refused` by reason, `limited` by factor.

    limited_homes: those with any factor, or refused. What the day of a value alone makes less sure is no such factor.
    """

    homes: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    limited: Mapping[str, int] = field(default_factory=dict)
    limited_homes: int = 0

    @property
    def refused_homes(self) -> int:
        """The homes that were refused, each for one reason."""
        return sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class MarketReference:
    """The homes that a model learned from, each once; numbers and categories by field.

    log_values: the logs of their out-of-fold values at the reference day of the index. judged: what the model says of
    homes that it has not learned from, since its own are within its market by definition.
    """

    homes: int
    numbers: Mapping[str, NumberReference]
    categories: Mapping[str, CategoryReference]
    log_values: NumberReference
    judged: JudgedHomes
