"""Keys in memory."""

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from threading import Lock

from application.ports.key_store import KeptKeys, KeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyNotFound
from domain.key_event import KeyEvent, issued, revoked, rotated


class InMemoryKeyStore(KeyStore):
    """Keeps keys and their events as long as the process lives."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._events: list[KeyEvent] = []
        self._changing = Lock()

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey."""
        with self._changing:
            self._add(key)
            self._events.append(issued(key))

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None."""
        return self._keys.get(key_id)

    def all(self) -> KeptKeys:
        """Every key, oldest first."""
        with self._changing:
            return KeptKeys(sorted(self._keys.values(), key=attrgetter("created_at", "id")))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, LastAdminKey."""
        with self._changing:
            key = self._known(key_id)
            if key.revoked_at is not None:
                return key
            if spare_last_admin:
                key.check_not_last_admin((other for other in self._keys.values() if other is not key), at)
            self._keys[key_id] = key.revoked(at, by, because)
            self._events.append(revoked(self._keys[key_id]))
            return self._keys[key_id]

    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Puts another key in a key's place. Raises KeyNotFound, DuplicateKey, KeyNotActive."""
        with self._changing:
            key = self._known(key_id)
            key.check_rotatable(successor.created_at)
            self._add(successor)
            self._keys[key_id] = key.replaced(successor.id, until)
            self._events += [issued(successor), rotated(self._keys[key_id], successor)]
            return self._keys[key_id]

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keeps when keys were last used."""
        with self._changing:
            for key_id, at in uses.items():
                if key_id in self._keys:
                    self._keys[key_id] = self._keys[key_id].used(at)

    def record(self, event: KeyEvent) -> None:
        """Keeps an event that is about no key."""
        with self._changing:
            self._events.append(event)

    def events(self) -> list[KeyEvent]:
        """Every event, oldest first."""
        with self._changing:
            return list(self._events)

    def _known(self, key_id: str) -> ApiKey:
        if key_id not in self._keys:
            raise KeyNotFound(f"There is no key {key_id}.")
        return self._keys[key_id]

    def _add(self, key: ApiKey) -> None:
        if key.id in self._keys:
            raise DuplicateKey(f"A key with the id {key.id} is there already.")
        self._keys[key.id] = key
