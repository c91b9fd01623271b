"""Valued portfolios as CSV, in the manner of the file they came from where that was a text file."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from adapters.outputs.output_place import WholeOutput
from adapters.portfolio_sinks.columns import answer_columns, own_columns
from adapters.portfolio_sinks.csv_cells import cells, harmless, header, joined, lines_as_written
from adapters.portfolio_sinks.file_sink import FileSink
from application.ports.portfolio_sink import PieceEncoder, PortfolioWriter
from application.ports.portfolio_source import Dialect, PortfolioHead, PortfolioRows

if TYPE_CHECKING:
    import pandas as pd

_USUAL = Dialect()
_COMPRESSION = 4
"""Of 1 to 9: half the time of the usual 6, and some per cent more bytes."""


class CsvSink(FileSink):
    """Writes UTF-8 to a path, a URL or a binary stream; compressed where its name ends with .gz.

    Rows of a text file stay as they were written there, and answers follow in the same dialect. Other rows are written
    with commas and line feeds.
    """

    def encoder(self, head: PortfolioHead, answers: Sequence[str]) -> "CsvEncoder":
        """What writes lines."""
        return CsvEncoder(tuple(answers), head.dialect or _USUAL, self._is_compressed)

    @contextmanager
    def writing(self, head: PortfolioHead, answers: Sequence[str]) -> Iterator["CsvWriter"]:
        """The header first, then the lines."""
        dialect = head.dialect or _USUAL
        own = header(head.columns, dialect) if head.header is None else head.header
        first = f"{own}{dialect.separator}{header(answers, dialect)}{dialect.line_end}"
        with self._place.opened() as output:
            content = ("\ufeff" * dialect.byte_order_mark + first).encode()
            output.write(_compressed(content) if self._is_compressed else content)
            yield CsvWriter(output)

    @property
    def _is_compressed(self) -> bool:
        return self.name.lower().endswith(".gz")


@dataclass(frozen=True, slots=True)
class CsvWriter(PortfolioWriter):
    """Writes one piece behind the other."""

    output: WholeOutput

    def append(self, piece: bytes) -> None:
        """Its lines. Raises OutputUnavailable."""
        self.output.write(piece)


@dataclass(frozen=True, slots=True)
class CsvEncoder(PieceEncoder):
    """Makes whole lines, UTF-8. Pieces that are compressed are so one by one: together they are one .gz file."""

    answers: tuple[str, ...]
    dialect: Dialect
    is_compressed: bool = False

    def __call__(self, rows: PortfolioRows, answers: "pd.DataFrame") -> bytes:
        """The rows as they were written, where they were; then the answers, of which no text begins like a formula."""
        if rows.lines is None:
            columns = [cells(column, self.dialect) for column in own_columns(rows).columns]
        else:
            columns = [lines_as_written(rows.lines)]
        for column in answer_columns(answers, self.answers).columns:
            columns.append(cells(harmless(column) if pa.types.is_string(column.type) else column, self.dialect))
        content = joined(columns, self.dialect.separator, self.dialect.line_end)
        return _compressed(content) if self.is_compressed else content


def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, _COMPRESSION, mtime=0) if content else b""
