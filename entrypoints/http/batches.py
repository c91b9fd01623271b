"""Threads of their own for batches: what takes long must not hold up the checks of other callers' keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from litestar import Litestar

T = TypeVar("T")

AT_ONCE = 2
"""How many batches are worked on at the same time; others wait for their turn."""


class BatchThreads:
    """Runs batches apart from the event loop, a few at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Ends the threads when the service stops; batches that have not begun are dropped."""
        try:
            yield
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
