"""How far two counts of homes by cell lie apart, and how often chance alone brings that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain.significance import chi_square_tail

_FEWEST_EXPECTED = 5.0
_SMOOTHING = 0.5

Counts = Sequence[int]


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Pearson's statistic of two rows of counts, and the probability that chance alone brings one as large."""

    statistic: float
    p_value: float


def pooled(training: Counts, served: Counts) -> tuple[list[int], list[int]]:
    """The same counts with small cells thrown together, so that at least five homes are expected in each of a row.

    Which are small is seen from both rows together: chosen by one of them, chance would look like a difference.
    """
    rows = sum(training), sum(served)
    least = _FEWEST_EXPECTED * sum(rows) / max(min(rows), 1)
    cells = sorted(zip(training, served, strict=True), key=sum)
    kept: list[tuple[int, int]] = []
    one = other = 0
    for a, b in cells:
        if one + other >= least:
            kept.append((one, other))
            one, other = a, b
        else:
            one, other = one + a, other + b
    if one + other < least and kept:
        before = kept.pop()
        one, other = one + before[0], other + before[1]
    kept.append((one, other))
    return [a for a, _ in kept], [b for _, b in kept]


def chi_square(training: Counts, served: Counts) -> ChiSquare:
    """The test that both rows of counts, pooled already, are of one distribution; each row has at least one home."""
    rows = sum(training), sum(served)
    statistic = 0.0
    for pair in zip(training, served, strict=True):
        for row, homes in zip(rows, pair, strict=True):
            expected = row * sum(pair) / sum(rows)
            statistic += (homes - expected) ** 2 / expected if expected else 0.0
    freedom = len(training) - 1
    return ChiSquare(statistic, chi_square_tail(statistic, freedom) if freedom else 1.0)


def stability_index(training: Counts, served: Counts) -> float:
    """The population stability index: the sum of (p - q) log(p / q) over the cells, of shares p here and q there.

    Half a home is added to each cell, so that empty ones have a logarithm.
    """
    return sum(contributions(training, served))


def contributions(training: Counts, served: Counts) -> list[float]:
    """What each cell adds to the index."""
    shares = [
        [(homes + _SMOOTHING) / (sum(row) + _SMOOTHING * len(row)) for homes in row] for row in (training, served)
    ]
    return [(p - q) * math.log(p / q) for q, p in zip(*shares, strict=True)]
