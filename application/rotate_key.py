"""Putting a new API key in the place of an old one."""

from dataclasses import dataclass, field
from datetime import timedelta

from application.issue_key import IssuedKey, new_key, record_issue
from application.known_keys import KnownKeys
from application.pepper_for_keys import pepper_for_keys
from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import DEFAULT_OVERLAP, ApiKey, KeyAdmin, Scope, checked_key_id, checked_lifetime, checked_overlap
from domain.errors import InvalidKeyRequest, KeyNotFound


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """The new key with its token, and the old one with the expiry that it has now."""

    issued: IssuedKey
    old: ApiKey


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Gives a key a successor of the same label and scopes, while the old one stays good for a while."""

    keys: KeyStore
    peppers: PepperStore
    clock: Clock
    events: KeyEventLog
    known: KnownKeys = field(default_factory=KnownKeys)

    def __call__(
        self,
        key_id: str,
        by: KeyAdmin,
        overlap: timedelta = DEFAULT_OVERLAP,
        lifetime: timedelta | None = None,
        *,
        force: bool = False,
    ) -> RotatedKey:
        """The successor of the key of this id, which lives for `lifetime`, or else as long as that was given.

        The old key is valid for `overlap` from now on, never past its own expiry. The successor of a key that may
        manage keys does not end before that would have, unless `force`: there might be none left then. Raises
        KeyNotFound, KeyNotActive, InvalidKeyRequest, ScopeNotHeld, KeyStoreUnavailable, KeyStoreMalformed,
        SecretUnavailable.
        """
        key_id, overlap = checked_key_id(key_id), checked_overlap(overlap)
        old = self.keys.find(key_id)
        if old is None:
            raise KeyNotFound(f"There is no key {key_id}.")
        now = self.clock.now()
        old.check_rotatable(now)
        by.check_may_grant(old.scopes)
        lifetime = checked_lifetime(lifetime or old.expires_at - old.created_at)
        if Scope.KEYS_ADMIN in old.scopes and now + lifetime < old.expires_at and not force:
            raise InvalidKeyRequest(
                f"Key {key_id} may manage keys: its successor must live as long at least, until "
                f"{old.expires_at:%Y-%m-%d %H:%M} UTC."
            )
        new = new_key(old.label, old.scopes, by, lifetime, now, pepper_for_keys(self.keys, self.peppers))
        old = self.keys.rotate(key_id, new.key, now + overlap)
        self.known.forget(key_id)
        record_issue(self.events, new.key)
        self.events.record("rotated", old.id, by=by.name, replaced_by=new.key.id, expires_at=old.expires_at.isoformat())
        return RotatedKey(new, old)
