"""Revoking keys."""

from datetime import timedelta

import pytest

from application.issue_key import IssueKey
from application.revoke_key import RevokeKey
from domain.errors import KeyNotFound
from tests.example_keys import OPERATOR, example_key
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog, KeyEvent
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore


def test_a_key_is_revoked_now_and_that_is_recorded() -> None:
    keys, log = InMemoryKeyStore(), InMemoryKeyEventLog()
    key = example_key()
    keys.add(key)

    revoked = RevokeKey(keys, FixedClock(), log)(key.id, OPERATOR)

    assert revoked == keys.find(key.id) == key.revoked(NOON, "operator")
    assert log.events == [KeyEvent("revoked", key.id, {"by": "operator", "label": key.label, "reason": ""})]


def test_revoking_again_changes_and_records_nothing() -> None:
    keys, log, clock = InMemoryKeyStore(), InMemoryKeyEventLog(), FixedClock()
    key = example_key()
    keys.add(key)
    revoke = RevokeKey(keys, clock, log)
    revoke(key.id, OPERATOR)
    clock.advance(timedelta(days=1))

    assert revoke(key.id, OPERATOR).revoked_at == NOON
    assert len(log.events) == 1


def test_an_unknown_key_is_named() -> None:
    log = InMemoryKeyEventLog()
    with pytest.raises(KeyNotFound, match="Unknown00000"):
        RevokeKey(InMemoryKeyStore(), FixedClock(), log)("Unknown00000", OPERATOR)
    assert log.events == []


def test_a_token_given_instead_of_an_id_is_not_repeated() -> None:
    keys, log = InMemoryKeyStore(), InMemoryKeyEventLog()
    issued = IssueKey(keys, InMemoryPepperStore(), FixedClock(), log)("Valora SpA", ["value"], OPERATOR)

    with pytest.raises(KeyNotFound, match="12 letters and digits") as caught:
        RevokeKey(keys, FixedClock(), log)(issued.token, OPERATOR)

    assert issued.token not in str(caught.value)
    assert issued.key.revoked_at is None
