"""Sales in Parquet: a file, or a folder of files."""

from dataclasses import dataclass
from typing import ClassVar

from adapters.arrow.columns import can_be_cells, cells_of
from adapters.data_sources.files import FilesOfSales
from adapters.files.location import Location
from adapters.files.parquet_files import ParquetFiles
from application.ports.data_source import SourceTable


@dataclass(frozen=True, slots=True)
class ParquetDataSource(FilesOfSales):
    """Reads sales, and a holdout where one is given, from Parquet: files or folders of files (paths or URLs).

    Decimals become floats, NaN becomes null, and a time stamp becomes its day, in its own time zone where it has one.
    Text is trimmed, empty text is null; columns that hold no cells, such as lists, are left out. A column with a date
    before the year 1 or after 9999 becomes text, so that its row alone is set aside.
    """

    wanted: ClassVar[str] = "a Parquet file of sales, or to a folder of such"

    def read(self, location: Location) -> SourceTable:
        """The sales of the file or folder. Raises SourceUnavailable, SourceMalformed."""
        files = ParquetFiles(location)
        nested = [field for field in files.schema if not can_be_cells(field.type)]
        frame = cells_of(files.table([field.name for field in files.schema if field not in nested]))
        frame.index += 1
        name = location.name
        left_out = [f"{name}: column {field.name!r} is left out: its type is {field.type}." for field in nested]
        return SourceTable(frame, name, place="row", notes=(*files.notes, *left_out))
