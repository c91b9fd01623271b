"""What is done about keys that are refused again and again, without turning away whoever has a right one.

A throttled attempt is still checked. Only its refusal is another one, its line in the log is summed up with others, and
it waits behind other such attempts for the key store.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.types import HTTPScope

from application.ports.key_event_log import KeyEventLog
from application.ports.rate_limiter import RateLimiter
from config.container import Container
from domain.api_key import ApiKey, Token
from domain.errors import FailedKeysThrottled, KeyRejected, KeyStoreUnavailable
from domain.rate_limit import RateLimit, parse_rate_limit
from entrypoints.http.background import in_background
from entrypoints.http.slow_threads import SlowThreads

if TYPE_CHECKING:
    from entrypoints.http.metrics import Metrics
    from entrypoints.http.roster import Roster

SUSPECTS_WAITING = 100
"""How many look-ups for throttled callers may be under way or wait for their turn; so many take a store a moment."""
_SUSPECTS_AT_ONCE = 2
_CALLERS_AT_ONCE = 8
"""Threads of their own, so that a store that hangs holds up nothing but what needs it."""
LINES_OF_ALL = RateLimit(600, 60)
"""How many refusals of all callers together have a line of their own in the log."""
_SECONDS_BETWEEN_SUMS = 60.0
_MOST_SUMS = 1000
_LONGEST_ADDRESS = 64
_CAUSES = ("missing", "malformed", "unknown", "wrong_secret", "expired", "revoked")
_EVERYBODY = "everybody"


class TooManyLookUps(KeyStoreUnavailable):
    """The key store is not asked, though it might answer: too many wait for it who have sent wrong keys."""


class FailedKeys:
    """Counts refused keys by the address that they come from and by the key id that they name."""

    def __init__(self, counts: RateLimiter, limit: RateLimit | None, events: KeyEventLog, metrics: "Metrics") -> None:
        self._counts = counts
        self._limit = limit
        self._events = events
        self._callers = SlowThreads("keys", _CALLERS_AT_ONCE)
        self._suspects = SlowThreads("suspects", _SUSPECTS_AT_ONCE)
        self._waiting = 0
        self._sums: dict[tuple[str, str | None], int] = {}
        self._refused = metrics.counter("tasador_refused_keys", "Keys that were refused.", cause=_CAUSES)
        self._throttled = metrics.counter(
            "tasador_throttled_keys", "Refused keys that were told to wait.", by=("address", "key_id")
        )

    @classmethod
    def of(cls, container: Container, roster: "Roster", metrics: "Metrics") -> "FailedKeys":
        """As the settings say, counted by all workers together."""
        memory = roster.memory
        counts = container.failure_counter(memory.counts_of_failures, roster.worker, memory.secret)
        limit = parse_rate_limit(container.settings().http.failed_keys_limit)
        return cls(counts, limit, container.key_event_log(), metrics)

    async def look_up(
        self, scope: HTTPScope, presented: str | None, work: Callable[[], ApiKey], *, known: bool
    ) -> ApiKey:
        """What `work` returns, which checks the key that a request presents, asking the key store.

        In a thread; attempts from throttled addresses share two, so that no stranger can keep the store from others;
        not those with a key that was right before (`known`), since its owner may share the address with a stranger.
        Where too many of those wait already, TooManyLookUps is raised, and nothing is said of the key.
        """
        token = Token.parse(presented) if presented else None
        if token is None:
            return work()  # which looks nothing up
        if known or not await self._is_full(f"address:{address_of(scope)}"):
            return await self._callers.run(work)
        if self._waiting >= SUSPECTS_WAITING:
            raise TooManyLookUps("too many keys from addresses that sent wrong ones wait to be looked up")
        self._waiting += 1
        try:
            return await self._suspects.run(work)
        finally:
            self._waiting -= 1

    async def count(self, scope: HTTPScope, rejected: KeyRejected, tell: Callable[[], None]) -> None:
        """One refused key more, which `tell` writes down, or which is summed up with others.

        No key at all is no attempt at one. Raises FailedKeysThrottled where there were too many from its address or
        under its id.
        """
        self._refused.add(rejected.cause)
        if self._limit is not None and rejected.cause != "missing":
            await self._throttle(self._limit, {"address": address_of(scope), "key_id": rejected.key_id})
        if (await self._counts.hit(_EVERYBODY, LINES_OF_ALL)).allowed:
            tell()
        else:
            self._add_up(_EVERYBODY, None)

    async def _throttle(self, limit: RateLimit, sources: Mapping[str, str | None]) -> None:
        """Counts one for each source, and raises FailedKeysThrottled where one has had too many."""
        seconds = 0
        for by, source in sources.items():
            allowance = source and await self._counts.hit(f"{by}:{source}", limit)
            if allowance and not allowance.allowed:
                self._throttled.add(by)
                self._add_up(by, source)
                seconds = max(seconds, allowance.seconds)
        if seconds:
            raise FailedKeysThrottled(seconds)

    @contextlib.asynccontextmanager
    async def running(self, litestar: Litestar) -> AsyncIterator[None]:
        """Has the threads for as long as the service runs, and tells at the end what has not been told."""
        async with self._callers.running(litestar), self._suspects.running(litestar), in_background(self._keep_telling):
            try:
                yield
            finally:
                self._tell_sums()

    def _tell_sums(self) -> None:
        """Tells how many attempts were throttled since the last time, and forgets who made none."""
        told = {source: attempts for source, attempts in self._sums.items() if attempts}
        for (by, source), attempts in told.items():
            self._tell(by, source, attempts=str(attempts))
        self._sums = dict.fromkeys(told, 0)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_SUMS)
            self._tell_sums()

    async def _is_full(self, bucket: str) -> bool:
        return self._limit is not None and not (await self._counts.test(bucket, self._limit)).allowed

    def _add_up(self, by: str, source: str | None) -> None:
        if (by, source) not in self._sums and len(self._sums) >= _MOST_SUMS:
            by, source = _EVERYBODY, None
        if (by, source) not in self._sums:
            self._sums[by, source] = 0
            self._tell(by, source)
        self._sums[by, source] += 1

    def _tell(self, by: str, source: str | None, **details: str) -> None:
        if by == "key_id":
            self._events.record("throttled", source, by=by, **details)
        else:
            self._events.record("throttled", None, by=by, **({"address": source} if source else {}), **details)


def address_of(scope: HTTPScope) -> str:
    """Whom the request counts as coming from: an IPv4 address, or the network (/64) of an IPv6 address."""
    client = scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ip_address(client[0])
    except ValueError:
        return client[0][:_LONGEST_ADDRESS]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
