"""How often something may be done: so many times in so much time, whenever one begins to count.

Counted is in windows that follow each other. What is used is the present window's count and that share of the last
one's which still lies within the time that is looked back on (the sliding window counter of Cloudflare, "How we built
rate limiting capable of scaling to millions of domains", 2017, and of the library `limits`).
"""

import math
import re
from dataclasses import dataclass

LARGEST_AMOUNT = 1_000_000
LONGEST_SECONDS = 31 * 86_400

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_LIMIT = re.compile(r"([0-9]{1,7})\s*(?:/|\s+per\s+)\s*(?:([0-9]{1,7})\s+)?(second|minute|hour|day)s?", re.IGNORECASE)
_OFF = ("0", "off", "none")


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether it may be done now, and how it is with the limit.

    `remaining`: how many more times at once, after this time. `seconds`, at least 1: where that is none, how long until
    it may be done once more; else how long until the window ends.
    """

    allowed: bool
    remaining: int
    seconds: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `amount` times in `seconds`.

    Never more in one window; at worst twice as many in a span of that length: all at the end of a window, and the next
    as fast as they come free. Who does it fewer than `amount` times in twice `seconds`, or evenly at most `amount` - 1
    times in `seconds`, is never refused.
    """

    amount: int
    seconds: int

    def judge(self, previous: int, current: int, seconds_left: float) -> Allowance:
        """Whether it may be done once more, after so many times in the previous and the current window.

        `seconds_left`: until the current window ends. What is asked about is not counted in yet.
        """
        used = math.floor(previous * seconds_left / self.seconds + current)
        allowed = used < self.amount
        used, current = used + allowed, current + allowed
        if used < self.amount:
            return Allowance(allowed=True, remaining=self.amount - used, seconds=max(1, math.ceil(seconds_left)))
        return Allowance(allowed, remaining=0, seconds=self._seconds_to_wait(previous, current, seconds_left))

    def _seconds_to_wait(self, previous: int, current: int, seconds_left: float) -> int:
        if current < self.amount:  # until less of the previous window counts
            wait = seconds_left - (self.amount - current) * self.seconds / previous
        else:  # until the current one is the previous, and less of it counts
            wait = seconds_left + self.seconds - self.amount * self.seconds / current
        return math.floor(wait) + 1


def parse_rate_limit(text: str) -> RateLimit | None:
    """The limit that `600/minute` or `100 per 5 minutes` spells, None for `off`. Raises ValueError in words for a user.

    >>> parse_rate_limit("100 per 5 minutes")
    RateLimit(amount=100, seconds=300)
    """
    said = text.strip().lower()
    if said in _OFF:
        return None
    match = _LIMIT.fullmatch(said)
    limit = RateLimit(int(match[1]), int(match[2] or 1) * _SECONDS[match[3].lower()]) if match else None
    if limit is None or not (0 < limit.amount <= LARGEST_AMOUNT and 0 < limit.seconds <= LONGEST_SECONDS):
        raise ValueError(
            'expected a number of times, at most a million, in at most 31 days, such as "600/minute" or '
            '"100 per 5 minutes", or "off"'
        )
    return limit
