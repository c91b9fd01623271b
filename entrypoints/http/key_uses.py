"""Storing when keys were last used, once a minute."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar

from application.key_uses import StoreKeyUses
from domain.errors import DomainError
from entrypoints.http.background import in_background

_SECONDS_FOR_THE_LAST = 2.0


class KeyUseKeeper:
    """Has the uses of keys stored every so often, and when the service stops. A store that is down is told once."""

    def __init__(self, store: StoreKeyUses, log: Any, seconds: float = 60.0) -> None:
        self._store = store
        self._log = log
        self._seconds = seconds
        self._failure: str | None = None

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Keeps the uses as long as the context lasts."""
        async with in_background(self._keep_storing):
            yield
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.keep(), _SECONDS_FOR_THE_LAST)

    async def keep(self) -> None:
        """Stores what was noted."""
        failure = None
        try:
            await asyncio.to_thread(self._store)
        except DomainError as error:
            failure = str(error)
        except Exception as error:  # a fault of ours must not end the keeping
            failure = f"{type(error).__qualname__}: {error}"
        if failure and not self._failure:
            self._log.error("the uses of keys cannot be stored", error=failure)
        elif self._failure and not failure:
            self._log.info("the uses of keys can be stored again")
        self._failure = failure

    async def _keep_storing(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self.keep()
