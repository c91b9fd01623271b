"""Cells of a CSV file as text, whole columns at a time; quotes as in RFC 4180."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from application.ports.portfolio_source import Dialect

# What spreadsheets take for the start of a formula (OWASP, "CSV Injection"); the last four are full-width = + - @.
_FORMULA = "^([=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20])"
_TEXT = pa.large_string()


def joined(columns: Sequence[Any], separator: str, line_end: str) -> bytes:
    """The lines of these columns of text; null is an empty cell."""
    lines = pc.binary_join_element_wise(*columns, _text(separator), null_handling="replace")
    ended = pc.binary_join_element_wise(lines, _text(""), _text(line_end))
    offsets, content = ended.buffers()[1:]
    if not len(ended):
        return b""
    begin, end = (pa.Array.from_buffers(pa.int64(), len(ended) + 1, [None, offsets])[i].as_py() for i in (0, -1))
    return bytes(memoryview(content)[begin:end])


def lines_as_written(lines: Sequence[str]) -> Any:
    """Lines of the caller's own as one column of text."""
    return pa.array(lines, _TEXT)


def header(names: Sequence[str], dialect: Dialect) -> str:
    """Names of columns as one line, without its end."""
    return dialect.separator.join(quoted(pa.array(names, _TEXT), dialect).to_pylist())


def cells(column: Any, dialect: Dialect) -> Any:
    """A column as text: numbers in the shortest form that reads back the same, ISO dates, empty texts as `""`."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = column.type
    if pa.types.is_dictionary(kind):
        return cells(column.dictionary_decode(), dialect)
    if pa.types.is_floating(kind):
        column = _numbers(column)
    elif not _is_plain(kind):
        column = pa.array([_in_json(cell) for cell in column.to_pylist()], _TEXT)
    text = column.cast(_TEXT)
    if dialect.decimal_comma and (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        text = pc.replace_substring(text, ".", ",")
    return quoted(text, dialect)


def harmless(column: Any) -> Any:
    """Texts of our own, of which none is the start of a formula."""
    return pc.replace_substring_regex(column, _FORMULA, r"'\1")


def quoted(text: Any, dialect: Dialect) -> Any:
    """Texts, in quotes where they need them."""
    special = "".join(rf"\x{{{ord(letter):x}}}" for letter in (dialect.separator, '"', "\r", "\n"))
    needs = pc.match_substring_regex(text, f"[{special}]|^$")
    if not pc.any(needs).as_py():
        return text
    escaped = pc.replace_substring(text, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise(_text('"'), escaped, _text('"'), _text("")), text)


def _text(text: str) -> Any:
    return pa.scalar(text, _TEXT)


def _numbers(column: Any) -> Any:
    """Arrow writes ten thousand million as 1e+10: such are written as people do."""
    text = column.cast(_TEXT)
    long = pc.match_substring(text, "e+")
    if not pc.any(long).as_py():
        return text
    rewritten = pa.array([_shortest(cell) for cell in column.filter(long).to_pylist()], _TEXT)
    return pc.replace_with_mask(text, pc.coalesce(long, pa.scalar(value=False)), rewritten)


def _shortest(number: float) -> str:
    return repr(number).removesuffix(".0")


def _is_plain(kind: Any) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_duration(kind) or "binary" in str(kind))


def _in_json(cell: object) -> str | None:
    """A list or a structure as JSON, bytes as hexadecimal digits."""
    if cell is None:
        return None
    if isinstance(cell, bytes):
        return cell.hex()
    return json.dumps(cell, default=_told, ensure_ascii=False)


def _told(cell: object) -> str:
    return cell.hex() if isinstance(cell, bytes) else str(cell)
