"""When keys were last used, as the running service stores it."""

import asyncio
from pathlib import Path

from structlog.testing import CapturingLogger

from application.key_uses import KeyUses, StoreKeyUses
from domain.api_key import Scope
from domain.errors import KeyStoreUnavailable
from entrypoints.http.key_uses import KeyUseKeeper
from tests.example_keys import example_key
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.http.service import HOME, Service


def test_the_last_uses_are_stored_when_the_service_stops(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with service.running():
        token = service.token(Scope.VALUE)
        assert service.client.post("/predict", json=HOME, headers={"X-API-Key": token}).status_code == 200
    key = service.keys.find(token.split("_")[1])
    assert key
    assert key.last_used_at == NOON


async def keep(keeper: KeyUseKeeper, times: int) -> None:
    for _ in range(times):
        await keeper.keep()


def test_a_store_that_is_down_is_told_once_and_so_is_its_return() -> None:
    class Flaky(InMemoryKeyStore):
        down = True

        def note_uses(self, uses: object) -> None:
            if self.down:
                raise KeyStoreUnavailable("down")

    keys, uses, log = Flaky(), KeyUses(), CapturingLogger()
    keeper = KeyUseKeeper(StoreKeyUses(keys, uses), log)
    uses.note(example_key().id, NOON)
    asyncio.run(keep(keeper, 3))
    keys.down = False
    asyncio.run(keep(keeper, 2))
    assert [call.method_name for call in log.calls] == ["error", "info"]
