"""What a model repository asks of the place where its files lie."""

import contextlib
from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class About:
    """When an object was last written, with time zone, and its size in bytes."""

    written: datetime
    size: int


class Objects(Protocol):
    """Bytes under names such as `versions/v1/manifest.json`. Once there, an object is whole and stays as it is.

    Methods raise FileNotFoundError where an object is not there, and ModelStoreUnavailable whatever else goes wrong.
    """

    @abstractmethod
    def place(self, name: str) -> str:
        """Where an object lies, for messages: no secret is in it."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of an object."""

    @abstractmethod
    def about(self, name: str) -> About:
        """What is known of an object."""

    @abstractmethod
    def names(self, under: str) -> list[str]:
        """The names of all objects below `under`, in no order; none where there is nothing."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> None:
        """Makes an object. Of many that try at once, one succeeds; FileExistsError is for the others."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Makes an object, or writes it anew: for content that its name determines."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Removes an object, or something `unfinished`; one that is gone already is no error."""

    @abstractmethod
    def unfinished(self) -> list[str]:
        """The names of what killed writers left, and of what others are writing right now."""


def create_or_recognise(objects: Objects, name: str, content: bytes) -> bool:
    """Whether this object was made by this very call; False where another was there first.

    content: has something in it that nobody else's would have.
    """
    try:
        objects.create(name, content)
    except FileExistsError:
        # Ours after all, where an answer was lost on the way and the request was sent again.
        with contextlib.suppress(FileNotFoundError):
            return objects.read(name) == content
        return False
    return True


def is_there(objects: Objects, name: str) -> bool:
    """Whether there is such an object. Raises ModelStoreUnavailable."""
    try:
        objects.about(name)
    except FileNotFoundError:
        return False
    return True
