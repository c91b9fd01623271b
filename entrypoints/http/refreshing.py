"""Keeping the served model the promoted one, while the service runs."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from litestar import Litestar

from application.served_model import ServedModel
from domain.errors import DomainError, NoModelServed
from entrypoints.http.background import in_background
from entrypoints.http.roster import Roster

_FIRST_MODEL = "train one with `tasador train`, or promote one with `tasador models promote`"
_LOOKS_TO_RETRY = 20
_SEE_BEFORE = "the lines before this one say why"


class ModelRefresher:
    """Looks for another promoted version twice a second, and logs what has changed, once each."""

    def __init__(self, served: ServedModel, log: Any, seconds: float, roster: Roster) -> None:
        self._served = served
        self._log = log
        self._seconds = seconds
        self._roster = roster
        # A thread of its own: a store that hangs must not hold up the checks of keys.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._logged: dict[str, object] = {}

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Refreshes once, and from then on in the background as long as the context lasts."""
        self._log.info("service started")
        await self.refresh()
        self._warn_without_model()
        try:
            async with in_background(self._keep_refreshing):
                yield
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._log.info("service stopped")

    async def refresh(self, *, retry: bool = True) -> None:
        """Serves the promoted version, if it can be loaded. A failure is logged; what is served stays then.

        `retry`: also where nothing was promoted since it was refused.
        """
        failure = None
        try:
            look = partial(self._served.refresh, retry=retry)
            await asyncio.get_running_loop().run_in_executor(self._thread, look)
        except DomainError as error:
            failure = str(error)
        except Exception as error:  # a fault of ours must not end the refreshing
            failure = f"{type(error).__qualname__}: {error}"
        self._tell(failure)

    async def _keep_refreshing(self) -> None:
        for look in itertools.count(1):
            await asyncio.sleep(self._seconds)
            await self.refresh(retry=look % _LOOKS_TO_RETRY == 0)

    def _warn_without_model(self) -> None:
        if served_version(self._served) is None:
            explained = self._logged.get("failure") or self._served.refusals
            self._log.warning("no model is served yet", hint=_SEE_BEFORE if explained else _FIRST_MODEL)

    def _tell(self, failure: str | None) -> None:
        if self._changed("failure", failure):
            if failure:
                self._log.error("models cannot be looked up", error=failure)
            else:
                self._log.info("models can be looked up again")
        refusals = self._served.refusals
        if self._changed("refusals", refusals or None):
            for refusal in refusals:
                self._log.error("model refused", version=refusal.version, reason=refusal.reason)
        version = served_version(self._served)
        self._roster.tell_version(version)
        if self._changed("version", version):
            self._log.info("model served", version=version)

    def _changed(self, what: str, state: object) -> bool:
        before, self._logged[what] = self._logged.get(what), state
        return state != before


def served_version(served: ServedModel) -> str | None:
    """The name of the version that is served, or None."""
    try:
        return served.current().description.version
    except NoModelServed:
        return None
