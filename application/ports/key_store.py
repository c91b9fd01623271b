"""Where API keys are kept."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from domain.api_key import ApiKey


class KeyStore(Protocol):
    """Keeps API keys, by id; never their secrets. Safe for several processes at once.

    All methods raise KeyStoreUnavailable where the store cannot be reached, read or written, and KeyStoreMalformed
    where what is asked for is there but is nonsense; other keys still work then.
    """

    @abstractmethod
    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Once it returns, the key survives a crash. Raises DuplicateKey for an id that is taken."""

    @abstractmethod
    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None."""

    @abstractmethod
    def all(self) -> list[ApiKey]:
        """Every key, oldest first (by creation, then id)."""

    @abstractmethod
    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        """Revokes a key for good and returns it; the time of a first revocation stands. Raises KeyNotFound."""
