"""Sales in a CSV file, as spreadsheets and databases really write them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from application.ports.data_source import DataSource, SourceTable
from domain.errors import SourceMalformed, SourceUnavailable

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_BYTE_ORDER_MARKS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
)
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])(?:\r\n|\r|\n)", re.IGNORECASE)  # Excel's own first line
_QUOTES = "Is a quotation mark there not closed, or not doubled?"
_HEAD = 65_536  # characters within which the header is looked for


@dataclass(frozen=True, slots=True)
class CsvDataSource(DataSource):
    """Reads sales, and a holdout where one is given, from CSV files. Nothing is opened before it is asked for.

    Encoding (UTF-8, UTF-16 by its mark, else Windows-1252 or Latin-1) and separator (`, ; tab |`) are detected. The
    first line that is not blank is the header. Lines without any text are no rows; a row with too few or too many
    cells is broken; columns without a name are left out where they hold nothing.
    """

    path: Path
    holdout_path: Path | None = None

    def sales(self) -> SourceTable:
        """The sales of the file. Raises SourceUnavailable, SourceMalformed."""
        return _read(self.path, "data_source.path")

    def holdout(self) -> SourceTable | None:
        """The sales of the holdout's file, or None. Raises as `sales` does."""
        return None if self.holdout_path is None else _read(self.holdout_path, "data_source.test_path")


class _Record(NamedTuple):
    """One record as it is written, and the first and the last line of it."""

    line: int
    last_line: int
    cells: list[str]


@dataclass(slots=True)
class _Rows:
    """What was read: the cells of each good row, the line on which it starts, and the broken lines."""

    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)

    def take(self, path: Path, record: _Record, width: int) -> None:
        """Adds a record: to the good rows, or to the broken lines where it has not `width` cells."""
        line, last_line, cells = record
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) == width:
            self.cells.append(cells)
            self.lines.append(line)
        elif line == last_line:
            self.broken[line] = f"number of cells is {len(cells)}, where the header names {width} columns"
        else:  # counted as one row, the sales on these lines would be lost in silence
            raise SourceMalformed(
                f"{path}: lines {line} to {last_line} are one row of {len(cells)} cells where the header names {width} "
                f"columns. {_QUOTES}"
            )


def _read(path: Path, key: str) -> SourceTable:
    text, notes = _text(path, _content(path, key))
    text, separator = _separated(text)
    if separator != ",":
        notes.append(f"{path}: cells are separated by {_SEPARATORS[separator]}.")
    records = _records(path, text, separator)
    first = next(records, None)
    if first is None:
        raise SourceMalformed(f"{path} is empty: {key} must name a CSV file with a header and a row for each sale.")
    header = [name.strip() for name in first.cells]
    names = _column_names(path, header, first.line)
    rows = _Rows()
    for record in records:
        rows.take(path, record, len(names))
    return SourceTable(_frame(names, header, rows), str(path), place="line", broken=rows.broken, notes=tuple(notes))


def _content(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceUnavailable(f"There is no file {path}: set {key} to a CSV file of sales.") from None
    except IsADirectoryError:
        raise SourceUnavailable(f"{path} is a folder: set {key} to a CSV file of sales.") from None
    except PermissionError:
        raise SourceUnavailable(f"{path} may not be read: give permission, or set {key} to another file.") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        cause = getattr(error, "strerror", None) or error
        raise SourceUnavailable(f"{str(path)!r} cannot be read ({cause}): check {key}.") from error


def _text(path: Path, content: bytes) -> tuple[str, list[str]]:
    """The text of a file, and a note where it is not UTF-8."""
    for magic, what in _OTHER_FORMATS:
        if content.startswith(magic):
            raise SourceMalformed(f"{path} is {what}, not a CSV file: export the sales as CSV.")
    text, notes = _decoded(path, content)
    control = _CONTROL_CHARACTERS.search(text, 0, _HEAD)
    position = control.start() if control else text.find("\0")
    if position >= 0:
        line = len(re.findall(r"\r\n|\r|\n", text[:position])) + 1
        raise SourceMalformed(
            f"{path} holds a control character on line {line}, so it is no text file: export the sales as CSV in UTF-8."
        )
    return text, notes


def _decoded(path: Path, content: bytes) -> tuple[str, list[str]]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                raise SourceMalformed(f"{path} is no valid {encoding.upper()}: export the sales as UTF-8.") from None
            return text, [] if encoding == "utf-8-sig" else [f"{path}: read as {encoding.upper()}."]
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    try:
        text, name = content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = content.decode("latin-1"), "Latin-1"
    return text, [f"{path}: line {line} is not UTF-8, so the file is read as {name}."]


def _separated(text: str) -> tuple[str, str]:
    """The text without Excel's `sep=` line, whose line end stays to be counted, and the separator."""
    if match := _SEPARATOR_LINE.match(text):
        return text[match.end(1) :], match[1]
    return text, max(_SEPARATORS, key=lambda separator: _header_width(text[:_HEAD], separator))


def _header_width(head: str, separator: str) -> int:
    try:
        for record in csv.reader(io.StringIO(head, newline=""), delimiter=separator, skipinitialspace=True):
            if any(cell.strip("".join((" ", *_SEPARATORS))) for cell in record):
                return len(record)
    except csv.Error:
        pass
    return 0


def _records(path: Path, text: str, separator: str) -> Iterator[_Record]:
    """Every record that holds any text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SourceMalformed(f"{path} cannot be read from line {line} on: {error}. {_QUOTES}") from None
        if any(map(str.strip, cells)):
            yield _Record(line, reader.line_num, cells)


def _column_names(path: Path, header: list[str], line: int) -> list[str]:
    positions: dict[str, int] = {}
    for position, name in enumerate(header, start=1):
        column = name or f"column {position}"
        if column in positions:
            raise SourceMalformed(
                f"{path} names the column {column!r} twice on line {line}, as columns {positions[column]} and "
                f"{position}: rename or remove one. The first line must be the header."
            )
        positions[column] = position
    return list(positions)


def _frame(names: list[str], header: list[str], rows: _Rows) -> "pd.DataFrame":
    import pandas as pd

    columns: dict[str, list[str | None]] = {}
    for position, name in enumerate(names):
        column = [cells[position].strip() or None for cells in rows.cells]
        if header[position] or any(column):
            columns[name] = column
    return pd.DataFrame(columns, index=pd.Index(rows.lines, dtype="int64"), dtype=object)
