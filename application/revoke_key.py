"""Revoking an API key."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, is_key_id
from domain.errors import KeyNotFound


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Takes a key out of use for good."""

    keys: KeyStore
    clock: Clock
    events: KeyEventLog

    def __call__(self, key_id: str) -> ApiKey:
        """The key of this id, revoked from now on, or from when it was revoked first.

        Raises KeyNotFound, KeyStoreUnavailable, KeyStoreMalformed.
        """
        if not is_key_id(key_id):
            # Not repeated: it may well be a whole token.
            raise KeyNotFound(
                "That is not the id of a key: an id is 12 letters and digits, as the list of keys shows it."
            )
        now = self.clock.now()
        key = self.keys.revoke(key_id, now)
        if key.revoked_at == now:
            self.events.record("revoked", key.id, label=key.label)
        return key
