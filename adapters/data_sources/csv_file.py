"""Sales in a CSV file, as spreadsheets and databases really write them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from adapters.arrow.columns import ColumnsOfText
from adapters.data_sources.files import FilesOfSales
from adapters.files.csv_file import CsvFile
from adapters.files.csv_rows import CsvRows, read_rows
from adapters.files.location import Location
from application.ports.data_source import SourceTable
from domain.errors import SourceMalformed

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class CsvDataSource(FilesOfSales):
    """Reads sales, and a holdout where one is given, from CSV files (paths or URLs; also gzip).

    What a file looks like is detected, as `CsvFile` says. Lines without any text are no rows; a row with too few or too
    many cells is broken; columns without a name are left out where they hold nothing. Memory is about that of the text.
    """

    wanted: ClassVar[str] = "a CSV file of sales"

    def read(self, location: Location) -> SourceTable:
        """The sales of the file. Raises SourceUnavailable, SourceMalformed."""
        with location.open() as stream:
            file = CsvFile(stream, location, _BLOCK_BYTES)
            if file.form is None:
                raise SourceMalformed(
                    f"{location.name} is empty: {location.remedy}, with a header and a row for each sale."
                )
            sales = _Sales(ColumnsOfText(file.form.names))
            for block in file.blocks():
                sales.take(read_rows(block.content, block.encoding, file.form, block.line))
        frame = _without_empty(sales.columns.frame(sales.lines), file.form.unnamed)
        return SourceTable(frame, location.name, place="line", broken=sales.broken, notes=file.notes)


@dataclass(slots=True)
class _Sales:
    """What has been read: the columns of all good rows, the line of each, and the broken lines."""

    columns: ColumnsOfText
    lines: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)

    def take(self, rows: CsvRows) -> None:
        """Adds rows. Raises SourceMalformed where sales may have been swallowed."""
        if rows.doubt:
            raise SourceMalformed(rows.doubt)
        told = [any(map(str.strip, cells)) for cells in rows.cells]
        self.broken.update({rows.lines[row]: why for row, why in rows.broken.items() if told[row]})
        good = [row for row, is_told in enumerate(told) if is_told and row not in rows.broken]
        self.columns.take([rows.cells[row] for row in good])
        self.lines += [rows.lines[row] for row in good]


def _without_empty(frame: "pd.DataFrame", unnamed: frozenset[int]) -> "pd.DataFrame":
    empty = [frame.columns[position] for position in unnamed if frame.iloc[:, position].isna().all()]
    return frame.drop(columns=empty)
