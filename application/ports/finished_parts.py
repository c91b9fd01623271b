"""What an unfinished run has done already."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from application.ports.valuation_engine import ValuedPart


class FinishedParts(Protocol):
    """What a run has finished, kept until the output is whole, so that it can go on where it was interrupted."""

    @abstractmethod
    def begun(self) -> Mapping[str, str] | None:
        """What the unfinished run said of itself, None where there is none. Raises OutputUnavailable."""

    @abstractmethod
    def begin(self, said: Mapping[str, str]) -> None:
        """Begins a run anew: what another left is gone. Raises OutputUnavailable."""

    @abstractmethod
    def find(self, key: str, number: int) -> ValuedPart | None:
        """The finished part of this number and key, whole, else None."""

    @abstractmethod
    def keep(self, part: ValuedPart) -> None:
        """Keeps a part, whole or not at all. Raises OutputUnavailable."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """No other run for the same output runs within the block. Raises OutputBusy, naming who is at it."""

    @abstractmethod
    def discard(self) -> None:
        """The run is whole: forgets it."""
