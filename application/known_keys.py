"""Keys that the store knew a moment ago, so that not every request has to ask it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.api_key import ApiKey, Pepper

_SECONDS_FRESH = 2.0
_SECONDS_KEPT = 4.0
_MOST = 10_000


@dataclass(slots=True)
class _Known:
    key: ApiKey
    pepper: Pepper
    ask_from: float
    forget_at: float


class KnownKeys:
    """Remembers keys that were let in, with the peppers of their hashes, for at most four seconds. Safe for threads.

    That is the longest for which a revocation is not noticed. Nothing else is remembered: who is turned away may be let
    in the next moment, and whoever presents a remembered key still has to prove it. After two seconds the store is
    asked again, by one request on behalf of all. At most 10,000 keys are remembered.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._known: dict[str, _Known] = {}
        self._changing = threading.Lock()

    def find(self, key_id: str) -> tuple[ApiKey, Pepper] | None:
        """The key of this id and its pepper, or None where the store is to be asked."""
        known = self._known.get(key_id)
        if known is None:
            return None
        now = self._seconds()
        if now >= known.forget_at:
            self.forget(key_id)
            return None
        if now >= known.ask_from:
            known.ask_from = known.forget_at  # the others need not ask too
            return None
        return known.key, known.pepper

    def remember(self, key: ApiKey, pepper: Pepper, asked_at: float) -> None:
        """Takes in what the store said when it was asked at this time of `now`."""
        with self._changing:
            self._known.pop(key.id, None)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[key.id] = _Known(key, pepper, asked_at + _SECONDS_FRESH, asked_at + _SECONDS_KEPT)

    def forget(self, key_id: str) -> None:
        """Remembers nothing of this key."""
        with self._changing:
            self._known.pop(key_id, None)

    def now(self) -> float:
        """The time by which keys grow old, in seconds; no clock that somebody sets."""
        return self._seconds()
