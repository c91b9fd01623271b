"""Threads of their own for what takes long: it must not hold up the checks of other callers' keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from litestar import Litestar

from domain.errors import DomainError

T = TypeVar("T")

AT_ONCE = 2
"""How many slow answers of a kind are worked on at the same time; others wait for their turn."""
MOST_WAITING = 64
"""How many may wait for it: each keeps what was sent with it in memory."""


class Overloaded(DomainError):
    """More is asked at once than can be answered in a reasonable time."""


class SlowThreads:
    """Runs slow work of one kind (batches, explanations) apart from the event loop, a few at a time.

    Where `most` are at work or waiting already, more is refused; None: any number may wait.
    """

    def __init__(self, kind: str, at_once: int = AT_ONCE, most: int | None = None) -> None:
        self._kind = kind
        self._most = most
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=kind)
        self.waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises what it raises, and Overloaded.

        Whoever stops waiting leaves it to end by itself: it counts as waiting until then.
        """
        if self._most is not None and self.waiting >= self._most:
            raise Overloaded(f"{self.waiting} requests for {self._kind} wait already")
        self.waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
        future.add_done_callback(self._ended)
        return await asyncio.shield(future)

    def _ended(self, future: "asyncio.Future[T]") -> None:
        self.waiting -= 1
        if not future.cancelled():
            future.exception()  # looked at, since nobody may be waiting any more

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Ends the threads when the service stops; what has not begun is dropped."""
        try:
            yield
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
