"""Issuing an API key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.pepper_for_keys import pepper_for_keys
from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import (
    DEFAULT_LIFETIME,
    ApiKey,
    KeyAdmin,
    Pepper,
    Scope,
    Token,
    checked_label,
    checked_lifetime,
    checked_scopes,
)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, and its token: to be shown to its owner once and never kept. The `repr` does not show the token."""

    key: ApiKey
    token: str

    def __repr__(self) -> str:
        return f"IssuedKey(key.id={self.key.id!r})"


@dataclass(frozen=True, slots=True)
class IssueKey:
    """Makes a key, of which the store keeps no more than a keyed hash."""

    keys: KeyStore
    peppers: PepperStore
    clock: Clock
    events: KeyEventLog

    def __call__(
        self, label: str, scopes: Iterable[str], by: KeyAdmin, lifetime: timedelta = DEFAULT_LIFETIME
    ) -> IssuedKey:
        """A key for `label`, good for `scopes` from now on for `lifetime`, stored and recorded as `issued`.

        Raises InvalidKeyRequest, ScopeNotHeld, KeyStoreUnavailable, KeyStoreMalformed, SecretUnavailable.
        """
        label, granted, lifetime = checked_label(label), checked_scopes(scopes), checked_lifetime(lifetime)
        by.check_may_grant(granted)
        new = new_key(label, granted, by, lifetime, self.clock.now(), pepper_for_keys(self.keys, self.peppers))
        self.keys.add(new.key)
        record_issue(self.events, new.key)
        return new


def new_key(
    label: str, scopes: frozenset[Scope], by: KeyAdmin, lifetime: timedelta, now: datetime, pepper: Pepper
) -> IssuedKey:
    """A key that is stored nowhere yet."""
    token = Token.generate()
    secret_hash = pepper.hash(token.secret)
    key = ApiKey(token.key_id, label, secret_hash, pepper.id, scopes, now, now + lifetime, created_by=by.name)
    return IssuedKey(key, token.reveal())


def record_issue(events: KeyEventLog, key: ApiKey) -> None:
    """Writes down that a key was issued."""
    scopes, expiry = " ".join(sorted(key.scopes)), key.expires_at.isoformat()
    events.record("issued", key.id, by=key.created_by, label=key.label, scopes=scopes, expires_at=expiry)
