"""Where API keys are kept."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.api_key import ApiKey
from domain.key_event import KeyEvent


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """The keys of a store, oldest first (by creation, then id), and one line for each that is there but is nonsense.

    Each fault says what `find` would: where it is (file and line, or row) and in which column.
    """

    keys: list[ApiKey]
    faults: tuple[str, ...] = ()


class KeyStore(Protocol):
    """Keeps API keys, by id, and what happened to them; never their secrets. Safe for several processes at once.

    A change and its event (`domain.key_event`) are kept together or not at all, and once a method returns they survive
    a crash. Events are never changed or removed.

    All methods raise KeyStoreUnavailable where the store cannot be reached, read or written, and KeyStoreMalformed
    where what is asked for is there but is nonsense; other keys still work then. Where the whole store is something
    else, that is KeyStoreSpoiled. A store that held keys and is gone is unavailable: it is no empty one.
    """

    @abstractmethod
    def add(self, key: ApiKey) -> None:
        """Keeps a new key, and that it was issued. Raises DuplicateKey for an id that is taken."""

    @abstractmethod
    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None."""

    @abstractmethod
    def all(self) -> KeptKeys:
        """Every key. Those that are nonsense are told of, and raise nothing."""

    @abstractmethod
    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good and returns it; a first revocation stands, and only that is an event.

        Raises KeyNotFound, and with `spare_last_admin` LastAdminKey where no other key could manage keys afterwards,
        and still a day later (ADMIN_MUST_LAST): also of two revocations at once, one is refused then. Keys that are
        nonsense do not count as such others.
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
