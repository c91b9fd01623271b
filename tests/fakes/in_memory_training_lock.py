"""A training lock in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from application.ports.training_lock import TrainingLock
from domain.errors import TrainingBusy


class InMemoryTrainingLock(TrainingLock):
    """Waits for nobody: in one thread, no other training would ever end."""

    def __init__(self) -> None:
        self.holder: str | None = None

    @contextmanager
    def held(self, by: str, wait: timedelta = timedelta(0)) -> Iterator[None]:
        if self.holder is not None:
            raise TrainingBusy(f"Another training is under way ({self.holder}).")
        self.holder = by
        try:
            yield
        finally:
            self.holder = None
