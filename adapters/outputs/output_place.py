"""Where the bytes of an output go: into a file, to a URL, or down a stream."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

Told = Callable[[], AbstractContextManager[None]]
"""Within the block, what an output says of its troubles becomes OutputUnavailable."""


class WholeOutput:
    """A file that is written from its beginning to its end. Raises OutputUnavailable where it cannot be."""

    closed = False
    mode = "wb"

    def __init__(self, file: BinaryIO, told: Told) -> None:
        self._file = file
        self._told = told
        self._position = 0
        self.is_abandoned = False

    def write(self, content: bytes) -> int:
        """Writes all of it; where it is abandoned, what is written goes nowhere."""
        if not self.is_abandoned:
            with self._told():
                self._file.write(content)
        self._position += len(content)
        return len(content)

    def tell(self) -> int:
        """How many bytes have been written."""
        return self._position

    def flush(self) -> None:
        """Does nothing: what is not whole need not be anywhere."""

    def close(self) -> None:
        """Does nothing: the place where it lies closes it."""


class OutputPlace(Protocol):
    """A place for one output."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it, without secrets."""

    @abstractmethod
    def check(self) -> None:
        """Raises OutputUnavailable where it is known already that nothing can be put there."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[WholeOutput]:
        """What was written is there, all of it, once the block ends well. Raises OutputUnavailable."""
