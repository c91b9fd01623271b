"""A key as a line of a CSV file, which a spreadsheet may have been at."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.key_stores.row import COLUMNS, FIRST_COLUMNS, key_of
from domain.api_key import ApiKey

HEADER = ",".join(COLUMNS).encode()
HEADERS = (HEADER, ",".join(FIRST_COLUMNS).encode())

_TEXTS = ("label", "pepper_id", "revoked_by", "revoked_because", "created_by")
# A spreadsheet runs a cell that begins with one of these as a formula; an apostrophe before it makes it text.
_FORMULA_STARTS = ("=", "+", "-", "@")
_APOSTROPHE = "'"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One line of the file as it stands there, without its line feed. A key never holds a line break."""

    number: int
    raw: bytes

    @property
    def key_id(self) -> str:
        """The first cell, even of a line that is nonsense otherwise."""
        return self.raw.split(b",", 1)[0].decode(errors="replace").strip(' "\r')

    def cells(self) -> list[str]:
        """A cell for each column. Raises ValueError, saying what is wrong with the line."""
        try:
            text = self.raw.decode().rstrip("\r")
            cells = next(csv.reader([text], strict=True)) if '"' in text else text.split(",")
        except (UnicodeDecodeError, csv.Error):
            raise ValueError("it is no CSV in UTF-8") from None
        if len(cells) not in {len(COLUMNS), len(FIRST_COLUMNS)}:
            raise ValueError(f"it has {len(cells)} cells, not {len(COLUMNS)}")
        return cells + [""] * (len(COLUMNS) - len(cells))

    def key(self) -> ApiKey:
        """The key on this line. Raises ValueError, saying what is wrong with it."""
        row = dict(zip(COLUMNS, self.cells(), strict=True))
        return key_of(row | {column: _text_of(row[column]) for column in _TEXTS})


def line_of(key: ApiKey) -> bytes:
    """The line for a key, without its line feed."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(_cell(getattr(key, column)) for column in COLUMNS)
    return line.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat()
        case frozenset():
            return " ".join(sorted(value))
    text = str(value)
    return _APOSTROPHE + text if text.startswith((*_FORMULA_STARTS, _APOSTROPHE)) else text


def _text_of(cell: str) -> str:
    text = cell.removeprefix(_APOSTROPHE)
    return text if text.startswith((*_FORMULA_STARTS, _APOSTROPHE)) else cell
