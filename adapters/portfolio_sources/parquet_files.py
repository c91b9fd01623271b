"""Homes in Parquet: a file, or a folder of files."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import pyarrow as pa

from adapters.arrow.columns import can_be_cells, cells_of, frame_of
from adapters.files.location import Location
from adapters.files.parquet_files import ParquetFiles
from application.ports.portfolio_source import PortfolioHead, PortfolioPart, PortfolioRows, PortfolioSource
from domain.errors import SourceMalformed

ROWS_A_PART = 32_768
_REMEDY = "name a Parquet file of homes, or a folder of such, as INPUT"


@dataclass(frozen=True, slots=True)
class ParquetPart(PortfolioPart):
    """Rows as an Arrow stream; `first`: the number of the first one, counted from 1."""

    number: int = field()
    share: float | None = field()
    name: str
    first: int = field()
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """Of its values and types."""
        return hashlib.sha256(self.content).hexdigest()

    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        """Its rows: cells are text, numbers or days, null where there is none. Raises SourceMalformed."""
        table = pa.ipc.open_stream(self.content).read_all()
        for column in wanted:
            if not can_be_cells(kind := table.schema.field(column).type):
                raise SourceMalformed(
                    f"{self.name}: column {column!r} holds no single values but {kind}: name another."
                )
        cells = cells_of(table.select(wanted))
        places = range(self.first, self.first + table.num_rows)
        return PortfolioRows(cells, places, own=lambda: frame_of(table))


class ParquetPortfolio(PortfolioSource):
    """Reads a file, or all files of a folder in the order of their names, at a path or a URL.

    Folders such as `sector=X` are columns of text. Files of one folder must have the same columns; they may differ in
    order and in types that one type can hold. Parts have `rows_a_part` rows, whatever the files and row groups.
    """

    def __init__(self, location: str, rows_a_part: int = ROWS_A_PART, *, name: str | None = None) -> None:
        self._location = Location(location, _REMEDY)
        self._rows_a_part = rows_a_part
        self._name = name or self._location.name

    def head(self) -> PortfolioHead:
        """What the footers of all files say."""
        return self._head(ParquetFiles(self._location))

    def parts(self) -> Iterator[PortfolioPart]:
        """All rows in parts that depend on the rows alone; without any, one part that still tells their types."""
        files = ParquetFiles(self._location)
        done = 0
        for number, batch in zip(count(), files.batches(self._rows_a_part), strict=False):
            first, done = done + 1, done + batch.num_rows
            yield ParquetPart(number, done / files.rows, self._name, first, _packed(batch))
        files.check_unchanged()
        if not files.rows:
            yield ParquetPart(0, 1.0, self._name, 1, _packed(pa.RecordBatch.from_pylist([], files.schema)))

    def _head(self, files: ParquetFiles) -> PortfolioHead:
        return PortfolioHead(
            name=self._name,
            place="row",
            columns=tuple(files.schema.names),
            identity=files.identity,
            notes=files.notes,
        )


def _packed(batch: pa.RecordBatch) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(stream.getvalue())
