"""A table in Parquet: one file, or all files of a folder in the order of their names."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import parquet

from adapters.arrow.columns import sound
from adapters.arrow.parts import cut
from adapters.files.location import Location
from adapters.files.parquet_schema import common_schema
from domain.errors import SourceMalformed

_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_BUFFER = 2**20
_MAGIC = b"PAR1"
_ROWS_AT_A_TIME = 65_536


@dataclass(frozen=True, slots=True)
class _File:
    """One file: where it lies, its rows, and what the folders that it is in say (`sector=X`)."""

    location: Location
    rows: int
    schema: pa.Schema
    folders: dict[str, str | None]


class ParquetFiles:
    """Looks at the footers of all files when it is made. Columns of partitions, which are text, come behind the files'.

    schema, rows: of all files together. notes: what was widened, one sentence each. identity: of all files.
    Raises SourceUnavailable, SourceMalformed.
    """

    def __init__(self, location: Location) -> None:
        if location.is_folder():
            paths = location.files()
            if not paths:
                raise SourceMalformed(f"{location.name} holds no files: {location.remedy}.")
            self._files = [_looked_at(location.within(path), _folders(path)) for path in paths]
        else:
            self._files = [_looked_at(location, {})]
        self.schema, self.notes = common_schema([(file.location.name, _whole_schema(file)) for file in self._files])
        self.rows = sum(file.rows for file in self._files)
        self._identities = [file.location.identity() for file in self._files]
        self.identity = " ".join(self._identities)

    def check_unchanged(self) -> None:
        """Raises SourceMalformed where a file is no longer the one that was looked at."""
        for file, identity in zip(self._files, self._identities, strict=True):
            file.location.check_unchanged(identity)

    def table(self, columns: Sequence[str]) -> pa.Table:
        """All rows of those columns."""
        schema = pa.schema([self.schema.field(name) for name in columns])
        return pa.Table.from_batches(self.batches(_ROWS_AT_A_TIME, columns), schema)

    def batches(self, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, so many a batch but in the last, whatever the row groups; those columns of `schema`, or all.

        Memory is that of a few batches, whatever the row groups too. Raises SourceUnavailable, SourceMalformed.
        """
        names = self.schema.names if columns is None else columns
        schema = pa.schema([self.schema.field(name) for name in names])
        return cut(self._read(rows, schema), rows)

    def _read(self, rows: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for file in self._files:
            with _opened(file.location) as opened:
                if opened.metadata.num_rows != file.rows or not opened.schema_arrow.equals(file.schema):
                    raise SourceMalformed(f"{file.location.name} was changed while it was read: begin again.")
                names = [name for name in schema.names if name not in file.folders]
                for batch in opened.iter_batches(rows, columns=names, use_threads=False):
                    yield _in_schema(batch, schema, file)


def _looked_at(location: Location, folders: dict[str, str | None]) -> _File:
    with _opened(location) as file:
        schema = file.schema_arrow
        return _File(
            location,
            file.metadata.num_rows,
            schema,
            {name: value for name, value in folders.items() if name not in schema.names},
        )


@contextmanager
def _opened(location: Location) -> Iterator[parquet.ParquetFile]:
    """Raises SourceMalformed where it is no whole Parquet file, SourceUnavailable where it cannot be read."""
    with ExitStack() as stack:
        stream = stack.enter_context(location.open_for_leaps())
        try:
            with location.told():
                if stream.read(len(_MAGIC)) != _MAGIC:
                    raise SourceMalformed(f"{location.name} is no Parquet file: {location.remedy}.")
                stream.seek(0)
            # Buffered and not read ahead: a row group may be of any size.
            yield stack.enter_context(parquet.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False))
        except (pa.ArrowException, OSError) as error:
            said = " ".join(f"{error}".split()).rstrip(".")
            raise SourceMalformed(
                f"{location.name} is damaged, or ends too soon ({said:.200}): copy or write it anew."
            ) from error


def _whole_schema(file: _File) -> pa.Schema:
    schema = file.schema
    for name in file.folders:
        schema = schema.append(pa.field(name, pa.string()))
    return schema


def _folders(path: str) -> dict[str, str | None]:
    """What the folders of a path say: `sector=X` is a column, as Hive and Spark write them."""
    named = [part.partition("=") for part in path.split("/")[:-1] if "=" in part]
    return {unquote(name): None if value == _NO_PARTITION else unquote(value) for name, _, value in named}


def _in_schema(batch: pa.RecordBatch, schema: pa.Schema, file: _File) -> pa.RecordBatch:
    columns = []
    for field in schema:
        if field.name in file.folders:
            columns.append(pa.repeat(pa.scalar(file.folders[field.name], field.type), batch.num_rows))
            continue
        column = sound(batch.column(field.name))
        try:
            columns.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowInvalid as error:
            name = file.location.name
            raise SourceMalformed(
                f"{name}: column {field.name!r} cannot be read as {field.type}, unlike other files': {error}."
            ) from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)
