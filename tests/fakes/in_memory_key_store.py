"""Keys in memory."""

from datetime import datetime
from operator import attrgetter
from threading import Lock

from application.ports.key_store import KeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyNotFound


class InMemoryKeyStore(KeyStore):
    """Keeps keys as long as the process lives."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._changing = Lock()

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey."""
        with self._changing:
            if key.id in self._keys:
                raise DuplicateKey(f"A key with the id {key.id} is there already.")
            self._keys[key.id] = key

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None."""
        return self._keys.get(key_id)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first."""
        with self._changing:
            return sorted(self._keys.values(), key=attrgetter("created_at", "id"))

    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound."""
        with self._changing:
            if key_id not in self._keys:
                raise KeyNotFound(f"There is no key {key_id}.")
            self._keys[key_id] = self._keys[key_id].revoked(at)
            return self._keys[key_id]
