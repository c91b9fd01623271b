"""Listing the API keys, and what has happened to them."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, KeyState, checked_key_id
from domain.errors import KeyNotFound
from domain.key_event import KeyEvent


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key, and the state that it is in now."""

    key: ApiKey
    state: KeyState


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """Keys, oldest first, and one line for each that is stored but cannot be read: it names file and row."""

    keys: list[ListedKey]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Lists every key ever issued."""

    keys: KeyStore
    clock: Clock

    def __call__(self) -> ListedKeys:
        """Every key. Raises KeyStoreUnavailable, KeyStoreSpoiled."""
        now, kept = self.clock.now(), self.keys.all()
        return ListedKeys([ListedKey(key, key.state_at(now)) for key in kept.keys], kept.faults)

    def one(self, key_id: str) -> ListedKey:
        """The key of this id. Raises KeyNotFound, KeyStoreUnavailable, KeyStoreMalformed."""
        key = self.keys.find(checked_key_id(key_id))
        if key is None:
            raise KeyNotFound(f"There is no key {key_id}.")
        return ListedKey(key, key.state_at(self.clock.now()))


@dataclass(frozen=True, slots=True)
class ListKeyEvents:
    """Lists what has happened to keys."""

    keys: KeyStore

    def __call__(self, key_id: str | None = None) -> list[KeyEvent]:
        """Every event, or those of one key, oldest first.

        Raises KeyNotFound for what is no id, KeyStoreUnavailable, KeyStoreMalformed.
        """
        events = self.keys.events()
        if key_id is None:
            return events
        checked_key_id(key_id)
        return [event for event in events if event.key_id == key_id]
