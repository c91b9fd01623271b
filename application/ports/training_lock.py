"""One training at a time."""

from abc import abstractmethod
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol


class TrainingLock(Protocol):
    """Held while a model is trained for one repository. Whoever is killed lets go of it."""

    @abstractmethod
    def held(self, by: str, wait: timedelta = timedelta(0)) -> AbstractContextManager[None]:
        """Holds the lock during the block, in the name of `by`.

        Raises TrainingBusy, naming the holder, where another training still has it after `wait`, and
        ModelStoreUnavailable where there cannot be a lock.
        """
