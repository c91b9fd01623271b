"""What every rate limiter does, whatever it counts in."""

import asyncio
import os
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from structlog.testing import CapturingLogger

from adapters.rate_limiters.redis_server import RedisRateLimiter
from adapters.rate_limiters.shared_memory import CELLS_A_SET, SharedMemoryRateLimiter
from application.ports.rate_limiter import RateLimiter
from domain.rate_limit import Allowance, RateLimit
from entrypoints.http.shared_memory import SharedMemory, shareable
from tests.fakes.in_memory_rate_limiter import InMemoryRateLimiter
from tests.redis_server import PASSWORD, RedisServer

START = 6000.0
THREE = RateLimit(3, 60)
SEVERAL = 4


class Seconds:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    async def pass_(self, seconds: float) -> None:
        self.now += seconds


class Trial(Protocol):
    """A limiter, and time that passes when it is told to."""

    limiter: RateLimiter

    @abstractmethod
    async def pass_(self, seconds: float) -> None:
        """Lets time pass."""


class OnAClock(Trial):
    def __init__(self, opened: Callable[[Callable[[], float]], RateLimiter]) -> None:
        self.seconds = Seconds()
        self.limiter = opened(self.seconds)

    async def pass_(self, seconds: float) -> None:
        self.seconds.now += seconds


class InRedis(Trial):
    """Redis' own clock cannot be set; what it keeps until then can, and it knows of the time by that alone."""

    def __init__(self, server: RedisServer, seconds: Callable[[], float] = time.monotonic) -> None:
        self.log = CapturingLogger()
        self.meanwhile = InMemoryRateLimiter()
        self.limiter = RedisRateLimiter(server.url, PASSWORD, self.meanwhile, self.log, seconds)
        self._redis = Redis.from_url(server.url, password=PASSWORD)

    async def pass_(self, seconds: float) -> None:
        async for key in self._redis.scan_iter():
            left = await self._redis.pttl(key) - round(seconds * 1000)
            await (self._redis.pexpire(key, left) if left > 0 else self._redis.delete(key))

    async def close(self) -> None:
        await self.limiter.close()
        await self._redis.aclose()


class InTurn(RateLimiter):
    """Several limiters of which each is asked in turn, as the workers of a service are."""

    def __init__(self, limiters: Sequence[RateLimiter]) -> None:
        self._limiters = limiters
        self._turn = 0

    def _next(self) -> RateLimiter:
        self._turn += 1
        return self._limiters[self._turn % len(self._limiters)]

    @property
    def is_alone(self) -> bool:
        return self._next().is_alone

    async def hit(self, bucket: str, limit: RateLimit) -> Allowance:
        return await self._next().hit(bucket, limit)

    async def test(self, bucket: str, limit: RateLimit) -> Allowance:
        return await self._next().test(bucket, limit)

    async def close(self) -> None:
        await self._next().close()


def memory(seconds: Callable[[], float], rows: int = 1, sets: int = 64) -> list[SharedMemoryRateLimiter]:
    """As many limiters as there are rows, counting together."""
    shared = [memoryview(bytearray(sets * CELLS_A_SET * 8)).cast("Q") for _ in range(rows)]
    return [SharedMemoryRateLimiter(shared, own, b"secret", seconds) for own in range(rows)]


ON_A_CLOCK: dict[str, Callable[[Callable[[], float]], RateLimiter]] = {
    "fake": InMemoryRateLimiter,
    "memory": lambda seconds: memory(seconds)[0],
    "memory of several workers": lambda seconds: InTurn(memory(seconds, SEVERAL)),
}
Opener = Callable[[], AbstractAsyncContextManager[Trial]]


@pytest.fixture(params=[*ON_A_CLOCK, "redis"])
def trying(request: pytest.FixtureRequest) -> Opener:
    """Opens a limiter of each kind."""
    server = request.getfixturevalue("redis_server") if request.param == "redis" else None

    @asynccontextmanager
    async def opened() -> AsyncIterator[Trial]:
        if server is None:
            yield OnAClock(ON_A_CLOCK[request.param])
            return
        server.start()
        trial = InRedis(server)
        await trial._redis.flushall()
        try:
            yield trial
        finally:
            await trial.close()

    return opened


def test_lets_through_as_many_as_the_limit_and_says_how_many_are_left(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            asked = [await trial.limiter.hit("key:a", THREE) for _ in range(5)]
            assert [each.allowed for each in asked] == [True, True, True, False, False]
            assert [each.remaining for each in asked] == [2, 1, 0, 0, 0]
            assert all(1 <= each.seconds <= 61 for each in asked)
            assert not trial.limiter.is_alone

    asyncio.run(tried())


def test_a_test_counts_nothing(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            for _ in range(5):
                assert await trial.limiter.test("key:a", THREE) == Allowance(allowed=True, remaining=2, seconds=60)
            for _ in range(3):
                await trial.limiter.hit("key:a", THREE)
            assert not (await trial.limiter.test("key:a", THREE)).allowed

    asyncio.run(tried())


def test_buckets_and_limits_are_counted_apart(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            for _ in range(4):
                await trial.limiter.hit("key:a", THREE)
            assert (await trial.limiter.hit("key:b", THREE)).remaining == 2
            assert (await trial.limiter.hit("key:é/{}", THREE)).remaining == 2
            assert (await trial.limiter.hit("key:a", RateLimit(3, 61))).remaining == 2

    asyncio.run(tried())


def test_who_waits_as_long_as_was_said_is_let_through(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            for _ in range(20):
                while (allowance := await trial.limiter.hit("key:a", THREE)).allowed:
                    await trial.pass_(7)
                await trial.pass_(allowance.seconds)
                assert (await trial.limiter.test("key:a", THREE)).allowed

    asyncio.run(tried())


def test_what_was_refused_does_not_count(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            for _ in range(100):
                last = await trial.limiter.hit("key:a", THREE)
            await trial.pass_(last.seconds)
            assert (await trial.limiter.hit("key:a", THREE)).allowed

    asyncio.run(tried())


def test_two_windows_later_all_is_free_again(trying: Opener) -> None:
    async def tried() -> None:
        async with trying() as trial:
            for _ in range(4):
                await trial.limiter.hit("key:a", THREE)
            await trial.pass_(121)
            assert (await trial.limiter.hit("key:a", THREE)).remaining == 2

    asyncio.run(tried())


STEPS = st.lists(st.floats(0, 40), min_size=1, max_size=60)


@pytest.mark.parametrize("kind", ON_A_CLOCK)
@given(amount=st.integers(1, 8), steps=STEPS)
def test_in_no_window_more_than_the_limit_and_in_no_span_more_than_twice_as_many(
    kind: str, amount: int, steps: list[float]
) -> None:
    async def tried() -> None:
        trial, limit = OnAClock(ON_A_CLOCK[kind]), RateLimit(amount, 60)
        passed: list[float] = []
        for step in steps:
            await trial.pass_(step)
            if (await trial.limiter.hit("key:a", limit)).allowed:
                passed.append(trial.seconds.now)
            else:
                recent = [moment for moment in passed if moment > trial.seconds.now - 120]
                assert len(recent) >= amount  # fewer in two windows' time are never refused
        for moment in passed:
            assert sum(moment // 60 == other // 60 for other in passed) <= amount
            assert sum(moment <= other < moment + 60 for other in passed) <= 2 * amount

    asyncio.run(tried())


@pytest.mark.parametrize("kind", ON_A_CLOCK)
@given(amount=st.integers(2, 30), late=st.floats(0, 60), more=st.floats(0, 10))
def test_who_keeps_evenly_to_one_less_than_the_limit_is_never_refused(
    kind: str, amount: int, late: float, more: float
) -> None:
    async def tried() -> None:
        trial, limit = OnAClock(ON_A_CLOCK[kind]), RateLimit(amount, 60)
        await trial.pass_(late)
        for _ in range(3 * amount):
            assert (await trial.limiter.hit("key:a", limit)).allowed
            await trial.pass_(60 / (amount - 1) + more)

    asyncio.run(tried())


@pytest.mark.parametrize("kind", ON_A_CLOCK)
@given(amount=st.integers(1, 8), steps=STEPS)
def test_who_waits_as_long_as_was_said_where_none_is_left_is_let_through(
    kind: str, amount: int, steps: list[float]
) -> None:
    async def tried() -> None:
        trial, limit = OnAClock(ON_A_CLOCK[kind]), RateLimit(amount, 60)
        for step in steps:
            await trial.pass_(step)
            allowance = await trial.limiter.hit("key:a", limit)
            if not allowance.remaining:
                refused = await trial.limiter.test("key:a", limit)
                assert (refused.allowed, refused.seconds) == (False, allowance.seconds)
                await trial.pass_(allowance.seconds)
                assert (await trial.limiter.test("key:a", limit)).allowed

    asyncio.run(tried())


@given(amount=st.integers(1, 5), steps=STEPS)
def test_the_fake_and_the_shared_memory_agree_to_the_last_number(amount: int, steps: list[float]) -> None:
    async def tried() -> None:
        seconds, limit = Seconds(), RateLimit(amount, 60)
        fake, shared = InMemoryRateLimiter(seconds), InTurn(memory(seconds, SEVERAL))
        for step in steps:
            seconds.now += step
            assert await shared.hit("key:a", limit) == await fake.hit("key:a", limit)

    asyncio.run(tried())


class TestSharedMemory:
    def test_two_that_are_asked_at_the_same_moment_let_through_one_more_at_most(self) -> None:
        # Each reads, all write: the worst that can happen.
        async def tried() -> None:
            workers = memory(Seconds(), SEVERAL)
            for _ in range(2):
                await workers[0].hit("key:a", THREE)
            asked = [await worker.test("key:a", THREE) for worker in workers]
            assert all(each.allowed for each in asked)

        asyncio.run(tried())

    def test_what_a_process_counted_stays_when_it_ends(self) -> None:
        memory = SharedMemory(2, descriptor := shareable(2))
        program = (
            "import asyncio, sys; sys.path = {path!r}\n"
            "from adapters.rate_limiters.shared_memory import SharedMemoryRateLimiter\n"
            "from domain.rate_limit import RateLimit\n"
            "from entrypoints.http.shared_memory import SharedMemory\n"
            "memory = SharedMemory(2, {descriptor})\n"
            "limiter = SharedMemoryRateLimiter(memory.counts_of_keys, 1, memory.secret)\n"
            "for _ in range(2): asyncio.run(limiter.hit('key:a', RateLimit(3, 86400)))\n"
        )
        subprocess.run(
            [sys.executable, "-P", "-c", program.format(path=sys.path, descriptor=descriptor)],
            pass_fds=[descriptor],
            check=True,
        )
        os.close(descriptor)
        limiter = SharedMemoryRateLimiter(memory.counts_of_keys, 0, memory.secret)
        assert asyncio.run(limiter.hit("key:a", RateLimit(3, 86_400))).remaining == 0
        other = SharedMemoryRateLimiter(memory.counts_of_failures, 0, memory.secret)
        assert asyncio.run(other.hit("key:a", RateLimit(3, 86_400))).remaining == 2

    def test_nobody_can_make_it_grow_and_who_was_counted_last_is_kept(self) -> None:
        async def tried() -> None:
            seconds = Seconds()
            (limiter,) = memory(seconds, sets=1)
            for number in range(8):
                seconds.now += 60
                await limiter.hit(f"address:{number}", RateLimit(3, 60))
            for number in range(1, 8):
                await limiter.hit(f"address:{number}", RateLimit(1000, 3600))  # of another length
            for number in range(1000):
                await limiter.hit(f"address:of a stranger {number}", RateLimit(3, 60))
            assert sum(map(bool, limiter._own[:8].tolist())) == 8

        asyncio.run(tried())

    def test_a_bucket_that_takes_anothers_place_begins_with_nothing(self) -> None:
        async def tried() -> None:
            (limiter,) = memory(Seconds(), sets=1)
            for number in range(100):
                for left in (2, 1):
                    assert (await limiter.hit(f"address:{number}", THREE)).remaining == left

        asyncio.run(tried())

    def test_a_stranger_cannot_know_who_shares_a_set(self) -> None:
        rows = [memoryview(bytearray(64 * CELLS_A_SET * 8)).cast("Q")]
        hashes = set()
        for secret in (b"one", b"another"):
            asyncio.run(SharedMemoryRateLimiter(rows, 0, secret).hit("key:a", THREE))
            hashes.add(tuple(cell for cell in rows[0].tolist() if cell))
        assert len(hashes) == 2


class TestRedis:
    def test_two_services_share_the_limit(self, redis_server: RedisServer) -> None:
        async def tried() -> None:
            redis_server.start()
            one, other = InRedis(redis_server), InRedis(redis_server)
            await one._redis.flushall()
            for remaining in (2, 0):
                await one.limiter.hit("key:shared", THREE)
                assert (await other.limiter.hit("key:shared", THREE)).remaining in {remaining, remaining - 1, 0}
            assert not (await one.limiter.hit("key:shared", THREE)).allowed
            for each in (one, other):
                await each.close()

        asyncio.run(tried())

    def test_what_a_key_has_is_forgotten_after_two_windows(self, redis_server: RedisServer) -> None:
        async def tried() -> None:
            redis_server.start()
            trial = InRedis(redis_server)
            await trial._redis.flushall()
            await trial.limiter.hit("key:a", THREE)
            left = [await trial._redis.pttl(key) async for key in trial._redis.scan_iter()]
            assert left
            assert all(0 < each <= 120_000 for each in left)
            await trial.close()

        asyncio.run(tried())

    def test_counts_for_itself_while_the_server_is_gone_and_with_it_again_when_it_is_back(
        self, redis_server: RedisServer
    ) -> None:
        async def tried() -> None:
            redis_server.start()
            seconds = Seconds()
            trial = InRedis(redis_server, seconds)
            await trial.limiter.hit("key:a", THREE)
            redis_server.stop()
            asked = await asyncio.gather(*(trial.limiter.hit("key:a", THREE) for _ in range(5)))
            assert sum(each.allowed for each in asked) == 3
            assert trial.limiter.is_alone
            redis_server.start()
            assert not (await trial.limiter.hit("key:a", THREE)).allowed  # it is not tried at once
            seconds.now += 1.5
            assert (await trial.limiter.hit("key:a", THREE)).remaining == 2
            assert not trial.limiter.is_alone
            assert [(call.method_name, *call.args) for call in trial.log.calls] == [
                ("warning", "rate limits are counted by each machine for itself, since Redis does not answer"),
                ("info", "rate limits are counted in Redis again"),
            ]
            assert PASSWORD not in str(trial.log.calls)
            await trial.close()

        asyncio.run(tried())

    def test_a_server_that_takes_too_long_counts_as_gone(self) -> None:
        async def tried() -> None:
            async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read()
                writer.close()

            server = await asyncio.start_server(silent, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            limiter = RedisRateLimiter(
                f"redis://127.0.0.1:{port}", None, InMemoryRateLimiter(), CapturingLogger(), Seconds()
            )
            assert (await limiter.hit("key:a", THREE)).remaining == 2
            assert limiter.is_alone
            await limiter.close()
            server.close()
            await server.wait_closed()

        asyncio.run(tried())
