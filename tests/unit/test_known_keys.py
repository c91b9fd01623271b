"""Keys that are remembered: never longer than promised, and never more than that they were let in."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from application.authenticate_key import AuthenticateKey
from application.issue_key import IssueKey
from application.known_keys import KnownKeys
from domain.api_key import ApiKey, Pepper, Scope, Token
from domain.errors import KeyRejected, KeyStoreUnavailable
from tests.door import enter
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog, KeyEvent
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore

LONGEST = 10.0
"""Seconds after which a revocation must hold everywhere."""


class CountingKeyStore(InMemoryKeyStore):
    """Keys in memory that count how often they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.down = False

    def find(self, key_id: str) -> ApiKey | None:
        self.asked += 1
        if self.down:
            raise KeyStoreUnavailable("down")
        return super().find(key_id)


@dataclass
class Door:
    """A door with one key to it, that was just let in."""

    keys: CountingKeyStore = field(default_factory=CountingKeyStore)
    clock: FixedClock = field(default_factory=FixedClock)
    log: InMemoryKeyEventLog = field(default_factory=InMemoryKeyEventLog)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        peppers = InMemoryPepperStore()
        issue = IssueKey(self.keys, peppers, self.clock, InMemoryKeyEventLog())
        self.issued = issue("Valora SpA", ("value",), OPERATOR, timedelta(days=30))
        known = KnownKeys(lambda: self.seconds)
        self.authenticate = AuthenticateKey(self.keys, peppers, self.clock, self.log, known=known)
        enter(self.authenticate, self.issued.token)
        self.keys.asked = 0

    def enter(self, presented: str | None = None) -> ApiKey:
        """As the service lets in: at once, or by asking the store."""
        token = presented or self.issued.token
        key = self.authenticate.at_once(token)
        return self.authenticate.let_in(key, Scope.VALUE, "r") if key else enter(self.authenticate, token, request="r")


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_key_that_was_let_in_is_let_in_again_without_asking(door: Door) -> None:
    assert door.enter() == door.issued.key
    assert door.keys.asked == 0
    assert door.log.events[-1] == KeyEvent("validated", door.issued.key.id, {"needed": "value", "request": "r"})


def test_a_revocation_holds_within_ten_seconds_however_often_the_key_is_used(door: Door) -> None:
    door.enter()
    door.keys.revoke(door.issued.key.id, door.clock.now())

    def use_it() -> None:
        while door.seconds < LONGEST:
            door.enter()
            door.seconds += 0.25

    with pytest.raises(KeyRejected):
        use_it()


def test_a_revocation_that_one_request_notices_holds_for_all(door: Door) -> None:
    door.keys.revoke(door.issued.key.id, door.clock.now())
    with pytest.raises(KeyRejected):
        enter(door.authenticate, door.issued.token)
    assert door.authenticate.at_once(door.issued.token) is None


def test_what_a_slow_store_said_is_as_old_as_the_question(door: Door) -> None:
    # The store is asked, the key is revoked, and the answer comes when it is no longer true.
    known, key = door.authenticate.known, door.issued.key
    asked_at = known.now()
    door.seconds += LONGEST
    known.remember(key, Pepper.generate(), asked_at)
    assert known.find(key.id) is None


def test_a_key_in_use_is_asked_for_by_one_request_on_behalf_of_all(door: Door) -> None:
    door.seconds = 2.5
    first, *others = (door.authenticate.at_once(door.issued.token) for _ in range(20))
    assert first is None
    assert all(others)
    enter(door.authenticate, door.issued.token)
    assert door.enter() == door.issued.key
    assert door.keys.asked == 1


def test_a_slow_store_leaves_what_it_said_lately(door: Door) -> None:
    door.seconds = 7.9
    assert door.authenticate.meanwhile(door.issued.token) == door.issued.key
    door.seconds = 8.0
    assert door.authenticate.meanwhile(door.issued.token) is None
    assert not door.authenticate.known.store_is_down


def test_an_expiry_holds_at_once(door: Door) -> None:
    door.clock.advance(timedelta(days=30))
    with pytest.raises(KeyRejected):
        door.enter()


def test_whoever_presents_a_known_key_has_to_prove_it(door: Door) -> None:
    guess = Token(door.issued.key.id, "0" * 43).reveal()
    with pytest.raises(KeyRejected):
        door.enter(guess)
    assert door.log.events[-1].details["cause"] == "wrong_secret"


@pytest.mark.parametrize("presented", [None, "", "nonsense"])
def test_what_is_no_token_is_known_to_nobody(door: Door, presented: str | None) -> None:
    assert door.authenticate.at_once(presented) is None


def test_nobody_is_turned_away_from_memory(door: Door) -> None:
    stranger = Token.generate()
    for _ in range(2):
        with pytest.raises(KeyRejected):
            door.enter(stranger.reveal())
    assert door.keys.asked == 2


@dataclass
class Outage:
    """A door whose store goes down: it lets in as the service does, from memory where the store does not answer."""

    door: Door

    def enter(self) -> ApiKey:
        authenticate, token = self.door.authenticate, self.door.issued.token
        key = authenticate.at_once(token)
        if key is None:
            try:
                return authenticate.ask(token)
            except KeyStoreUnavailable:
                key = authenticate.without_store(token)
                if key is None:
                    raise
        return key


@pytest.fixture
def outage(door: Door) -> Outage:
    door.keys.down = True
    return Outage(door)


@pytest.mark.parametrize("step", [0.25, 7.0, 59.9])
def test_a_known_key_serves_on_for_a_minute_without_the_store_and_no_longer(outage: Outage, step: float) -> None:
    while outage.door.seconds < 60.0:
        assert outage.enter() == outage.door.issued.key
        outage.door.seconds += step
    outage.door.seconds = max(outage.door.seconds, 60.0)
    with pytest.raises(KeyStoreUnavailable):
        outage.enter()


def test_the_store_is_asked_once_a_second_while_it_is_down(outage: Outage) -> None:
    outage.door.seconds = 10.0
    for _ in range(100):
        outage.enter()
        outage.door.seconds += 0.1
    assert outage.door.keys.asked <= 11


def test_what_the_store_says_when_it_is_back_counts_at_once(outage: Outage) -> None:
    door = outage.door
    door.seconds = 30.0
    outage.enter()
    door.keys.revoke(door.issued.key.id, door.clock.now())
    door.keys.down = False
    door.seconds += 1.0
    with pytest.raises(KeyRejected):
        outage.enter()
    assert door.authenticate.without_store(door.issued.token) is None


def test_a_key_that_expires_while_the_store_is_down_ends(outage: Outage) -> None:
    outage.door.clock.advance(timedelta(days=30))
    with pytest.raises(KeyStoreUnavailable):
        outage.enter()


def test_an_unknown_key_is_not_called_wrong_while_the_store_is_down(outage: Outage) -> None:
    for token in (Token.generate().reveal(), Token(outage.door.issued.key.id, "0" * 43).reveal()):
        with pytest.raises(KeyStoreUnavailable):
            outage.door.authenticate.ask(token)
        assert outage.door.authenticate.without_store(token) is None


def test_no_more_keys_are_remembered_than_there_is_room_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.known_keys._MOST", 2)
    known = KnownKeys(lambda: 0.0)
    names = [f"{number:012}" for number in range(3)]
    for name in names:
        key = ApiKey(
            name, "a", "0" * 64, "p", frozenset({Scope.VALUE}), door.issued.key.created_at, door.issued.key.expires_at
        )
        known.remember(key, Pepper.generate(), 0.0)
    assert [known.find(name) is not None for name in names] == [False, True, True]
    known.remember(key, Pepper.generate(), 0.0)
    assert [known.find(name) is not None for name in names] == [False, True, True]


def test_a_key_that_was_right_once_is_recognised_however_long_ago_and_lets_nobody_in(door: Door) -> None:
    door.seconds = 3600.0
    assert door.authenticate.remembers(door.issued.token)
    assert not door.authenticate.remembers(Token(door.issued.key.id, "0" * 43).reveal())
    assert not any(door.authenticate.remembers(other) for other in (None, "nonsense", Token.generate().reveal()))
    assert door.authenticate.at_once(door.issued.token) is None
    assert door.authenticate.without_store(door.issued.token) is None
