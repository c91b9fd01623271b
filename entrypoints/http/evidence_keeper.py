"""Looking after the evidence while the service runs, once a second."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from litestar import Litestar

from application.ports.evidence_archive import EvidenceArchive
from domain.errors import DomainError
from entrypoints.http.background import in_background
from entrypoints.http.slow_threads import SlowThreads

_SECONDS_FOR_CLOSING = 5.0
_SECONDS_BETWEEN_WARNINGS = 60.0


class EvidenceKeeper:
    """Has segments closed that are due, and this process's when the service stops. A failure is told once a minute."""

    def __init__(
        self,
        archive: EvidenceArchive,
        log: Any,
        seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive = archive
        self._log = log
        self._seconds = seconds
        self._clock = clock
        self._thread = SlowThreads("evidence", at_once=1)
        self._failed = False
        self._tell_from = float("-inf")

    @contextlib.asynccontextmanager
    async def running(self, litestar: Litestar) -> AsyncIterator[None]:
        """Looks after it as long as the context lasts."""
        async with self._thread.running(litestar):
            async with in_background(self._keep_tending):
                yield
            # What cannot be closed now, the next process to look after it closes.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._do(self._archive.close), _SECONDS_FOR_CLOSING)

    async def tend(self) -> None:
        """Looks after it once."""
        if await self._do(self._archive.tend) and self._failed:
            self._log.info("the evidence can be looked after again")
            self._failed, self._tell_from = False, float("-inf")

    async def _do(self, work: Callable[[], None]) -> bool:
        """Whether it was done; a failure is told."""
        try:
            await self._thread.run(work)
        except DomainError as error:
            self._tell(str(error))
        except Exception as error:  # a fault of ours must not end the service, nor the looking after
            self._tell(f"{type(error).__qualname__}: {error}")
        else:
            return True
        return False

    def _tell(self, cause: str) -> None:
        self._failed = True
        if self._clock() >= self._tell_from:
            self._tell_from = self._clock() + _SECONDS_BETWEEN_WARNINGS
            self._log.error("the evidence cannot be looked after", error=cause)

    async def _keep_tending(self) -> None:
        while True:
            await self.tend()
            await asyncio.sleep(self._seconds)
