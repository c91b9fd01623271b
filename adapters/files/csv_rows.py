"""Some rows of a CSV file, from their bytes to their cells: none is lost, and each one knows its line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from adapters.files.csv_encoding import one_byte_encoding
from adapters.files.csv_form import QUOTES, CsvForm, control_character
from adapters.files.csv_reader import csv_reader

_OPEN_QUOTE = "a quotation mark is not closed, or not doubled"
_CONTROL = "it holds a control character"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_NOT_IN_ENCODING = {"utf-8": "it is not UTF-8", "cp1252": "it is not Windows-1252"}


@dataclass(slots=True)
class CsvRows:
    """Rows in their order: for each its cells, as many as the header's, its text likewise, and its line.

    broken: by position, why a row could not be read into columns. cut: by position, what stood beyond the last column
    of a broken row. doubt: what is to be told where a row may have swallowed others, or where this is no text; None
    where all is well.
    """

    cells: list[list[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    cut: dict[int, str] = field(default_factory=dict)
    doubt: str | None = None


def read_rows(content: bytes, encoding: str, form: CsvForm, first_line: int) -> CsvRows:
    """The rows of whole lines, of which the first is `first_line` of the file. Blank lines are no rows.

    A record whose quotation marks do not come right, or that spans lines and has not as many cells as the header, may
    have swallowed what follows it: each of its lines is a row then.
    """
    try:
        text, spoilt = content.decode(encoding), False
    except UnicodeDecodeError:
        text, spoilt = content.decode(encoding, "surrogateescape"), True
    lines = io.StringIO(text, newline="").readlines()
    if '"' not in text and not spoilt and "\0" not in text:
        cells = list(csv_reader(lines, form.separator, quotes=False))
        if set(map(len, cells)) == {len(form.names)} and len(form.names) > 1:
            texts = [line.rstrip("\r\n") for line in lines]
            return CsvRows(cells, texts, list(range(first_line, first_line + len(lines))))
    reading = _Reading(form, encoding, first_line, lines, _spaces_lead_to_quotes(text, form.separator))
    try:
        return reading.of(reading.strictly())
    except csv.Error:
        return reading.of(reading.carefully())


@dataclass(frozen=True, slots=True)
class _Record:
    """Lines from `start` to before `end`, and their cells, or what is wrong with their quotation marks."""

    start: int
    end: int
    cells: list[str]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    form: CsvForm
    encoding: str
    first_line: int
    lines: Sequence[str]
    spaced: bool

    def of(self, records: Iterator[_Record]) -> CsvRows:
        rows = CsvRows()
        for record in records:
            if record.end == record.start + 1 or self._fits(record):
                self._take(rows, record)
                continue
            rows.doubt = rows.doubt or self._doubt(record)
            for line in range(record.start, record.end):
                self._take(rows, self._alone(line, line + 1))
        return rows

    def strictly(self) -> Iterator[_Record]:
        """All records, as long as their quotation marks come right. Raises csv.Error."""
        reader = csv_reader(self.lines, self.form.separator, strict=True, spaced=self.spaced)
        start = 0
        for cells in reader:
            yield _Record(start, reader.line_num, cells)
            start = reader.line_num

    def carefully(self) -> Iterator[_Record]:
        """All records, with what is wrong with each; one that never ends goes on to the last line."""
        reader = csv_reader([*self.lines, "\n"], self.form.separator, spaced=self.spaced)
        start = 0
        for _ in reader:  # the line that was added is the last record, or was absorbed by an open cell
            end = min(reader.line_num, len(self.lines))
            if start < end:
                yield self._alone(start, end)
            start = end

    def _alone(self, start: int, end: int) -> _Record:
        lines = self.lines[start:end]
        try:
            cells = next(csv_reader(lines, self.form.separator, strict=True, spaced=self.spaced), [])
        except csv.Error as error:
            return _Record(start, end, [], f"{error}")
        return _Record(start, end, cells)

    def _fits(self, record: _Record) -> bool:
        width = len(self.form.names)
        return record.error is None and not any(map(str.strip, record.cells[width:])) and len(record.cells) >= width

    def _doubt(self, record: _Record) -> str:
        name, first, last = self.form.name, self.first_line + record.start, self.first_line + record.end - 1
        if record.error is not None:
            return f"{name} cannot be read from line {first} on: {record.error}. {QUOTES}"
        return (
            f"{name}: lines {first} to {last} are one row of {len(record.cells)} cells where the header names "
            f"{len(self.form.names)} columns. {QUOTES}"
        )

    def _take(self, rows: CsvRows, record: _Record) -> None:
        """Adds a row. Its text is padded or cut to the header's columns; to one where nobody can tell its cells."""
        text = "".join(self.lines[record.start : record.end]).rstrip("\r\n")
        separator, width = self.form.separator, len(self.form.names)
        if not text.strip() and separator not in text:
            return
        position, line, cells, why = len(rows.cells), self.first_line + record.start, record.cells, None
        if record.error is not None:
            why = _OPEN_QUOTE
            rows.doubt = rows.doubt or self._doubt(record)
            text, cells, rows.cut[position] = _first_alone(text, separator)
        elif not self._fits(record):
            why = f"number of cells is {len(cells)}, where the header names {width} columns"
        if len(cells) < width:
            text += separator * (width - len(cells))
            cells = [*cells, *[""] * (width - len(cells))]
        elif len(cells) > width:
            kept = _first_cells(text, width, separator)
            if why:
                rows.cut[position] = text[len(kept) :]
            text, cells = kept, cells[:width]
        if "\0" in text:
            why = _CONTROL
            rows.doubt = rows.doubt or control_character(self.form.name, line)
        if not _is_sound(text):
            why = _NOT_IN_ENCODING[self.encoding]
            text, cells = self._mended(text), [self._mended(cell) for cell in cells]
        if why:
            rows.broken[position] = why
        rows.cells.append(cells)
        rows.texts.append(text)
        rows.lines.append(line)

    def _mended(self, text: str) -> str:
        """Text whose spoilt bytes are read as what they most likely are."""
        written = text.encode(self.encoding, "surrogateescape")
        return written.decode(one_byte_encoding(written))


def _is_sound(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _spaces_lead_to_quotes(text: str, separator: str) -> bool:
    """Whether quotation marks open cells behind spaces somewhere; else spaces are part of their cells."""
    before = begin = 0
    for match in re.finditer(rf'(?:^|[{re.escape(separator)}\r\n]) +"', text) if '"' in text else ():
        before += text.count('"', begin, match.end() - 1)
        begin = match.end() - 1
        if before % 2 == 0:  # else it closes one
            return True
    return False


def _first_alone(text: str, separator: str) -> tuple[str, list[str], str]:
    """Of a row whose quotation marks do not come right: its first cell as it can be written, what that says, the rest.

    So a row keeps its id.
    """
    first = _first_cells(text, 1, separator)
    rest = text[len(first) :]
    if _QUOTED.fullmatch(quoted := first.strip()):
        return quoted, [quoted[1:-1].replace('""', '"')], rest
    return '"' + first.replace('"', '""') + '"' if '"' in first else first, [first], rest


def _first_cells(text: str, number: int, separator: str) -> str:
    """The text of a row up to the end of its cell of this number."""
    other = f"[^{re.escape(separator)}]*"
    cell = re.compile(rf' *"(?:[^"]|"")*"{other}|{other}')
    end = -1
    for _ in range(number):
        match = cell.match(text, end + 1)
        end = match.end() if match else len(text)
    return text[:end]
