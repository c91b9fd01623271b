"""Rotating keys, and the pepper under which they are hashed."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.authenticate_key import AuthenticateKey
from application.issue_key import IssuedKey, IssueKey
from application.known_keys import KnownKeys
from application.list_keys import ListKeyEvents
from application.ports.key_store import KeptKeys
from application.revoke_key import RevokeKey
from application.rotate_key import RotatedKey, RotateKey
from application.rotate_pepper import RotatePepper
from domain.api_key import ApiKey, KeyAdmin, Scope
from domain.errors import (
    InvalidKeyRequest,
    KeyNotActive,
    KeyNotFound,
    KeyRejected,
    KeyStoreUnavailable,
    ScopeNotHeld,
    SecretUnavailable,
)
from tests.door import enter
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore


@dataclass
class Office:
    """Where keys are issued, rotated and checked."""

    keys: InMemoryKeyStore = field(default_factory=InMemoryKeyStore)
    peppers: InMemoryPepperStore = field(default_factory=InMemoryPepperStore)
    clock: FixedClock = field(default_factory=FixedClock)
    log: InMemoryKeyEventLog = field(default_factory=InMemoryKeyEventLog)

    def issue(self, *scopes: str, lifetime: timedelta = timedelta(days=30)) -> IssuedKey:
        issue = IssueKey(self.keys, self.peppers, self.clock, self.log)
        return issue("Valora SpA", scopes or ("value",), OPERATOR, lifetime)

    def rotate(self, key_id: str, by: KeyAdmin = OPERATOR, **how: Any) -> RotatedKey:
        return RotateKey(self.keys, self.peppers, self.clock, self.log)(key_id, by, **how)

    def lets_in(self, token: str) -> bool:
        try:
            enter(AuthenticateKey(self.keys, self.peppers, self.clock, self.log), token)
        except KeyRejected:
            return False
        return True


@pytest.fixture
def office() -> Office:
    return Office()


def test_both_keys_open_the_door_during_the_overlap_and_the_new_one_afterwards(office: Office) -> None:
    old = office.issue("value", "models:read")
    new = office.rotate(old.key.id, overlap=timedelta(hours=2)).issued

    assert office.lets_in(old.token)
    assert office.lets_in(new.token)
    office.clock.advance(timedelta(hours=2))
    assert not office.lets_in(old.token)
    assert office.lets_in(new.token)


def test_the_new_key_has_the_label_and_scopes_of_the_old_one_and_lives_as_long_again(office: Office) -> None:
    old = office.issue("value", "models:read", lifetime=timedelta(days=30)).key
    office.clock.advance(timedelta(days=10))

    rotated = office.rotate(old.id)

    new = rotated.issued.key
    assert (new.label, new.scopes, new.created_by) == (old.label, old.scopes, "operator")
    assert new.expires_at == NOON + timedelta(days=40)
    assert (rotated.old.replaced_by, rotated.old.expires_at) == (new.id, NOON + timedelta(days=10, hours=1))
    assert office.keys.find(old.id) == rotated.old
    assert office.keys.find(new.id) == new


@given(
    elapsed=st.timedeltas(timedelta(0), timedelta(days=29)), overlap=st.timedeltas(timedelta(0), timedelta(days=366))
)
def test_no_overlap_lets_a_key_outlive_its_own_expiry(elapsed: timedelta, overlap: timedelta) -> None:
    office = Office()
    old = office.issue(lifetime=timedelta(days=30)).key
    office.clock.advance(elapsed)
    assert office.rotate(old.id, overlap=overlap).old.expires_at <= old.expires_at


def test_without_overlap_the_old_key_ends_at_once(office: Office) -> None:
    old = office.issue()
    office.clock.advance(timedelta(seconds=1))
    office.rotate(old.key.id, overlap=timedelta(0))
    assert not office.lets_in(old.token)


def test_a_rotation_on_a_machine_whose_clock_is_behind_is_no_failure(office: Office) -> None:
    old = office.issue()
    office.clock.advance(timedelta(minutes=-5))
    rotated = office.rotate(old.key.id, overlap=timedelta(0))
    assert office.lets_in(rotated.issued.token)
    office.clock.advance(timedelta(minutes=5, seconds=1))
    assert not office.lets_in(old.token)


def test_a_key_is_rotated_once(office: Office) -> None:
    old = office.issue().key
    new = office.rotate(old.id).issued.key
    with pytest.raises(KeyNotActive, match=f"was replaced by {new.id} before"):
        office.rotate(old.id)
    assert len(office.keys.all().keys) == 2


def test_an_expired_or_a_revoked_key_cannot_be_rotated(office: Office) -> None:
    expired, revoked = office.issue(lifetime=timedelta(hours=1)).key, office.issue().key
    office.clock.advance(timedelta(hours=1))
    RevokeKey(office.keys, office.clock, office.log)(revoked.id, OPERATOR)
    for key, told in ((expired, "has expired"), (revoked, "is revoked")):
        with pytest.raises(KeyNotActive, match=told):
            office.rotate(key.id)


@pytest.mark.parametrize("key_id", ["Unknown00000", "nonsense"])
def test_what_is_not_there_cannot_be_rotated(office: Office, key_id: str) -> None:
    with pytest.raises(KeyNotFound):
        office.rotate(key_id)


def test_nobody_gets_scopes_by_rotating_the_key_of_another(office: Office) -> None:
    old = office.issue("value", "models:write").key
    with pytest.raises(ScopeNotHeld, match="lacks models:write"):
        office.rotate(old.id, KeyAdmin("A000000000A0", frozenset({Scope.KEYS_ADMIN, Scope.VALUE})))
    assert office.keys.all().keys == [old]


@pytest.mark.parametrize(
    "how", [{"overlap": timedelta(-1)}, {"overlap": timedelta(days=367)}, {"lifetime": timedelta(days=367)}]
)
def test_an_impossible_rotation_changes_nothing(office: Office, how: dict[str, timedelta]) -> None:
    old = office.issue().key
    with pytest.raises(InvalidKeyRequest):
        office.rotate(old.id, OPERATOR, **how)
    assert office.keys.all().keys == [old]


def test_it_is_recorded_in_the_log_and_for_good(office: Office) -> None:
    old = office.issue().key
    new = office.rotate(old.id).issued.key
    assert [(event.event, event.key_id) for event in office.log.events[1:]] == [("issued", new.id), ("rotated", old.id)]
    told = [(event.action, event.key_id, event.by) for event in office.keys.events()]
    assert told == [("issued", old.id, "operator"), ("issued", new.id, "operator"), ("rotated", old.id, "operator")]
    [issued, rotated] = ListKeyEvents(office.keys)(old.id)
    assert (issued.action, rotated.detail.startswith(f"replaced by {new.id}")) == ("issued", True)


def test_the_successor_of_an_admin_does_not_end_before_the_admin_would_have(office: Office) -> None:
    admin = office.issue("keys:admin", lifetime=timedelta(days=30)).key
    office.clock.advance(timedelta(days=10))
    with pytest.raises(InvalidKeyRequest, match="must live as long at least, until 2026-12-22 12:00 UTC"):
        office.rotate(admin.id, OPERATOR, lifetime=timedelta(days=19))
    assert office.rotate(admin.id, OPERATOR, lifetime=timedelta(days=20)).issued.key.is_admin_at(NOON)


def test_the_operator_may_have_it_otherwise(office: Office) -> None:
    admin = office.issue("keys:admin").key
    rotate = RotateKey(office.keys, office.peppers, office.clock, office.log)
    assert rotate(admin.id, OPERATOR, lifetime=timedelta(minutes=1), force=True)


def test_the_process_that_rotates_a_key_forgets_it_at_once(office: Office) -> None:
    old = office.issue()
    known = KnownKeys(lambda: 0.0)
    authenticate = AuthenticateKey(office.keys, office.peppers, office.clock, office.log, known=known)
    enter(authenticate, old.token)
    office.clock.advance(timedelta(seconds=1))
    RotateKey(office.keys, office.peppers, office.clock, office.log, known)(old.key.id, OPERATOR, timedelta(0))
    assert authenticate.at_once(old.token) is None


class TestALostPepper:
    def test_is_not_replaced_without_a_word(self, office: Office) -> None:
        key = office.issue().key
        office.peppers = InMemoryPepperStore()
        for ask in (office.issue, lambda: office.rotate(key.id), lambda: rotate_pepper(office)):
            with pytest.raises(SecretUnavailable, match="The pepper is lost"):
                ask()
        assert office.peppers.is_empty()
        assert office.keys.all().keys == [key]

    def test_is_missed_by_keys_that_cannot_be_read_too(self, office: Office) -> None:
        class SpoiledKeyStore(InMemoryKeyStore):
            def all(self) -> KeptKeys:
                return KeptKeys([], ("keys.csv, line 2 is no key: label is missing.",))

        office.keys = SpoiledKeyStore()
        with pytest.raises(SecretUnavailable, match="The pepper is lost"):
            office.issue()

    def test_is_begun_anew_once_every_key_is_revoked(self, office: Office) -> None:
        key = office.issue().key
        RevokeKey(office.keys, office.clock, office.log)(key.id, OPERATOR)
        office.peppers = InMemoryPepperStore()
        assert office.lets_in(office.issue().token)


def rotate_pepper(office: Office) -> str:
    return RotatePepper(office.keys, office.peppers, office.clock, office.log)(OPERATOR)


class TestRotatePepper:
    def test_keys_of_both_peppers_open_the_door(self, office: Office) -> None:
        before = office.issue()
        pepper = rotate_pepper(office)
        after = office.issue()

        assert after.key.pepper_id == pepper != before.key.pepper_id
        assert office.lets_in(before.token)
        assert office.lets_in(after.token)

    def test_nothing_changes_while_the_key_store_is_down(self, office: Office) -> None:
        class Down(InMemoryKeyStore):
            def find(self, key_id: str) -> ApiKey | None:
                raise KeyStoreUnavailable("down")

        before = office.peppers.current()
        office.keys = Down()
        with pytest.raises(KeyStoreUnavailable):
            rotate_pepper(office)
        assert office.peppers.current() == before

    def test_it_is_recorded_without_the_secret(self, office: Office) -> None:
        pepper = rotate_pepper(office)
        [event] = office.keys.events()
        assert (event.action, event.key_id, event.by) == ("pepper_rotated", "", "operator")
        assert pepper in event.detail
        assert office.peppers.current().secret.hex() not in repr(office.log.events) + repr(event)
