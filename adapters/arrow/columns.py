"""Columns of text in the compact form of Arrow, what cells of other types say, and tables as data frames and back."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

OUT_OF_RANGE = "out of range"


class ColumnsOfText:
    """Gathers rows of text into columns, text trimmed, empty text null."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._pieces: list[list[Any]] = [[] for _ in names]

    def take(self, rows: Sequence[Sequence[str]]) -> None:
        """Adds rows, each with a cell for each column."""
        for pieces, cells in zip(self._pieces, zip(*rows, strict=True), strict=False):
            pieces.append(trimmed(pa.array(cells, pa.string())))

    def frame(self, index: Sequence[int]) -> "pd.DataFrame":
        """All rows, Arrow-backed."""
        import pandas as pd

        columns = {
            name: pd.arrays.ArrowExtensionArray(pa.chunked_array(pieces or [[]], pa.string()))
            for name, pieces in zip(self._names, self._pieces, strict=True)
        }
        rows = pd.RangeIndex(len(index)) if isinstance(index, range) else pd.Index(list(index), dtype="int64")
        return pd.DataFrame(columns, index=rows, columns=list(self._names))


def frame_of_text(names: Sequence[str], rows: Sequence[Sequence[str]]) -> "pd.DataFrame":
    """Rows of text as they are, Arrow-backed."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return frame_of(pa.table([pa.array(cells, pa.string()) for cells in columns], names=list(names)))


def frame_of(table: pa.Table) -> "pd.DataFrame":
    """A table in its own types, Arrow-backed: `pyarrow.Table.from_pandas` makes the same table of it."""
    import pandas as pd

    columns = map(series_of, table.columns)
    return pd.DataFrame(dict(zip(table.column_names, columns, strict=True)), index=pd.RangeIndex(table.num_rows))


def series_of(column: pa.ChunkedArray) -> "pd.Series[Any]":
    """A column in its own type, Arrow-backed."""
    import pandas as pd

    return pd.Series(pd.arrays.ArrowExtensionArray(column))


def cells_of(table: pa.Table) -> "pd.DataFrame":
    """What each cell says, as `cells_in` has it. Takes columns that `can_be_cells`."""
    return frame_of(pa.table([cells_in(column) for column in table.columns], names=table.column_names))


def cells_in(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """What each cell says: text without blanks around it, numbers, days; null where there is nothing.

    Decimals are floats and NaN is null, a time stamp is its day in its own zone. Where a day is none of Python's, all
    of its column are text, and that one is OUT_OF_RANGE: so its row alone is set aside. Takes a column that
    `can_be_cells`.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    read = _reader(column.type)
    if read is None:
        raise TypeError(f"{column.type} holds no cells")
    return read(column)


def can_be_cells(kind: pa.DataType) -> bool:
    """Whether the values of a type are text, numbers or days."""
    return _reader(kind) is not None


def is_text(kind: pa.DataType) -> bool:
    """Whether the values of a type are text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def sound(array: pa.Array) -> pa.Array:
    r"""Values as they are, but for text that is not UTF-8, though its type promises it: such bytes become `\xff`."""
    if not is_text(array.type):
        return array
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array(_texts(array.cast(pa.large_binary())), array.type)
    return array


def trimmed(text: Any) -> Any:
    """An array of text, trimmed; null for text that is empty then."""
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, text.type), text)


def _reader(kind: pa.DataType) -> Callable[[pa.ChunkedArray], pa.ChunkedArray] | None:
    """What makes cells of a column of this type."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return next((read for is_kind, read in _READERS if is_kind(kind)), None)


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type != pa.float64():  # 0.1, and not what the nearest float32 to it is as a float64
        column = column.cast(pa.string()).cast(pa.float64())
    return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)


def _days(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        local = pc.local_timestamp(column) if column.type.tz else column
        # As whole numbers, since casting to dates goes round where one is further off than they reach.
        numbers = pc.divide(pc.floor_temporal(local, unit="day").cast(pa.int64()), _A_DAY[column.type.unit])
    else:
        numbers = column.cast(pa.date32()).cast(pa.int32())
    inside = pc.and_(pc.greater_equal(numbers, _FIRST_DAY), pc.less_equal(numbers, _LAST_DAY))
    days = pc.if_else(inside, numbers, None).cast(pa.int32()).cast(pa.date32())
    if pc.all(inside).as_py() is not False:
        return days
    return pc.if_else(inside, days.cast(pa.large_string()), OUT_OF_RANGE)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as text: old writers did not say which bytes are."""
    try:
        text = column.cast(pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        text = pa.chunked_array([_texts(column)], pa.large_string())
    return trimmed(text)


def _texts(column: Any) -> list[str | None]:
    return [None if cell is None else cell.decode("utf-8", "backslashreplace") for cell in column.to_pylist()]


_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31: what Python calls a date
_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_READERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], pa.ChunkedArray]], ...] = (
    (is_text, lambda column: trimmed(column.cast(pa.large_string()))),
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, lambda column: column.cast(pa.float64())),
    (pa.types.is_date, _days),
    (pa.types.is_timestamp, _days),
    (pa.types.is_time, lambda column: column.cast(pa.string())),
    (pa.types.is_binary, _decoded),
    (pa.types.is_large_binary, _decoded),
    (pa.types.is_fixed_size_binary, _decoded),
    (pa.types.is_integer, lambda column: column),
    (pa.types.is_boolean, lambda column: column),
    (pa.types.is_null, lambda column: column),
)
