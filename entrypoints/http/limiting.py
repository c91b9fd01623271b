"""How often a key may ask, and what every answer to it says of that."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.types import HTTPScope

from application.ports.rate_limiter import RateLimiter
from config.container import Container
from domain.errors import RateLimited
from domain.rate_limit import Allowance, RateLimit, parse_rate_limit
from entrypoints.http.answers import FURTHER_HEADERS

if TYPE_CHECKING:
    from entrypoints.http.metrics import Metrics
    from entrypoints.http.roster import Roster


class KeyLimits:
    """Counts the requests of each key, once the key is proven; without a limit it does nothing."""

    def __init__(self, limiter: RateLimiter, limit: RateLimit | None, metrics: "Metrics") -> None:
        self._limiter = limiter
        self._limit = limit
        self._refused = metrics.counter(
            "tasador_rate_limited_requests", "Requests that were refused since their key had asked too often."
        )

    @classmethod
    def of(cls, container: Container, roster: "Roster", metrics: "Metrics") -> "KeyLimits":
        """As the settings say, counted by all workers together."""
        memory = roster.memory
        limiter = container.rate_limiter(memory.counts_of_keys, roster.worker, memory.secret)
        return cls(limiter, parse_rate_limit(container.settings().http.rate_limit), metrics)

    async def count(self, scope: HTTPScope, key_id: str) -> None:
        """One request more of this key, which its answer will tell of. Raises RateLimited where that is too many."""
        if self._limit is None:
            return
        allowance = await self._limiter.hit(f"key:{key_id}", self._limit)
        state: Any = scope["state"]
        state[FURTHER_HEADERS] = _headers(self._limit, allowance)
        if not allowance.allowed:
            self._refused.add()
            often = f"{self._limit.amount} times in {self._limit.seconds} seconds"
            said = f"This key may ask {often}, and has: wait as long as Retry-After says."
            raise RateLimited(said, allowance.seconds)

    @property
    def warning(self) -> str | None:
        """What whoever runs the service should know."""
        alone = self._limit is not None and self._limiter.is_alone
        return "rate limits are counted by each machine for itself: see the log" if alone else None

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Gives back at the end what the limiter holds."""
        try:
            yield
        finally:
            await self._limiter.close()


def _headers(limit: RateLimit, allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """The three that clients know, and the two of the IETF's draft-ietf-httpapi-ratelimit-headers-11 (May 2026)."""
    amount, remaining, seconds = limit.amount, allowance.remaining, allowance.seconds
    return [
        (b"ratelimit-limit", b"%d" % amount),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % seconds),
        (b"ratelimit-policy", b'"key";q=%d;w=%d' % (amount, limit.seconds)),
        (b"ratelimit", b'"key";r=%d;t=%d' % (remaining, seconds)),
    ]
