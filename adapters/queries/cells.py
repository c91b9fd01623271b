"""From the columns of a result to cells that say what they mean, and to the caller's own columns."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from adapters.arrow.columns import OUT_OF_RANGE, cells_in, frame_of, series_of
from adapters.queries.result import Column

if TYPE_CHECKING:
    import pandas as pd

# PostgreSQL's infinities, and moments further off than Arrow can tell, come out before its first day, 4713 BC.
_FIRST_DAY = -2_440_588
_FIRST_MICROSECOND = _FIRST_DAY * 86_400_000_000
_INFINITE_DAYS = {-2_147_472_692: "infinity", -2_147_472_691: "-infinity"}
_INFINITE_MICROSECONDS = {-9_222_425_352_054_775_809: "infinity", -9_222_425_352_054_775_808: "-infinity"}
_POSTGRESQL_SPECIALS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def cells_of(table: pa.Table, columns: Sequence[Column]) -> "pd.DataFrame":
    """What each cell says, as `cells_in` has it; an infinite date is text that says so.

    Arrow-backed, but for columns that hold cells of several types: they hold Python's objects.
    """
    import pandas as pd

    cells = {column.name: _cells(table, column) for column in columns}
    return pd.DataFrame(cells, columns=list(cells), index=pd.RangeIndex(table.num_rows))


def own_of(table: pa.Table, columns: Sequence[Column]) -> "pd.DataFrame":
    """All columns as they were, Arrow-backed; missing where Arrow has nothing to say it with (`unreadable_in`)."""
    arrays = [_own(table.column(column.at), column) for column in columns]
    return frame_of(pa.table(arrays, names=[column.name for column in columns]))


def unreadable_in(table: pa.Table, columns: Sequence[Column]) -> dict[int, str]:
    """Rows, by position, with a cell that Arrow cannot hold: an infinite date, or NaN where all else is decimals."""
    found: dict[int, str] = {}
    for column in columns:
        raw = table.column(column.at)
        beyond = _not_held(raw, column)
        if beyond is None or not pc.any(beyond).as_py():
            continue
        for row in pc.indices_nonzero(beyond).to_pylist():
            shown = _moment(raw[row]) if _is_moment(raw.type) else "NaN"
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
    return series_of(_with_infinities(cells_in(raw), raw))


def _with_infinities(cells: pa.ChunkedArray, raw: pa.ChunkedArray) -> pa.ChunkedArray:
    if not _is_moment(raw.type) or pa.types.is_date(cells.type):
        return cells
    numbers = raw.cast(_integer(raw.type))
    for number, name in _infinities(raw.type).items():
        cells = pc.if_else(pc.equal(numbers, number), name, cells)
    return cells


def _moment(beyond: pa.Scalar) -> str:
    return _infinities(beyond.type).get(beyond.cast(_integer(beyond.type)).as_py(), OUT_OF_RANGE)


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


def _infinities(kind: pa.DataType) -> dict[int, str]:
    return _INFINITE_DAYS if pa.types.is_date(kind) else _INFINITE_MICROSECONDS
