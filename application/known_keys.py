"""Keys that the store knew a moment ago, so that not every request has to ask it, nor fails with it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.api_key import ApiKey, Pepper

_SECONDS_FRESH = 2.0
_SECONDS_HELD = 8.0
_SECONDS_UNTIL_ANOTHER_ASKS = 4.0
_SECONDS_WITHOUT_STORE = 60.0
_SECONDS_BETWEEN_TRIES = 1.0
_MOST = 10_000


@dataclass(slots=True)
class _Known:
    key: ApiKey
    pepper: Pepper
    confirmed_at: float
    ask_from: float


class KnownKeys:
    """Remembers keys that were let in, with the peppers of their hashes. Safe for threads.

    After two seconds the store is asked again, by one request on behalf of all. While it answers anybody, however
    slowly, nothing lets anybody in that it said more than eight seconds ago: the longest for which a revocation is not
    noticed. Once it answers nobody, what it said holds for a minute, and it is tried once a second, whatever the key.
    Nothing else is remembered: who is turned away may be let in the next moment, and whoever presents a remembered key
    still has to prove it. At most 10,000 keys are remembered.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._known: dict[str, _Known] = {}
        self._changing = threading.Lock()
        self._try_from = 0.0
        self._answered_at = float("-inf")
        self.store_is_down = False
        """Whether the store has answered nobody since it was found not to."""

    def find(self, key_id: str) -> tuple[ApiKey, Pepper] | None:
        """The key of this id and its pepper, or None where the store is to be asked."""
        known = self._known.get(key_id)
        if known is None:
            return None
        now = self._seconds()
        age = now - known.confirmed_at
        if age >= _SECONDS_FRESH and self._is_to_be_asked(known, now, age):
            return None
        return known.key, known.pepper

    def _is_to_be_asked(self, known: _Known, now: float, age: float) -> bool:
        """Whether this request asks the store, so that the others need not."""
        if self.store_is_down:
            if now >= self._try_from:
                self._try_from = now + _SECONDS_BETWEEN_TRIES
                return True
            return age >= _SECONDS_WITHOUT_STORE
        if now >= known.ask_from:
            known.ask_from = now + _SECONDS_UNTIL_ANOTHER_ASKS
            return True
        return age >= _SECONDS_HELD

    def held(self, key_id: str) -> tuple[ApiKey, Pepper] | None:
        """The key of this id and its pepper, where a store that is slow to answer has said so lately enough."""
        return self._not_older(key_id, _SECONDS_HELD)

    def find_without_store(self, key_id: str) -> tuple[ApiKey, Pepper] | None:
        """The key of this id and its pepper, where the store knew it in the last minute and answers nobody now."""
        self.store_is_down = True
        return self._not_older(key_id, _SECONDS_WITHOUT_STORE)

    def _not_older(self, key_id: str, seconds: float) -> tuple[ApiKey, Pepper] | None:
        known = self._known.get(key_id)
        if known is None or self._seconds() - known.confirmed_at >= seconds:
            return None
        return known.key, known.pepper

    def recall(self, key_id: str) -> tuple[ApiKey, Pepper] | None:
        """What was last known of the key of this id, however long ago: nobody is let in by it."""
        known = self._known.get(key_id)
        return None if known is None else (known.key, known.pepper)

    def remember(self, key: ApiKey, pepper: Pepper, asked_at: float) -> None:
        """Takes in what the store said when it was asked at this time of `now`."""
        with self._changing:
            self._known.pop(key.id, None)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[key.id] = _Known(key, pepper, asked_at, asked_at)

    def forget(self, key_id: str) -> None:
        """Remembers nothing of this key."""
        with self._changing:
            self._known.pop(key_id, None)

    def store_answers(self) -> None:
        """The store has answered, whatever it said."""
        self._answered_at = self._seconds()
        self.store_is_down = False

    def answered_since(self, moment: float) -> bool:
        """Whether the store has answered anybody since this time of `now`."""
        return self._answered_at >= moment

    def now(self) -> float:
        """The time by which keys grow old, in seconds; no clock that somebody sets."""
        return self._seconds()
