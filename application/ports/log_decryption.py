"""Port: closed log files made readable again, elsewhere, by who holds the private key."""

from abc import abstractmethod
from pathlib import Path
from typing import BinaryIO, Protocol


class LogDecryption(Protocol):
    """Decrypts with the private keys that it was given."""

    @abstractmethod
    def decrypt(self, file: Path, target: BinaryIO) -> None:
        """Writes the content of the encrypted `file` to `target`, a piece at a time.

        What was written before an error is as it was encrypted, but not all. Raises IdentityUnusable,
        LogFileUnreadable, and OSError where `target` cannot be written to.
        """
