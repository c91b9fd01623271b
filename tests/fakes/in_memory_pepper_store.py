"""Peppers in memory."""

from threading import Lock

from application.ports.pepper_store import PepperStore
from domain.api_key import Pepper


class InMemoryPepperStore(PepperStore):
    """Keeps peppers as long as the process lives; the newest is the current one."""

    def __init__(self) -> None:
        self._peppers: list[Pepper] = []
        self._making = Lock()

    def current(self) -> Pepper:
        """The pepper for new keys, made at first use."""
        with self._making:
            if not self._peppers:
                self._peppers.append(Pepper.generate())
            return self._peppers[-1]

    def is_empty(self) -> bool:
        """Whether there is no pepper yet."""
        return not self._peppers

    def find(self, pepper_id: str) -> Pepper | None:
        """The pepper of this id, or None."""
        return next((pepper for pepper in self._peppers if pepper.id == pepper_id), None)

    def rotate(self) -> Pepper:
        """Makes a new pepper the current one; the old ones stay."""
        pepper = Pepper.generate()
        with self._making:
            self._peppers.append(pepper)
        return pepper
