"""From the columns of a result to cells that say what they mean, and to the caller's own columns."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from adapters.queries.result import Column

if TYPE_CHECKING:
    import pandas as pd

_DAYS = (-719_162, 2_932_896)  # 0001-01-01 to 9999-12-31, in days from 1970: what Python calls a date
# PostgreSQL's infinities, and moments further off than Arrow can tell, come out before its first day, 4713 BC.
_FIRST_DAY = -2_440_588
_FIRST_MICROSECOND = _FIRST_DAY * 86_400_000_000
_INFINITIES = {
    -2_147_472_692: "infinity",
    -2_147_472_691: "-infinity",
    -9_222_425_352_054_775_809: "infinity",
    -9_222_425_352_054_775_808: "-infinity",
}
_POSTGRESQL_SPECIALS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def cells_of(table: pa.Table, columns: Sequence[Column]) -> "dict[str, pd.Series[Any]]":
    """The cells of each column: text without blanks around it, numbers, dates; missing where there is nothing.

    Decimals are floats and NaN is missing, a time stamp is its day, and what is neither text, number nor date is text.
    Arrow-backed, but for columns that hold cells of several types: they hold Python's objects.
    """
    return {column.name: _cells(table, column) for column in columns}


def own_of(table: pa.Table, columns: Sequence[Column]) -> "pd.DataFrame":
    """All columns as they were, Arrow-backed; missing where Arrow has nothing to say it with (`unreadable_in`)."""
    import pandas as pd

    arrays = [_own(table.column(column.at), column) for column in columns]
    series = {column.name: _backed(array) for column, array in zip(columns, arrays, strict=True)}
    return pd.DataFrame(series, columns=[column.name for column in columns], index=pd.RangeIndex(table.num_rows))


def unreadable_in(table: pa.Table, columns: Sequence[Column]) -> dict[int, str]:
    """Rows, by position, with a cell that Arrow cannot hold: an infinite date, or NaN where all else is decimals."""
    found: dict[int, str] = {}
    for column in columns:
        raw = table.column(column.at)
        beyond = _not_held(raw, column)
        if beyond is None or not pc.any(beyond).as_py():
            continue
        for row in pc.indices_nonzero(beyond).to_pylist():
            shown = _far_off(raw[row].cast(_integer(raw.type)).as_py()) if _is_moment(raw.type) else "NaN"
            found.setdefault(row, f"column {column.name!r} is {shown}, which cannot be kept: cast it to text")
    return found


def without(table: pa.Table, rows: Collection[int]) -> pa.Table:
    """The table with nothing in these rows, by position."""
    if not rows:
        return table
    emptied = pa.array([row in rows for row in range(table.num_rows)])
    return pa.table([pc.if_else(emptied, None, column) for column in table.columns], names=table.column_names)


def _cells(table: pa.Table, column: Column) -> "pd.Series[Any]":
    raw = table.column(column.at)
    if column.form == "mixed":
        return _mixed(raw, table.column(column.beside))
    if column.form == "day":
        raw = table.column(column.beside)
    elif column.form == "number":
        raw = pc.cast(raw, pa.float64())
    return _backed(_as_cells(raw))


def _as_cells(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = raw.type
    if pa.types.is_float32(kind):
        raw = pc.cast(pc.cast(raw, pa.string()), pa.float64())  # 0.1, and not the nearest float64 to the float32
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_nan(raw), None, raw)
    if pa.types.is_string(kind):
        trimmed = pc.utf8_trim_whitespace(raw)
        return pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    if pa.types.is_binary(kind):
        texts = [None if cell is None else cell.decode("utf-8", "backslashreplace") for cell in raw.to_pylist()]
        return _as_cells(pa.chunked_array([texts], pa.string()))
    return _days(raw) if _is_moment(kind) else raw


def _days(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dates; or, where one of them is none of Python's, text of each."""
    days = raw if pa.types.is_date(raw.type) else pc.cast(pc.floor_temporal(raw, unit="day"), pa.date32())
    numbers = pc.cast(days, pa.int32())
    first, last = _DAYS
    inside = pc.and_(pc.greater_equal(numbers, first), pc.less_equal(numbers, last))
    if pc.all(inside).as_py() is not False:
        return days
    told = pc.fill_null(pc.if_else(inside, pc.strftime(pc.if_else(inside, days, None), "%Y-%m-%d"), None), "")
    exact = pc.cast(raw, _integer(raw.type)).to_pylist()
    texts = [
        None if number is None else text or _far_off(number)
        for number, text in zip(exact, told.to_pylist(), strict=True)
    ]
    return pa.chunked_array([texts], pa.string())


def _far_off(number: int) -> str:
    return _INFINITIES.get(number, "out of range")


def _mixed(texts: pa.ChunkedArray, numbers: pa.ChunkedArray) -> "pd.Series[Any]":
    import pandas as pd

    pairs = zip(texts.to_pylist(), numbers.to_pylist(), strict=True)
    cells = [number if number is not None else (text or "").strip() or None for text, number in pairs]
    return pd.Series(cells, dtype=object)


def _own(raw: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    beyond = _not_held(raw, column)
    if beyond is not None and pc.any(beyond).as_py():
        raw = pc.if_else(beyond, None, raw)
    if column.form == "number" and pa.types.is_string(column.own):
        for said, written in _POSTGRESQL_SPECIALS.items():
            raw = pc.if_else(pc.equal(raw, said), written, raw)
    return raw if raw.type == column.own else pc.cast(raw, column.own)


def _not_held(raw: pa.ChunkedArray, column: Column) -> pa.ChunkedArray | None:
    """Which cells Arrow has no value for in the column's type; None where it has one for each."""
    if pa.types.is_date(raw.type):
        return pc.less(pc.cast(raw, pa.int32()), _FIRST_DAY)
    if pa.types.is_timestamp(raw.type):
        return pc.less(pc.cast(raw, pa.int64()), _FIRST_MICROSECOND)
    if column.form == "number" and pa.types.is_decimal(column.own):
        return pc.equal(raw, "nan")
    return None


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _integer(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if pa.types.is_date(kind) else pa.int64()


def _backed(array: pa.ChunkedArray) -> "pd.Series[Any]":
    import pandas as pd

    return pd.Series(pd.arrays.ArrowExtensionArray(array))
