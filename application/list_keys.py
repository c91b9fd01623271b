"""Listing the API keys."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, KeyState


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key, and the state that it is in now."""

    key: ApiKey
    state: KeyState


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Lists every key ever issued."""

    keys: KeyStore
    clock: Clock

    def __call__(self) -> list[ListedKey]:
        """Every key, oldest first. Raises KeyStoreUnavailable, KeyStoreMalformed."""
        now = self.clock.now()
        return [ListedKey(key, key.state_at(now)) for key in self.keys.all()]
