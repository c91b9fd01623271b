"""Where the service's own hashing secret is kept."""

from abc import abstractmethod
from typing import Protocol

from domain.api_key import Pepper


class PepperStore(Protocol):
    """Keeps the pepper, apart from the key store, so that a stolen key table opens nothing."""

    @abstractmethod
    def current(self) -> Pepper:
        """The pepper for new keys, made at first use. Raises SecretUnavailable."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether there is no pepper yet. Raises SecretUnavailable."""

    @abstractmethod
    def find(self, pepper_id: str) -> Pepper | None:
        """The pepper of this id, or None. Raises SecretUnavailable."""

    @abstractmethod
    def rotate(self) -> Pepper:
        """Makes a new pepper the current one and returns it; keys hashed under older ones stay valid.

        Of two rotations at once both take place. Raises SecretUnavailable, also where it can only be done by hand.
        """
