"""When keys were last used, noted at once and stored in batches."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from application.ports.key_store import KeyStore


@dataclass(slots=True)
class KeyUses:
    """The uses since they were last stored: the latest of each key. Safe for threads."""

    _latest: dict[str, datetime] = field(default_factory=dict)
    _taking: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key_id: str, at: datetime) -> None:
        """Notes that a key, which is that of the store, was used."""
        with self._taking:
            self._latest[key_id] = at

    def take(self) -> dict[str, datetime]:
        """What was noted since the last time."""
        with self._taking:
            taken, self._latest = self._latest, {}
        return taken

    def give_back(self, uses: dict[str, datetime]) -> None:
        """Notes again what could not be stored; what was noted since is later."""
        with self._taking:
            self._latest = uses | self._latest


@dataclass(frozen=True, slots=True)
class StoreKeyUses:
    """Stores when keys were last used."""

    keys: KeyStore
    uses: KeyUses

    def __call__(self) -> None:
        """Stores what was noted. Raises KeyStoreUnavailable, KeyStoreMalformed; they are kept then."""
        uses = self.uses.take()
        if not uses:
            return
        try:
            self.keys.note_uses(uses)
        except BaseException:
            self.uses.give_back(uses)
            raise
