"""Threads of their own for what takes long: it must not hold up the checks of other callers' keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from litestar import Litestar

T = TypeVar("T")

AT_ONCE = 2
"""How many slow answers of a kind are worked on at the same time; others wait for their turn."""
WAITING_AT_ONCE = 16
"""The same of answers that only wait for a disk: they wait for it together."""


class SlowThreads:
    """Runs slow answers of one kind (batches, explanations) apart from the event loop, a few at a time."""

    def __init__(self, kind: str, at_once: int = AT_ONCE) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=kind)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Ends the threads when the service stops; what has not begun is dropped."""
        try:
            yield
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
