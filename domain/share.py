"""Shares of what was counted: how sure they are, and whether they are less than was promised."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from domain.significance import log_choose

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `count`: their share, from 0 to 1, and the two ends of Wilson's interval at 95 per cent."""

    hits: int
    count: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, count: int) -> "Share":
        """The share of `hits` in `count`, at least 1 (Wilson, Journal of the American Statistical Association 1927)."""
        z = NormalDist().inv_cdf((1 + _LEVEL) / 2)
        share = hits / count
        middle = share + z * z / (2 * count)
        reach = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
        whole = 1 + z * z / count
        # Rounding must not put an end on the wrong side of the share itself.
        low, high = min((middle - reach) / whole, share), max((middle + reach) / whole, share)
        return cls(hits, count, share, max(low, 0.0), min(high, 1.0))

    def chance_of_so_few(self, promised: float) -> float:
        """The probability of so few hits or fewer, were each one to come with the probability `promised`.

        The binomial distribution's lower tail; above the middle of it, what the upper one leaves.
        """
        if self.share < promised:
            return _lower_tail(self.hits, self.count, promised)
        return 1 - _lower_tail(self.count - self.hits - 1, self.count, 1 - promised)


def _lower_tail(hits: int, count: int, chance: float) -> float:
    """The probability of at most `hits`, below the mean or about it: the terms get smaller from the last one down."""
    if hits < 0:
        return 0.0
    term = math.exp(log_choose(count, hits) + hits * math.log(chance) + (count - hits) * math.log1p(-chance))
    total, odds = 0.0, chance / (1 - chance)
    for each in range(hits, -1, -1):
        total += term
        term *= each / ((count - each + 1) * odds)
    return min(total, 1.0)
