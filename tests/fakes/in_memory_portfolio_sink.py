"""Valued portfolios in memory."""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from application.ports.portfolio_sink import PieceEncoder, PortfolioSink, PortfolioWriter
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class InMemorySink(PortfolioSink):
    """Holds the rows of the last output that came to a good end, None before; each has its cells by column.

    fails_after: disk full, once so many parts have been written.
    """

    rows: list[dict[str, object]] | None = None
    columns: tuple[str, ...] = ()
    fails_after: int | None = None
    name: str = field(default="memory")

    def check(self, head: PortfolioHead, answers: Sequence[str]) -> None:
        taken = [name for name in answers if name in head.columns]
        if taken:
            raise OutputUnavailable(f"{self.name} has {', '.join(taken)} already: use --prefix.")

    def encoder(self, head: PortfolioHead, answers: Sequence[str]) -> "InMemoryEncoder":
        return InMemoryEncoder(tuple(answers))

    @contextmanager
    def writing(self, head: PortfolioHead, answers: Sequence[str]) -> Iterator["InMemoryWriter"]:
        writer = InMemoryWriter(self.fails_after)
        yield writer
        self.columns = (*head.columns, *answers)
        self.rows = [dict(zip(self.columns, row, strict=True)) for row in writer.rows]


class InMemoryWriter(PortfolioWriter):
    def __init__(self, fails_after: int | None) -> None:
        self.rows: list[list[object]] = []
        self._left = fails_after

    def append(self, piece: bytes) -> None:
        if self._left == 0:
            raise OutputUnavailable("memory cannot be written: it is full.")
        if self._left is not None:
            self._left -= 1
        self.rows += pickle.loads(piece)  # noqa: S301 (our own)


@dataclass(frozen=True, slots=True)
class InMemoryEncoder(PieceEncoder):
    answers: tuple[str, ...]

    def __call__(self, rows: PortfolioRows, answers: "pd.DataFrame") -> bytes:
        both = [_cells(rows.own()), _cells(answers[[*self.answers]])]
        return pickle.dumps([own + added for own, added in zip(*both, strict=True)])


def _cells(frame: "pd.DataFrame") -> list[list[object]]:
    columns = frame.astype(object)
    cells: list[list[object]] = columns.where(columns.notna(), None).to_numpy().tolist()
    return cells
