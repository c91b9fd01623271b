"""Homes counted against what a model learned from, one by one, in little memory however many there are."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from hashlib import blake2b

from domain.market_reference import CategoryReference, NumberReference
from domain.number_sample import NumberSample
from domain.property import normalised, printable

_BITS = 2**27
_MOST_NEW = 1_000


class SeenHomes:
    """Tells homes that come again, in 16 MiB.

    It takes a new home for one that was there once in 2**27 divided by their number: of a million homes 0.4 % are lost.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def is_new(self, home: Hashable) -> bool:
        """Whether the home comes for the first time; homes are told apart by their `repr`."""
        place = int.from_bytes(blake2b(repr(home).encode(errors="replace"), digest_size=8).digest()) % _BITS
        byte, bit = place // 8, 1 << place % 8
        if self._bits[byte] & bit:
            return False
        self._bits[byte] |= bit
        return True


class NumberTally:
    """Counts numbers at and between those of the reference, so that their distance is exact.

    known, missing: homes of which the number is known, and others. homes_at: of each number of the grid, how many homes
    of the reference have it; of more than MOST_VALUES homes, how many of those that stand for them.
    """

    def __init__(self, reference: NumberReference) -> None:
        self.reference = reference
        self.homes_at: dict[float, int] = dict(sorted((reference.counts or Counter(reference.values)).items()))
        self._grid = list(self.homes_at)
        self._cells = [0] * (2 * len(self._grid) + 1)  # below the first, at it, between it and the second, ...
        self._lowest, self._highest = math.inf, -math.inf
        self._sample = NumberSample()
        self.known = self.missing = 0

    def add(self, number: float | None) -> None:
        """Counts a home; None where the number is not known."""
        if number is None:
            self.missing += 1
            return
        place = bisect_left(self._grid, number)
        self._cells[2 * place + (place < len(self._grid) and self._grid[place] == number)] += 1
        self._lowest, self._highest = min(self._lowest, number), max(self._highest, number)
        self._sample.add(number)
        self.known += 1

    def distance(self) -> float:
        """The largest difference between the shares of both at or below any number."""
        whole = sum(self.homes_at.values())
        there = here = 0
        farthest = 0.0
        for cell, homes in enumerate(self._cells):
            here += homes
            there += self.homes_at[self._grid[cell // 2]] if cell % 2 else 0
            farthest = max(farthest, abs(here / self.known - there / whole))
        return farthest

    def at_grid(self) -> list[int]:
        """How many homes have each number of the grid; at the end, how many have another."""
        return [*self._cells[1::2], sum(self._cells[::2])]

    def within(self, edges: Sequence[float]) -> list[int]:
        """How many homes lie up to each of the ascending `edges`, beyond the one before; at the end, beyond the last.

        Exact where edges are numbers of the grid; between them a number counts as in the middle.
        """
        counts = [0] * (len(edges) + 1)
        for cell, homes in enumerate(self._cells):
            if homes:
                low, high = self._ends(cell)
                counts[bisect_left(edges, (low + high) / 2)] += homes
        return counts

    def quantile(self, share: float) -> float:
        """The number of a home that this share of the homes comes before, ascending; one is known at least.

        Exact of at most 1,000 homes, and where it is of the grid; else the cell is, and the number in it of a sample.
        """
        place = min(int(share * self.known), self.known - 1)
        passed = 0
        for cell, homes in enumerate(self._cells):
            if passed + homes > place:
                low = self._grid[cell // 2 - 1] if cell > 1 else -math.inf
                high = self._grid[cell // 2] if cell < len(self._cells) - 1 else math.inf
                return high if cell % 2 else self._sample.between(low, high, place - passed, homes)
            passed += homes
        raise ValueError("there is no number")

    def _ends(self, cell: int) -> tuple[float, float]:
        """Between which numbers those of a cell lie."""
        place = cell // 2
        if cell % 2:
            return self._grid[place], self._grid[place]
        low = self._lowest if place == 0 else self._grid[place - 1]
        high = self._highest if place == len(self._grid) else self._grid[place]
        return max(low, self._lowest), min(high, self._highest)


class CategoryTally:
    """Counts homes by category, and those of categories that the reference has none of.

    counts: by category of the reference. new: by what callers wrote, fit to be shown, the first 1,000 of them;
    new_homes: all of those. missing: homes of no category.
    """

    def __init__(self, reference: CategoryReference) -> None:
        self.reference = reference
        self.counts = dict.fromkeys(reference.counts, 0)
        self.new: Counter[str] = Counter()
        self.new_homes = self.missing = 0
        self._written: dict[str, str] = {}

    def add(self, category: str | None) -> None:
        """Counts a home; None where the category is not known."""
        if category is None:
            self.missing += 1
            return
        name = normalised(category)
        if name in self.counts:
            self.counts[name] += 1
            return
        self.new_homes += 1
        if name not in self._written and len(self._written) < _MOST_NEW:
            self._written[name] = printable(category)
        if name in self._written:
            self.new[self._written[name]] += 1

    @property
    def known(self) -> int:
        """The homes of which the category is known."""
        return sum(self.counts.values()) + self.new_homes
