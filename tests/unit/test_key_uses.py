"""When keys were last used."""

from datetime import timedelta

import pytest

from application.authenticate_key import AuthenticateKey
from application.issue_key import IssueKey
from application.key_uses import KeyUses, StoreKeyUses
from domain.api_key import Scope, Token
from domain.errors import KeyRejected, KeyStoreUnavailable, ScopeMissing
from tests.door import enter
from tests.example_keys import OPERATOR, example_key
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore


class Flaky(InMemoryKeyStore):
    """Keys in memory that cannot be written to for a while."""

    down = False

    def note_uses(self, uses: object) -> None:
        if self.down:
            raise KeyStoreUnavailable("down")
        super().note_uses(uses)  # type: ignore[arg-type]


def test_every_proof_of_a_key_is_a_use_and_nothing_else_is() -> None:
    keys, peppers, clock, log, uses = (
        InMemoryKeyStore(),
        InMemoryPepperStore(),
        FixedClock(),
        InMemoryKeyEventLog(),
        KeyUses(),
    )
    issue = IssueKey(keys, peppers, clock, log)
    used, scopeless, guessed = (issue("Valora SpA", ["value"], OPERATOR) for _ in range(3))
    authenticate = AuthenticateKey(keys, peppers, clock, log, uses=uses)

    enter(authenticate, used.token)
    clock.advance(timedelta(seconds=30))
    assert authenticate.let_in(used.key, Scope.VALUE)
    with pytest.raises(ScopeMissing):
        enter(authenticate, scopeless.token, Scope.KEYS_ADMIN)
    with pytest.raises(KeyRejected):
        enter(authenticate, Token(guessed.key.id, "0" * 43).reveal())
    StoreKeyUses(keys, uses)()

    at = NOON + timedelta(seconds=30)
    assert {key.id: key.last_used_at for key in keys.all().keys} == {
        used.key.id: at,
        scopeless.key.id: at,
        guessed.key.id: None,
    }


def test_a_use_is_stored_once() -> None:
    keys, uses, key = Flaky(), KeyUses(), example_key()
    keys.add(key)
    store = StoreKeyUses(keys, uses)
    uses.note(key.id, NOON)
    store()
    keys.down = True
    store()  # nothing is left that could not be stored


def test_uses_that_could_not_be_stored_are_stored_later_and_no_older_one_wins() -> None:
    keys, uses, early, late = Flaky(), KeyUses(), example_key(), example_key()
    keys.add(early)
    keys.add(late)
    store = StoreKeyUses(keys, uses)
    keys.down = True
    for key in (early, late):
        uses.note(key.id, NOON)
    with pytest.raises(KeyStoreUnavailable):
        store()
    uses.note(late.id, NOON + timedelta(minutes=1))
    keys.down = False
    store()

    found = [keys.find(key.id) for key in (early, late)]
    assert [key and key.last_used_at for key in found] == [NOON, NOON + timedelta(minutes=1)]
