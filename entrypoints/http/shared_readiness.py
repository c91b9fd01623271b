"""Asking the parts of the service whether they can be reached, once for all who want to know."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar

from application.check_readiness import CheckReadiness, Readiness
from entrypoints.http.security import SECONDS_TO_ANSWER


class SharedReadiness:
    """Asks each part in a thread of its own, so that one that hangs hides no other and holds up nothing else.

    Whoever comes while the parts are asked shares the answer. A part that has not answered yet is not asked again.
    """

    def __init__(self, check: CheckReadiness) -> None:
        self._check = check
        self._parts = check.parts
        self._threads = ThreadPoolExecutor(len(self._parts), thread_name_prefix="readiness")
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._round: asyncio.Task[Readiness] | None = None

    async def now(self) -> Readiness:
        """What the parts say; of one that does not answer within SECONDS_TO_ANSWER, just that."""
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._ask())
        return await asyncio.shield(self._round)

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Waits for no part any more when the service stops."""
        try:
            yield
        finally:
            for answer in self._asked.values():
                answer.cancel()
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self) -> Readiness:
        loop = asyncio.get_running_loop()
        hanging = {part for part, answer in self._asked.items() if not answer.done()}
        asked = {
            part: loop.run_in_executor(self._threads, ask) for part, ask in self._parts.items() if part not in hanging
        }
        self._asked |= asked
        if asked:
            await asyncio.wait(asked.values(), timeout=SECONDS_TO_ANSWER)
        return self._check.judge({part: _said(self._asked[part]) for part in self._parts})


def _said(answer: "asyncio.Future[str]") -> str:
    return answer.result() if answer.done() else f"has not answered in {SECONDS_TO_ANSWER:g} s"
