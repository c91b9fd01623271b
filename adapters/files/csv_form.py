"""What a CSV file is before its rows: no other format, its separator, its header."""

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice

from adapters.files.csv_reader import csv_reader
from domain.errors import SourceMalformed

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
QUOTES = "Is a quotation mark there not closed, or not doubled?"

_OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"\x1f\x8b", "a gzip archive in a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
)
_CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])(?:\r\n|\r|\n)", re.IGNORECASE)  # Excel's own first line
_MOST_COLUMNS = 100_000
_HEAD = 65_536  # characters within which the header is looked for


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a file's rows are to be read.

    names: a name for each column, `column N` where it has none; unnamed: the positions of those. header: as the file
    writes it, without its line end.
    """

    name: str
    separator: str
    names: tuple[str, ...]
    unnamed: frozenset[int]
    header: str
    line_end: str


def refuse_other_formats(content: bytes, name: str) -> None:
    """Raises SourceMalformed where a file's first bytes are no text."""
    for magic, what in _OTHER_FORMATS:
        if content.startswith(magic):
            raise SourceMalformed(f"{name} is {what}, not a CSV file: export it as CSV.")
    controls = [control.start() for control in _CONTROL_CHARACTERS.finditer(content, 0, _HEAD)]
    if len(controls) > 1 + min(len(content), _HEAD) // 20:  # one is a slip of some row's
        line = len(_LINE_END.findall(content, 0, controls[0])) + 1
        raise SourceMalformed(control_character(name, line))


def control_character(name: str, line: int) -> str:
    """What to say of one."""
    return f"{name} holds a control character on line {line}, so it is no text file: export it as CSV in UTF-8."


def read_form(block: bytes, encoding: str, name: str) -> tuple[CsvForm, int, int] | None:
    """The form that a file's first block shows, how many bytes and how many lines come before its rows.

    None where there is nothing but blank lines. Raises SourceMalformed.
    """
    text = block.decode(encoding, "surrogateescape")
    told = _SEPARATOR_LINE.match(text)
    separator = told[1] if told else max(SEPARATORS, key=lambda each: _header_width(text[:_HEAD], each))
    lines = io.StringIO(text, newline="")
    if told:
        lines.readline()
    begun = lines.tell()
    skipped = 1 if told else 0
    reader = csv_reader(lines, separator, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                break
            line = skipped + reader.line_num + 1
        else:
            return None
    except csv.Error as error:
        raise SourceMalformed(f"{name} cannot be read from line {line} on: {error}. {QUOTES}") from None
    last = skipped + reader.line_num
    written = text[:begun] + "".join(islice(io.StringIO(text[begun:], newline=""), reader.line_num))
    header = "".join(io.StringIO(written, newline="").readlines()[line - 1 :])
    if "\0" in header:
        raise SourceMalformed(control_character(name, line))
    if len(cells) > _MOST_COLUMNS:
        raise SourceMalformed(
            f"{name} names more than {_MOST_COLUMNS:,} columns on line {line}: the first line must be the header."
        )
    names, unnamed = _column_names(name, [_shown(cell, encoding) for cell in cells], line)
    form = CsvForm(
        name=name,
        separator=separator,
        names=names,
        unnamed=unnamed,
        header=_shown(header.rstrip("\r\n"), encoding),
        line_end="\r\n" if header.endswith("\r\n") else "\n",
    )
    return form, len(written.encode(encoding, "surrogateescape")), last


def _header_width(head: str, separator: str) -> int:
    for record in csv_reader(io.StringIO(head, newline=""), separator):
        if any(cell.strip("".join((" ", *SEPARATORS))) for cell in record):
            return len(record)
    return 0


def _column_names(name: str, header: list[str], line: int) -> tuple[tuple[str, ...], frozenset[int]]:
    positions: dict[str, int] = {}
    for position, written in enumerate(header, start=1):
        column = written.strip() or f"column {position}"
        if column in positions:
            raise SourceMalformed(
                f"{name} names the column {column!r} twice on line {line}, as columns {positions[column]} and "
                f"{position}: rename or remove one. The first line must be the header."
            )
        positions[column] = position
    unnamed = frozenset(position for position, written in enumerate(header) if not written.strip())
    return tuple(positions), unnamed


def _shown(text: str, encoding: str) -> str:
    """Text without what stands for bytes that its encoding does not know."""
    return text.encode(encoding, "surrogateescape").decode(encoding, "replace")
