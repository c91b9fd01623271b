"""A key store that is slow, hangs, fails or comes back, as callers meet it at the door."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from application.authenticate_key import AuthenticateKey
from application.issue_key import IssueKey
from application.known_keys import KnownKeys
from domain.api_key import ApiKey, Scope, Token
from domain.errors import KeyRejected, KeyStoreSpoiled, KeyStoreUnavailable, SecretUnavailable
from entrypoints.http import security
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.metrics import Metrics
from entrypoints.http.roster import Roster
from entrypoints.http.throttling import FailedKeys, TooManyLookUps
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fakes.in_memory_rate_limiter import InMemoryRateLimiter


class Moody(InMemoryKeyStore):
    """Keys that are found once `go_on` is set, and never while there is a `fault`; of strangers it knows at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()
        self.fault: Exception | None = None

    def find(self, key_id: str) -> ApiKey | None:
        found = super().find(key_id)
        if found:
            assert self.go_on.wait(20)
        if self.fault:
            raise self.fault
        return super().find(key_id)


class Watched(KnownKeys):
    """Memory that tells whether anybody has waited so long that he wonders whether the store answers at all."""

    wondered = False

    def answered_since(self, moment: float) -> bool:
        self.wondered = True
        return super().answered_since(moment)


class Door:
    """The guard before the routes, over a moody store; `seconds` is the clock by which memory grows old."""

    def __init__(self) -> None:
        self.keys, self.peppers, self.clock = Moody(), InMemoryPepperStore(), FixedClock()
        self.log, self.seconds = InMemoryKeyEventLog(), 100.0
        self.known = Watched(lambda: self.seconds)
        self.authenticate = AuthenticateKey(self.keys, self.peppers, self.clock, self.log, known=self.known)
        metrics, counts = Metrics(Roster.alone()), InMemoryRateLimiter(lambda: self.seconds)
        self.failed = FailedKeys(counts, None, self.log, metrics)
        self._guard: Any = security.key_guard(self.authenticate, KeyLimits(counts, None, metrics), self.failed)
        issue = IssueKey(self.keys, self.peppers, self.clock, InMemoryKeyEventLog())
        self.issued = issue("a test", list(Scope), OPERATOR)

    async def enter(self, token: str | None = None, needed: Scope = Scope.VALUE) -> ApiKey:
        presented = (token or self.issued.token).encode()
        scope: Any = {
            "method": "GET",
            "path": "/",
            "headers": [(b"x-api-key", presented)],
            "client": None,
            "state": {},
            "query_string": b"",
        }
        await self._guard(SimpleNamespace(scope=scope), SimpleNamespace(opt={"scope": needed}))
        key: ApiKey = scope["auth"]
        return key

    async def answered(self, token: str, needed: Scope = Scope.VALUE) -> None:
        """Waits until the store has answered a caller who is turned away."""
        with pytest.raises(KeyRejected):
            await self.enter(token, needed)

    def events(self) -> list[str]:
        return [event.event for event in self.log.events]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A door whose only key was let in a moment ago, and whose callers have little patience."""
    monkeypatch.setattr(security, "SECONDS_OF_PATIENCE", 0.02)
    monkeypatch.setattr(security, "SECONDS_UNTIL_SILENT", 0.1)
    door = Door()
    asyncio.run(door.enter())
    yield door
    door.keys.go_on.set()


STRANGER = Token.generate().reveal()


def test_a_slow_store_keeps_nobody_waiting_whom_it_knew_lately_and_is_not_taken_to_be_down(door: Door) -> None:
    async def visit() -> None:
        door.seconds += 3.0
        door.keys.go_on.clear()
        assert await door.enter() == door.issued.key
        assert not door.known.store_is_down
        door.keys.go_on.set()

    asyncio.run(visit())
    assert door.events() == ["validated"] * 2


def test_an_answer_that_comes_late_is_heeded(door: Door) -> None:
    async def visit() -> None:
        door.seconds += 3.0
        door.keys.go_on.clear()
        assert await door.enter() == door.issued.key
        door.keys.revoke(door.issued.key.id, door.clock.now())
        door.keys.go_on.set()
        while door.known.recall(door.issued.key.id) is not None:
            await asyncio.sleep(0)
        with pytest.raises(KeyRejected):
            await door.enter()

    asyncio.run(visit())


def test_while_it_answers_others_nobody_is_let_in_on_what_it_said_long_ago(door: Door) -> None:
    async def visit() -> None:
        door.seconds += 20.0
        door.keys.revoke(door.issued.key.id, door.clock.now())
        door.keys.go_on.clear()
        asking = asyncio.create_task(door.enter())
        await asyncio.sleep(0)
        await door.answered(STRANGER)
        while not door.known.wondered:
            await asyncio.sleep(0)
        assert not asking.done()
        assert not door.known.store_is_down
        door.keys.go_on.set()
        with pytest.raises(KeyRejected):
            await asking

    asyncio.run(visit())


def test_a_store_that_answers_nobody_is_down_and_then_costs_known_keys_no_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit() -> None:
        door.seconds += 20.0
        door.keys.go_on.clear()
        assert await door.enter() == door.issued.key
        assert door.known.store_is_down
        monkeypatch.setattr(security, "SECONDS_OF_PATIENCE", 600.0)
        monkeypatch.setattr(security, "SECONDS_UNTIL_SILENT", 600.0)
        for _ in range(5):
            door.seconds += 1.0
            assert await door.enter() == door.issued.key
        door.keys.go_on.set()

    asyncio.run(visit())


@pytest.mark.parametrize(
    "fault", [KeyStoreUnavailable("down"), SecretUnavailable("no pepper"), KeyStoreSpoiled("no key file")]
)
def test_a_key_of_the_last_minute_is_let_in_whatever_keeps_the_store_from_answering(
    door: Door, fault: Exception
) -> None:
    door.seconds += 59.0
    door.keys.fault = fault
    assert asyncio.run(door.enter()) == door.issued.key
    door.seconds += 1.0
    with pytest.raises(type(fault)):
        asyncio.run(door.enter())


def test_when_it_answers_again_its_word_counts_at_once(door: Door) -> None:
    async def visit() -> None:
        door.seconds += 20.0
        door.keys.fault = KeyStoreUnavailable("down")
        assert await door.enter() == door.issued.key
        assert door.known.store_is_down
        door.keys.fault = None
        await door.answered(STRANGER)
        assert not door.known.store_is_down
        door.keys.revoke(door.issued.key.id, door.clock.now())
        with pytest.raises(KeyRejected):
            await door.enter()

    asyncio.run(visit())


@pytest.mark.parametrize("needed", [Scope.KEYS_ADMIN, Scope.MODELS_WRITE])
def test_who_would_change_something_is_never_let_in_from_memory(door: Door, needed: Scope) -> None:
    assert asyncio.run(door.enter(needed=needed)) == door.issued.key
    door.keys.fault = KeyStoreUnavailable("down")
    assert asyncio.run(door.enter()) == door.issued.key
    with pytest.raises(KeyStoreUnavailable):
        asyncio.run(door.enter(needed=needed))


def test_a_queue_of_suspects_says_nothing_of_the_store(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> ApiKey:
        raise TooManyLookUps("too many")

    monkeypatch.setattr(FailedKeys, "look_up", full)
    door.seconds += 20.0
    with pytest.raises(TooManyLookUps):
        asyncio.run(door.enter())
    assert not door.known.store_is_down


def test_of_a_stranger_nothing_is_said_while_it_is_silent(door: Door) -> None:
    async def visit() -> None:
        door.keys.fault = KeyStoreUnavailable("down")
        with pytest.raises(KeyStoreUnavailable):
            await door.enter(STRANGER)

    asyncio.run(visit())
    assert "refused" not in door.events()
