"""Counts in memory."""

from collections import defaultdict
from collections.abc import Callable

from application.ports.rate_limiter import RateLimiter
from domain.rate_limit import Allowance, RateLimit


class InMemoryRateLimiter(RateLimiter):
    """Keeps the counts as long as the process lives; `seconds` is the clock, `alone` what is told of the others."""

    def __init__(self, seconds: Callable[[], float] = lambda: 0.0) -> None:
        self._seconds = seconds
        self._counts: defaultdict[tuple[str, RateLimit, int], int] = defaultdict(int)
        self.alone = False
        self.is_closed = False

    @property
    def is_alone(self) -> bool:
        """What it was told to say."""
        return self.alone

    async def hit(self, bucket: str, limit: RateLimit) -> Allowance:
        """Counts one more in the bucket, unless that would be more than the limit."""
        allowance = await self.test(bucket, limit)
        self._counts[bucket, limit, self._window(limit)] += allowance.allowed
        return allowance

    async def test(self, bucket: str, limit: RateLimit) -> Allowance:
        """What `hit` would answer now; nothing is counted."""
        window = self._window(limit)
        previous, current = (self._counts[bucket, limit, each] for each in (window - 1, window))
        return limit.judge(previous, current, (window + 1) * limit.seconds - self._seconds())

    async def close(self) -> None:
        """Remembers that it was closed."""
        self.is_closed = True

    def _window(self, limit: RateLimit) -> int:
        return int(self._seconds() // limit.seconds)
