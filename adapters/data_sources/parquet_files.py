"""Sales in Parquet: a file, or a folder of files."""

from dataclasses import dataclass
from pathlib import Path

from adapters.files.arrow_columns import can_be_cells, cells_of
from adapters.files.location import Location
from adapters.files.parquet_files import ParquetFiles
from application.ports.data_source import DataSource, SourceTable

_KEY, _HOLDOUT_KEY = "data_source.path", "data_source.test_path"


@dataclass(frozen=True, slots=True)
class ParquetDataSource(DataSource):
    """Reads sales, and a holdout where one is given, from Parquet: files or folders of files (paths or URLs).

    Nothing is opened before it is asked for. Decimals become floats, NaN becomes null, and a time stamp becomes its
    day, in its own time zone where it has one. Text is trimmed, empty text is null; columns that hold no cells, such
    as lists, are left out.
    """

    path: str | Path
    holdout_path: str | Path | None = None

    def __post_init__(self) -> None:
        """Raises SourceUnavailable where a URL cannot be used, whatever lies there."""
        for path, key in ((self.path, _KEY), (self.holdout_path, _HOLDOUT_KEY)):
            if path is not None:
                _location(path, key).check()

    def sales(self) -> SourceTable:
        """The sales of the file or folder. Raises SourceUnavailable, SourceMalformed."""
        return _read(self.path, _KEY)

    def holdout(self) -> SourceTable | None:
        """The sales of the holdout's, or None. Raises as `sales` does."""
        return None if self.holdout_path is None else _read(self.holdout_path, _HOLDOUT_KEY)


def _location(path: str | Path, key: str) -> Location:
    return Location(str(path), f"set {key} to a Parquet file of sales, or to a folder of such")


def _read(path: str | Path, key: str) -> SourceTable:
    location = _location(path, key)
    files = ParquetFiles(location)
    nested = [field for field in files.schema if not can_be_cells(field.type)]
    frame = cells_of(files.table([field.name for field in files.schema if field not in nested]))
    frame.index += 1
    left_out = [f"{location.name}: column {field.name!r} is left out: its type is {field.type}." for field in nested]
    return SourceTable(frame, location.name, place="row", notes=(*files.notes, *left_out))
