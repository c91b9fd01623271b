"""No memory of what is finished, where a run cannot be gone on with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from application.ports.finished_parts import FinishedParts
from application.ports.valuation_engine import ValuedPart


class NoFinishedParts(FinishedParts):
    """Keeps nothing: what has gone down standard output cannot be called back."""

    def begun(self) -> Mapping[str, str] | None:
        """None."""
        return None

    def begin(self, said: Mapping[str, str]) -> None:
        """Does nothing."""

    def find(self, key: str, number: int) -> ValuedPart | None:  # noqa: ARG002
        """None."""
        return None

    def keep(self, part: ValuedPart) -> None:
        """Does nothing."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """At once: each process has a standard output of its own."""
        yield

    def discard(self) -> None:
        """Does nothing."""
