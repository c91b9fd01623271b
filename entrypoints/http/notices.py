"""What whoever runs the service should know of what stands before the application, which readiness tells."""

from collections.abc import Callable


class Notices:
    """Warnings of the server, asked for when readiness is; they name no places, since no key is needed to read them."""

    def __init__(self) -> None:
        self._sources: list[Callable[[], list[str]]] = []

    def add(self, source: Callable[[], list[str]]) -> None:
        """Asks this too from now on."""
        self._sources.append(source)

    def now(self) -> list[str]:
        """The warnings there are at this moment."""
        return [warning for source in self._sources for warning in source()]
