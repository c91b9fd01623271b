"""Counts in a Redis server, which many machines share."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from limits.aio.storage.redis import RedisStorage
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from application.ports.rate_limiter import RateLimiter
from domain.rate_limit import Allowance, RateLimit

_SECONDS_TO_ANSWER = 0.5
"""More than a process under a processor quota, or one on a busy machine, stands still itself."""
_SECONDS_BETWEEN_TRIES = 1.0
_CONNECTIONS = 8
_PREFIX = "tasador"


class Logger(Protocol):
    """What this adapter needs of a structured logger."""

    def warning(self, event: str, **details: object) -> object:
        """Writes one event."""

    def info(self, event: str, **details: object) -> object:
        """Writes one event."""


class RedisRateLimiter(RateLimiter):
    """Counts at `url`, as the settings allow one, by the scripts of the library `limits`: the server's clock counts.

    A server that cannot be reached or does not answer in half a second costs one request in a second that time,
    and no other anything: `meanwhile` counts then. Told in the log is when that begins and when it ends.
    """

    def __init__(
        self,
        url: str,
        password: str | None,
        meanwhile: RateLimiter,
        logger: Logger,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        # One try more, at once: the connection may be one that the server closed when it was started anew.
        self._connections = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_SECONDS_TO_ANSWER,
            socket_timeout=_SECONDS_TO_ANSWER,
            socket_connect_timeout=_SECONDS_TO_ANSWER,
            retry=Retry(NoBackoff(), 1),
            **({} if password is None else {"password": password}),
        )
        self._counts = RedisStorage(
            "redis://",  # all that matters is in the connections
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=_PREFIX,
            connection_pool=self._connections,  # type: ignore[arg-type]
        )
        self._meanwhile = meanwhile
        self._logger = logger
        self._seconds = seconds
        self._is_alone = False
        self._try_from = float("-inf")

    @property
    def is_alone(self) -> bool:
        """Whether the server did not answer when it was last tried."""
        return self._is_alone

    async def hit(self, bucket: str, limit: RateLimit) -> Allowance:
        """Counts one more in the bucket, unless that would be more than the limit."""
        allowance = await self._asked(bucket, limit, counted=True)
        return allowance or await self._meanwhile.hit(bucket, limit)

    async def test(self, bucket: str, limit: RateLimit) -> Allowance:
        """What `hit` would answer now; nothing is counted."""
        allowance = await self._asked(bucket, limit, counted=False)
        return allowance or await self._meanwhile.test(bucket, limit)

    async def close(self) -> None:
        """Ends the connections."""
        await self._connections.aclose()

    async def _asked(self, bucket: str, limit: RateLimit, *, counted: bool) -> Allowance | None:
        """What the server says; None where it is not asked or does not answer."""
        if self._is_alone:
            now = self._seconds()
            if now < self._try_from:
                return None
            self._try_from = now + _SECONDS_BETWEEN_TRIES  # nobody else tries meanwhile
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                allowance = await self._said(bucket, limit, counted=counted)
        except (StorageError, OSError, TimeoutError) as error:
            self._lost(error)
            return None
        if self._is_alone:
            self._is_alone = False
            self._logger.info("rate limits are counted in Redis again")
        return allowance

    async def _said(self, bucket: str, limit: RateLimit, *, counted: bool) -> Allowance:
        name = f"{bucket}/{limit.amount}/{limit.seconds}"
        taken = counted and await self._counts.acquire_sliding_window_entry(name, limit.amount, limit.seconds)
        previous, _, current, expires_in = await self._counts.get_sliding_window(name, limit.seconds)
        # Redis keeps a window's count until the end of the next; no window has begun where there is none.
        seconds_left = max(expires_in - limit.seconds, 0.0) if expires_in else float(limit.seconds)
        if taken:
            return limit.judge(previous, current - 1, seconds_left)
        return limit.judge(previous, current, seconds_left)

    def _lost(self, error: Exception) -> None:
        self._try_from = self._seconds() + _SECONDS_BETWEEN_TRIES
        if not self._is_alone:
            self._is_alone = True
            reason = error.storage_error if isinstance(error, StorageError) else error
            self._logger.warning(
                "rate limits are counted by each machine for itself, since Redis does not answer",
                reason=type(reason).__name__,
            )
