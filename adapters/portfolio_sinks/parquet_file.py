"""Valued portfolios as Parquet: the caller's columns in their types, then the answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from adapters.outputs.output_place import WholeOutput
from adapters.portfolio_sinks.columns import all_columns, packed, types_without_rows, unpacked
from adapters.portfolio_sinks.file_sink import FileSink
from application.ports.portfolio_sink import PieceEncoder, PortfolioWriter
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pandas as pd

_COMPRESSION = "zstd"
_COMPRESSION_OF_PIECES = "lz4"
"""Which are sent to another process and kept until the output is whole: two fifths of the bytes less."""


class ParquetSink(FileSink):
    """Writes one file, each part as a row group, to a path, a URL or a binary stream."""

    def encoder(self, head: PortfolioHead, answers: Sequence[str]) -> "ParquetEncoder":  # noqa: ARG002
        """What makes tables."""
        return ParquetEncoder(tuple(answers))

    @contextmanager
    def writing(self, head: PortfolioHead, answers: Sequence[str]) -> Iterator["ParquetFileWriter"]:
        """The types are those of the first part; without any, the caller's columns are texts."""
        with self._place.opened() as output:
            writer = ParquetFileWriter(output, self.name)
            try:
                yield writer
                writer.close(types_without_rows(head, answers))
            except BaseException:
                writer.abandon()
                raise


class ParquetFileWriter(PortfolioWriter):
    """Writes one row group behind the other."""

    def __init__(self, output: WholeOutput, name: str) -> None:
        self._output = output
        self._name = name
        self._file: Any = None

    def append(self, piece: bytes) -> None:
        """A row group. Raises OutputUnavailable, also where its columns are of other types than the first part's."""
        table = unpacked(piece)
        file = self._begun(table.schema)
        if table.schema != file.schema:
            raise OutputUnavailable(f"{self._name} cannot be written: {_first_other(file.schema, table.schema)}.")
        if table.num_rows:
            file.write_table(table, row_group_size=table.num_rows)

    def close(self, otherwise: Any) -> None:
        """Ends the file; its schema is `otherwise` where there was no part. Raises OutputUnavailable."""
        self._begun(otherwise).close()

    def abandon(self) -> None:
        """Lets go of the file, which Arrow would else end when it forgets it."""
        self._output.is_abandoned = True
        if self._file is not None:
            with suppress(Exception):
                self._file.close()

    def _begun(self, schema: Any) -> Any:
        if self._file is None:
            # Figures are hardly ever the same twice: a dictionary of them would be built and thrown away.
            texts = [field.name for field in schema if not _is_figure(field.type)]
            self._file = parquet.ParquetWriter(self._output, schema, compression=_COMPRESSION, use_dictionary=texts)
        return self._file


@dataclass(frozen=True, slots=True)
class ParquetEncoder(PieceEncoder):
    """Makes an Arrow stream of one table."""

    answers: tuple[str, ...]

    def __call__(self, rows: PortfolioRows, answers: "pd.DataFrame") -> bytes:
        """The caller's columns, then the answers."""
        return packed(all_columns(rows, answers, self.answers), _COMPRESSION_OF_PIECES)


def _is_figure(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind))


def _first_other(schema: Any, other: Any) -> str:
    for one, another in zip(schema, other, strict=False):
        if one != another:
            return f"{one.name} is {one.type} in its first part and {another.name} is {another.type} in a later one"
    return f"it has {len(schema)} columns in its first part and {len(other)} in a later one"
