"""Who signs the register of the evidence."""

from abc import abstractmethod
from typing import Protocol


class EvidenceSigner(Protocol):
    """Signs, and knows whose signatures are trusted. Public keys are `ed25519:<base64>`, signatures base64."""

    @abstractmethod
    def begin(self) -> None:
        """Makes a key where there is none; only for a register without events: else the key is gone, not missing.

        Raises SecretUnavailable.
        """

    @abstractmethod
    def sign(self, content: bytes) -> tuple[str, str]:
        """The public key, and the signature of `content`.

        Makes no key. Raises SecretUnavailable, naming the file and what to do.
        """

    @abstractmethod
    def fault_of(self, content: bytes, key: str, signature: str) -> str | None:
        """What is wrong, in a clause on "it", what was signed; None where it is signed so by a trusted key.

        Raises nothing.
        """

    @abstractmethod
    def public_key(self) -> str:
        """The key that it signs with, as `valuation_log.trusted_keys` takes it. Raises SecretUnavailable."""
