"""Finished parts in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from application.ports.finished_parts import FinishedParts
from application.ports.valuation_engine import ValuedPart
from domain.errors import OutputBusy


@dataclass(slots=True)
class InMemoryFinishedParts(FinishedParts):
    """Keeps parts by their number for as long as it lives itself."""

    said: dict[str, str] | None = None
    parts: dict[int, ValuedPart] = field(default_factory=dict)
    is_busy: bool = False

    def begun(self) -> Mapping[str, str] | None:
        return self.said

    def begin(self, said: Mapping[str, str]) -> None:
        self.said = dict(said)
        self.parts.clear()

    def find(self, key: str, number: int) -> ValuedPart | None:
        part = self.parts.get(number)
        return part if part is not None and part.key == key else None

    def keep(self, part: ValuedPart) -> None:
        self.parts[part.number] = part

    @contextmanager
    def alone(self) -> Iterator[None]:
        if self.is_busy:
            raise OutputBusy("Another run is writing this output.")
        self.is_busy = True
        try:
            yield
        finally:
            self.is_busy = False

    def discard(self) -> None:
        self.said = None
        self.parts.clear()
