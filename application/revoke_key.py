"""Revoking an API key."""

from dataclasses import dataclass, field

from application.known_keys import KnownKeys
from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, KeyAdmin, checked_key_id, checked_reason


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Takes a key out of use for good. What this process remembers of it is forgotten at once."""

    keys: KeyStore
    clock: Clock
    events: KeyEventLog
    known: KnownKeys = field(default_factory=KnownKeys)

    def __call__(self, key_id: str, by: KeyAdmin, reason: str = "", *, force: bool = False) -> ApiKey:
        """The key of this id, revoked from now on, or from when it was revoked first.

        `force`: also where no key is left then that may manage keys. Raises KeyNotFound, InvalidKeyRequest,
        LastAdminKey, KeyStoreUnavailable, KeyStoreMalformed.
        """
        key_id, reason = checked_key_id(key_id), checked_reason(reason)
        now = self.clock.now()
        key = self.keys.revoke(key_id, now, by.name, reason, spare_last_admin=not force)
        self.known.forget(key_id)
        if key.revoked_at == now:
            self.events.record("revoked", key.id, by=by.name, label=key.label, reason=reason)
        return key
