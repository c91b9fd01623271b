"""Who is let in, who is not, and what is written down of it."""

from datetime import datetime, timedelta

import pytest

from application.authenticate_key import AuthenticateKey
from application.issue_key import IssuedKey, IssueKey
from application.ports.key_store import KeptKeys
from domain.api_key import ApiKey, Pepper, Scope, Token
from domain.errors import KeyRejected, KeyStoreUnavailable, ScopeMissing, SecretUnavailable
from tests.door import enter
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog, KeyEvent
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore


class UnreachableKeyStore(InMemoryKeyStore):
    """A key store whose database is down."""

    def add(self, key: ApiKey) -> None:
        raise KeyStoreUnavailable("down")

    def find(self, key_id: str) -> ApiKey | None:
        raise KeyStoreUnavailable("down")

    def all(self) -> KeptKeys:
        raise KeyStoreUnavailable("down")

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        raise KeyStoreUnavailable("down")


class CountingPepper(Pepper):
    """A pepper that notes every hash that a secret is compared with."""

    __slots__ = ("compared_with",)

    compared_with: list[str]

    def matches(self, key_secret: str, secret_hash: str) -> bool:
        self.compared_with.append(secret_hash)
        return super().matches(key_secret, secret_hash)


def counting() -> CountingPepper:
    made = Pepper.generate()
    pepper = CountingPepper(made.id, made.secret)
    object.__setattr__(pepper, "compared_with", [])  # frozen
    return pepper


class OnePepper(InMemoryPepperStore):
    """A pepper store whose only pepper, the current one, counts."""

    def __init__(self) -> None:
        super().__init__()
        self.pepper = counting()

    def is_empty(self) -> bool:
        return False

    def current(self) -> Pepper:
        return self.pepper

    def find(self, pepper_id: str) -> Pepper | None:
        return self.pepper if pepper_id == self.pepper.id else None


class Door:
    """A service with one key issued to a client."""

    def __init__(self) -> None:
        self.keys = InMemoryKeyStore()
        self.peppers = InMemoryPepperStore()
        self.clock = FixedClock()
        self.log = InMemoryKeyEventLog()
        self.of_strangers = counting()
        self.issued = self.issue()

    def issue(self, *scopes: str) -> IssuedKey:
        issue = IssueKey(self.keys, self.peppers, self.clock, InMemoryKeyEventLog())
        return issue("Valora SpA", scopes or ("value", "models:read"), OPERATOR, timedelta(days=30))

    @property
    def token(self) -> Token:
        token = Token.parse(self.issued.token)
        assert token is not None
        return token

    def enter(self, presented: str | None, needed: Scope = Scope.VALUE) -> ApiKey:
        authenticate = AuthenticateKey(self.keys, self.peppers, self.clock, self.log, self.of_strangers)
        return enter(authenticate, presented, needed, "req-7")

    def refusal(self, presented: str | None) -> KeyRejected:
        with pytest.raises(KeyRejected) as caught:
            self.enter(presented)
        return caught.value


@pytest.fixture
def door() -> Door:
    return Door()


def refused(cause: str, key_id: str | None = None) -> KeyEvent:
    return KeyEvent("refused", key_id, {"cause": cause, "request": "req-7"})


def test_a_valid_key_is_let_in_and_that_is_recorded(door: Door) -> None:
    assert door.enter(door.issued.token, Scope.MODELS_READ) == door.issued.key
    assert door.log.events == [
        KeyEvent("validated", door.issued.key.id, {"needed": "models:read", "request": "req-7"}),
    ]


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_key_is_refused(door: Door, nothing: str | None) -> None:
    assert door.refusal(nothing).cause == "missing"
    assert door.log.events == [refused("missing")]


def test_an_unknown_key_is_refused(door: Door) -> None:
    stranger = Token.generate()
    refusal = door.refusal(stranger.reveal())
    assert (refusal.cause, refusal.key_id) == ("unknown", stranger.key_id)
    assert door.log.events == [refused("unknown", stranger.key_id)]


@pytest.mark.parametrize("known", [True, False])
def test_a_key_costs_one_comparison_of_hashes_whether_it_is_known_or_not(door: Door, known: bool) -> None:
    door.peppers = peppers = OnePepper()
    issued = Token.parse(door.issue().token)
    assert issued is not None
    guess = Token(issued.key_id if known else Token.generate().key_id, Token.generate().secret)

    assert door.refusal(guess.reveal()).cause == ("wrong_secret" if known else "unknown")

    (compared_with,) = peppers.pepper.compared_with + door.of_strangers.compared_with
    assert len(compared_with) == 64


def test_a_wrong_secret_is_refused(door: Door) -> None:
    guess = Token(door.token.key_id, Token.generate().secret)
    assert door.refusal(guess.reveal()).cause == "wrong_secret"
    assert door.log.events == [refused("wrong_secret", guess.key_id)]


def test_another_keys_secret_is_refused(door: Door) -> None:
    other = Token.parse(door.issue().token)
    assert other is not None
    assert door.refusal(Token(door.token.key_id, other.secret).reveal()).cause == "wrong_secret"


def test_a_revoked_key_is_refused_from_that_moment(door: Door) -> None:
    door.enter(door.issued.token)
    door.keys.revoke(door.issued.key.id, door.clock.now())
    assert door.refusal(door.issued.token).cause == "revoked"
    assert door.log.events[-1] == refused("revoked", door.issued.key.id)


def test_an_expired_key_is_refused_from_the_moment_of_expiry(door: Door) -> None:
    door.clock.advance(timedelta(days=30) - timedelta(microseconds=1))
    door.enter(door.issued.token)
    door.clock.advance(timedelta(microseconds=1))
    assert door.refusal(door.issued.token).cause == "expired"
    assert door.log.events[-1] == refused("expired", door.issued.key.id)


def test_a_key_revoked_and_expired_is_revoked(door: Door) -> None:
    door.keys.revoke(door.issued.key.id, door.clock.now())
    door.clock.advance(timedelta(days=31))
    assert door.refusal(door.issued.token).cause == "revoked"


def test_a_guess_at_a_dead_key_is_a_wrong_secret(door: Door) -> None:
    door.keys.revoke(door.issued.key.id, door.clock.now())
    door.clock.advance(timedelta(days=31))
    guess = Token(door.token.key_id, Token.generate().secret)
    assert door.refusal(guess.reveal()).cause == "wrong_secret"


def test_of_a_key_whose_pepper_is_lost_nothing_can_be_said(door: Door) -> None:
    """The service's own fault: its owner is not told that the key is wrong."""
    door.peppers = InMemoryPepperStore()
    with pytest.raises(SecretUnavailable, match=door.issued.key.id):
        door.enter(door.issued.token)


def test_a_stranger_makes_no_pepper(door: Door) -> None:
    class NoCurrentPepper(InMemoryPepperStore):
        def current(self) -> Pepper:
            raise AssertionError("only issuing a key makes a pepper")

    door.peppers = NoCurrentPepper()
    assert door.refusal(Token.generate().reveal()).cause == "unknown"


def test_a_key_outlives_the_rotation_of_the_pepper(door: Door) -> None:
    door.peppers.rotate()
    assert door.enter(door.issued.token) == door.issued.key
    newer = door.issue()
    assert newer.key.pepper_id != door.issued.key.pepper_id
    assert door.enter(newer.token) == newer.key


def test_every_refusal_reads_the_same(door: Door) -> None:
    messages = {
        str(door.refusal(None)),
        str(door.refusal("nonsense")),
        str(door.refusal(Token.generate().reveal())),
        str(door.refusal(Token(door.token.key_id, Token.generate().secret).reveal())),
    }
    door.clock.advance(timedelta(days=30))
    messages.add(str(door.refusal(door.issued.token)))
    door.keys.revoke(door.issued.key.id, door.clock.now())
    messages.add(str(door.refusal(door.issued.token)))

    assert len(messages) == 1


@pytest.mark.parametrize("mistyped", ["swap", "cut", "space", "line", "unicode", "huge"])
def test_a_malformed_token_touches_no_store_and_is_not_recorded(door: Door, mistyped: str) -> None:
    token = door.issued.token
    presented = {
        "swap": token[:20] + ("A" if token[20] != "A" else "B") + token[21:],
        "cut": token[:-1],
        "space": token + " ",
        "line": token + "\nvalidated",
        "unicode": "ñ" + token[1:],
        "huge": token * 10_000,
    }[mistyped]
    log = InMemoryKeyEventLog()
    authenticate = AuthenticateKey(UnreachableKeyStore(), InMemoryPepperStore(), door.clock, log)

    with pytest.raises(KeyRejected) as caught:
        enter(authenticate, presented, Scope.VALUE, "req-7")

    assert (caught.value.cause, caught.value.key_id) == ("malformed", None)
    assert log.events == [refused("malformed")]


def test_a_scope_that_the_key_lacks_is_named(door: Door) -> None:
    with pytest.raises(ScopeMissing, match="keys:admin"):
        door.enter(door.issued.token, Scope.KEYS_ADMIN)
    details = {"cause": "scope", "needed": "keys:admin", "request": "req-7"}
    assert door.log.events == [KeyEvent("refused", door.issued.key.id, details)]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_gives_itself_and_nothing_else(door: Door, scope: Scope) -> None:
    issued = door.issue(scope.value)
    for needed in Scope:
        if needed == scope:
            assert door.enter(issued.token, needed) == issued.key
        else:
            with pytest.raises(ScopeMissing):
                door.enter(issued.token, needed)


def test_scopes_are_not_told_to_who_holds_no_valid_key(door: Door) -> None:
    door.keys.revoke(door.issued.key.id, door.clock.now())
    with pytest.raises(KeyRejected):
        door.enter(door.issued.token, Scope.KEYS_ADMIN)


def test_nothing_is_said_of_a_key_while_the_store_is_down(door: Door) -> None:
    authenticate = AuthenticateKey(UnreachableKeyStore(), door.peppers, door.clock, door.log)
    for presented in (door.issued.token, Token.generate().reveal()):
        with pytest.raises(KeyStoreUnavailable):
            enter(authenticate, presented)
    assert door.log.events == []
