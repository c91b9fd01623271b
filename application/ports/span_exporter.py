"""Port: where finished spans go, the parts of a trace."""

from abc import abstractmethod
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class SpanExporter(Protocol[T_co]):
    """Takes the spans that its tracer makes, and never holds up who makes them. T_co: as its library has it."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in metrics."""

    @property
    @abstractmethod
    def tracer(self) -> T_co:
        """Makes spans."""

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How many spans it has taken and not yet passed on."""

    @property
    @abstractmethod
    def lost(self) -> int:
        """How many it dropped since the program began."""

    @abstractmethod
    def close(self, seconds: float) -> None:
        """Sends what waits, for so many seconds at most."""
