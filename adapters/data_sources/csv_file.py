"""Sales in a CSV file, as spreadsheets and databases really write them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.files.arrow_columns import ColumnsOfText
from adapters.files.csv_file import CsvFile
from adapters.files.csv_rows import CsvRows, read_rows
from adapters.files.location import Location
from application.ports.data_source import DataSource, SourceTable
from domain.errors import SourceMalformed

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BYTES = 2**22

_KEY, _HOLDOUT_KEY = "data_source.path", "data_source.test_path"


@dataclass(frozen=True, slots=True)
class CsvDataSource(DataSource):
    """Reads sales, and a holdout where one is given, from CSV files (paths or URLs; also gzip).

    Nothing is opened before it is asked for. What a file looks like is detected, as `CsvFile` says. Lines without any
    text are no rows; a row with too few or too many cells is broken; columns without a name are left out where they
    hold nothing. Memory is about that of the text.
    """

    path: str | Path
    holdout_path: str | Path | None = None

    def __post_init__(self) -> None:
        """Raises SourceUnavailable where a URL cannot be used, whatever lies there."""
        for path, key in ((self.path, _KEY), (self.holdout_path, _HOLDOUT_KEY)):
            if path is not None:
                _location(path, key).check()

    def sales(self) -> SourceTable:
        """The sales of the file. Raises SourceUnavailable, SourceMalformed."""
        return _read(self.path, _KEY)

    def holdout(self) -> SourceTable | None:
        """The sales of the holdout's file, or None. Raises as `sales` does."""
        return None if self.holdout_path is None else _read(self.holdout_path, _HOLDOUT_KEY)


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


def _location(path: str | Path, key: str) -> Location:
    return Location(str(path), f"set {key} to a CSV file of sales")


def _read(path: str | Path, key: str) -> SourceTable:
    location = _location(path, key)
    with location.open() as stream:
        file = CsvFile(stream, location, _BLOCK_BYTES)
        if file.form is None:
            raise SourceMalformed(
                f"{location.name} is empty: {key} must name a CSV file with a header and a row for each sale."
            )
        sales = _Sales(ColumnsOfText(file.form.names))
        for block in file.blocks():
            sales.take(read_rows(block.content, block.encoding, file.form, block.line))
    frame = _without_empty(sales.columns.frame(sales.lines), file.form.unnamed)
    return SourceTable(frame, location.name, place="line", broken=sales.broken, notes=file.notes)


def _without_empty(frame: "pd.DataFrame", unnamed: frozenset[int]) -> "pd.DataFrame":
    empty = [frame.columns[position] for position in unnamed if frame.iloc[:, position].isna().all()]
    return frame.drop(columns=empty)
