"""Hashing new keys under a new pepper."""

from dataclasses import dataclass

from application.pepper_for_keys import PEPPER_LOST, is_pepper_lost
from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import KeyAdmin
from domain.errors import SecretUnavailable
from domain.key_event import KeyEvent


@dataclass(frozen=True, slots=True)
class RotatePepper:
    """Makes a new pepper. Keys hashed under the old ones stay valid until they expire."""

    keys: KeyStore
    peppers: PepperStore
    clock: Clock
    events: KeyEventLog

    def __call__(self, by: KeyAdmin) -> str:
        """The id of the new pepper. Raises SecretUnavailable, KeyStoreUnavailable, KeyStoreMalformed."""
        if is_pepper_lost(self.keys, self.peppers):
            raise SecretUnavailable(PEPPER_LOST)
        self.keys.find("")  # a store that is down is to be told before anything changes
        pepper = self.peppers.rotate()
        self.events.record("pepper_rotated", None, by=by.name, pepper=pepper.id)
        self.keys.record(KeyEvent(self.clock.now(), "pepper_rotated", "", by.name, f"new keys: pepper {pepper.id}"))
        return pepper.id
