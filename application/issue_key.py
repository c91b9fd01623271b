"""Issuing an API key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import DEFAULT_LIFETIME, ApiKey, Token, checked_label, checked_lifetime, checked_scopes


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

    def __call__(self, label: str, scopes: Iterable[str], lifetime: timedelta = DEFAULT_LIFETIME) -> IssuedKey:
        """A key for `label`, good for `scopes` from now on for `lifetime`, stored and recorded as `issued`.

        Raises InvalidKeyRequest, KeyStoreUnavailable, KeyStoreMalformed, SecretUnavailable.
        """
        label, granted, lifetime = checked_label(label), checked_scopes(scopes), checked_lifetime(lifetime)
        token = Token.generate()
        pepper = self.peppers.current()
        now = self.clock.now()
        key = ApiKey(token.key_id, label, pepper.hash(token.secret), pepper.id, granted, now, now + lifetime)
        self.keys.add(key)
        self.events.record(
            "issued",
            key.id,
            label=key.label,
            scopes=" ".join(sorted(key.scopes)),
            expires_at=key.expires_at.isoformat(),
        )
        return IssuedKey(key, token.reveal())
