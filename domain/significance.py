"""How often chance alone brings differences as large as one that was seen: probabilities of the tests of drift."""

import math
from collections.abc import Mapping

_ROUNDING = 1e-15
_MOST_TERMS = 10_000


def ks_p_value(distance: float, count: float, other: float) -> float:
    """The probability that two samples of one distribution are so far apart: Kolmogorov and Smirnov's two-sided test.

    distance: the largest between their shares at or below a number; count, other: their sizes, at least 1. Kolmogorov's
    limit, with Stephens's (1970) correction for small samples. Too large, hence safe, where numbers come repeatedly.
    """
    root = math.sqrt(count * other / (count + other))
    return kolmogorov_tail((root + 0.12 + 0.11 / root) * distance)


def kolmogorov_tail(x: float) -> float:
    """The probability that the largest distance, times the root of the sample's size, exceeds x in the limit."""
    if x < 0.1:  # to the last digit
        return 1.0
    if x < 1:  # here the other series is slow
        total = sum(math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * x * x)) for k in range(1, 9))
        return min(max(1 - math.sqrt(2 * math.pi) / x * total, 0.0), 1.0)
    total = sum((1.0 if k % 2 else -1.0) * math.exp(-2 * (k * x) ** 2) for k in range(1, 9))
    return min(max(2 * total, 0.0), 1.0)


def chi_square_tail(x: float, freedom: int) -> float:
    """The probability that a chi-square variable of so many degrees of freedom exceeds x.

    The incomplete gamma function by its power series, or beyond its middle by its continued fraction (Abramowitz and
    Stegun 6.5.29 and 6.5.31, the latter by Lentz's method).
    """
    if x < _ROUNDING**2:
        return 1.0
    shape, at = freedom / 2, x / 2
    front = math.exp(shape * math.log(at) - at - math.lgamma(shape))
    if at < shape + 1:
        term = total = 1 / shape
        for step in range(1, _MOST_TERMS):
            term *= at / (shape + step)
            total += term
            if term < _ROUNDING * total:
                break
        return min(max(1 - front * total, 0.0), 1.0)
    b = at + 1 - shape
    c, d = math.inf, 1 / b
    fraction = d
    for step in range(1, _MOST_TERMS):
        a = -step * (step - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= c * d
        if abs(c * d - 1) < _ROUNDING:
            break
    return min(front * fraction, 1.0)


def more_often_p_value(hits: int, count: int, other_hits: int, other: int) -> float:
    """The probability of at least `hits` among `count`, had all hits fallen anywhere: Fisher's exact test, one-sided.

    `other_hits` among `other` are those that it is held against. 1 where there is nothing to hold it against.
    """
    drawn, total = hits + other_hits, count + other
    lowest, highest = max(hits, drawn - other), min(drawn, count)
    # From the likeliest number up and down: far from it the first term would be too small for a number.
    start = min(max(lowest, drawn * count // total), highest)
    first = math.exp(log_choose(count, start) + log_choose(other, drawn - start) - log_choose(total, drawn))
    tail = term = first
    for k in range(start, highest):
        term *= (count - k) * (drawn - k) / ((k + 1) * (other - drawn + k + 1))
        tail += term
        if term < _ROUNDING * tail:
            break
    term = first
    for k in range(start, lowest, -1):
        term *= k * (other - drawn + k) / ((count - k + 1) * (drawn - k + 1))
        tail += term
        if term < _ROUNDING * tail:
            break
    return min(tail, 1.0)


def log_choose(of: int, some: int) -> float:
    """The logarithm of the number of ways to choose `some` of `of`."""
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Each p-value corrected for their number (Holm 1979).

    What stays at or below a level there is, with the probability of that level at most, found in any by chance.
    """
    corrected: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        highest = max(highest, min((len(p_values) - place) * p_values[name], 1.0))
        corrected[name] = highest
    return corrected
