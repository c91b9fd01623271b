"""Where it is written down what happened to keys."""

from abc import abstractmethod
from typing import Protocol


class KeyEventLog(Protocol):
    """The record of what happened to keys: who was let in, who was not, which keys came and went."""

    @abstractmethod
    def record(self, event: str, key_id: str | None, **details: str) -> None:
        """Writes one event down: `issued`, `revoked`, `validated`, `refused` or `throttled`, and the key's id.

        `details` are what else is known, and never hold a token, a secret or a hash.
        """
