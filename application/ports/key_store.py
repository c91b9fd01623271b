"""Where API keys are kept."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from domain.api_key import ApiKey
from domain.key_event import KeyEvent


class KeyStore(Protocol):
    """Keeps API keys, by id, and what happened to them; never their secrets. Safe for several processes at once.

    A change and its event (`domain.key_event`) are kept together or not at all, and once a method returns they survive
    a crash. Events are never changed or removed.

    All methods raise KeyStoreUnavailable where the store cannot be reached, read or written, and KeyStoreMalformed
    where what is asked for is there but is nonsense; other keys still work then.
    """

    @abstractmethod
    def add(self, key: ApiKey) -> None:
        """Keeps a new key, and that it was issued. Raises DuplicateKey for an id that is taken."""

    @abstractmethod
    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None."""

    @abstractmethod
    def all(self) -> list[ApiKey]:
        """Every key, oldest first (by creation, then id)."""

    @abstractmethod
    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good and returns it; a first revocation stands, and only that is an event.

        Raises KeyNotFound, and with `spare_last_admin` LastAdminKey where no other key could manage keys afterwards:
        also of two revocations at once, one is refused then. Keys that are nonsense do not count as such others.
        """

    @abstractmethod
    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Keeps `successor` in the place of a key, which is valid until then at the latest, and returns that key.

        Raises KeyNotFound, DuplicateKey for a successor's id that is taken, and KeyNotActive where the key has expired
        (by `successor.created_at`), is revoked or was replaced before: of two rotations at once, one is refused.
        """

    @abstractmethod
    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keeps when keys, by id, were last used, all in one go; never sets a time back. Unknown ids are ignored.

        It is no event. Keys that are nonsense are left as they are.
        """

    @abstractmethod
    def record(self, event: KeyEvent) -> None:
        """Keeps an event that is about no key of the store."""

    @abstractmethod
    def events(self) -> list[KeyEvent]:
        """Every event, in the order in which they were kept."""
