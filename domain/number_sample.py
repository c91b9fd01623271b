"""A sample of numbers that come one by one, of the same size however many there are."""

from bisect import bisect_left, bisect_right
from random import Random

_SIZE = 1_000


class NumberSample:
    """Keeps 1,000 of the numbers, each as likely as any other; fewer are kept all. The same numbers give the same."""

    def __init__(self) -> None:
        self._kept: list[float] = []
        self._seen = 0
        self._random = Random(0)  # noqa: S311 (a sample, not a secret)

    def add(self, number: float) -> None:
        """Takes a number into account."""
        self._seen += 1
        if len(self._kept) < _SIZE:
            self._kept.append(number)
            return
        place = int(self._random.random() * self._seen)
        if place < _SIZE:
            self._kept[place] = number

    def between(self, low: float, high: float, place: int, numbers: int) -> float:
        """About the number at `place`, from 0 on, of the `numbers` between `low` and `high`, ascending.

        Exact while all are kept; one is at least. Where none of those between was kept, the next that was.
        """
        kept = sorted(self._kept)
        first, end = bisect_right(kept, low), bisect_left(kept, high)
        return kept[min(first + (end - first) * place // numbers, len(kept) - 1)]
