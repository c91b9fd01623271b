"""Numbers of cells whose style is known: read all at once where nothing is odd about any of them.

Units and currency signs are not guessed at: such a cell is no number.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import DistinctCells, ReadColumn, is_missing_word

if TYPE_CHECKING:
    import pandas as pd

NOT_A_NUMBER = "is not a number"
NOT_FINITE = "is not a finite number"
KINDS_OF_NUMBERS = "iufb"
"""Of the types of columns that hold numbers and nothing else."""
_AT_ONCE = 256

_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
PLAIN = re.compile(rf"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}")
DECIMAL_COMMA = re.compile(rf"[+-]?(?:(?:[0-9]{{1,3}}(?:\.[0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+){_EXPONENT}")
THOUSANDS_COMMA = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_PLAIN_CHARACTERS = b"+-.0123456789eE\n"
_CHARACTERS_WITH_DECIMAL_COMMA = b"+-,0123456789eE\n"


class NumberStyle(StrEnum):
    """How a column writes its numbers: `1234.56`, `1.234,56` or `1,234.56`."""

    PLAIN = "plain"
    DECIMAL_COMMA = "decimal comma"
    THOUSANDS_COMMA = "comma between thousands"


def read_in_style(cells: "pd.Series[Any]", style: NumberStyle) -> ReadColumn:
    """The numbers of a column whose style is known: all at once where nothing is odd about any cell."""
    if cells.dtype.kind in KINDS_OF_NUMBERS:
        return PlainNumbers(numbers_as_they_are(cells)).read(style)
    if texts := TextCells.of(cells):
        plain = texts.numbers_with_decimal_comma() if style is NumberStyle.DECIMAL_COMMA else texts.plain_numbers()
        if plain is not None:
            return plain.read(style)
    column = DistinctCells.of(cells)
    values = None if style is NumberStyle.DECIMAL_COMMA else _numbers_of_objects(column.cells)
    unreadable = np.zeros(len(column.cells), dtype=np.bool_)
    if values is None:
        numbers = [number_of(cell, style) for cell in column.cells]
        values = np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)
        unreadable = np.array([number is None for number in numbers], dtype=np.bool_)
    return ReadColumn(
        values=column.spread(values, math.nan),
        missing=column.spread(np.isnan(values) & ~unreadable, missing=True),
        problems={
            NOT_A_NUMBER: column.spread(unreadable, missing=False),
            NOT_FINITE: column.spread(np.isinf(values), missing=False),
        },
    )


@dataclass(frozen=True, slots=True)
class PlainNumbers:
    """A column of n cells: the numbers of those that are plain, NaN for others; the texts that are not, by their rows.

    Only the odd ones need to be looked at one by one.
    """

    values: NDArray[np.float64]
    odd: Sequence[str] = ()
    rows: NDArray[np.intp] | None = None

    def read(self, style: NumberStyle) -> ReadColumn:
        """The column, its odd texts read in this style."""
        values, unreadable = self.values, np.zeros(len(self.values), dtype=np.bool_)
        if self.rows is not None:
            meant = {text: number_of(text.strip(), style) for text in set(self.odd)}
            values = values.copy()
            values[self.rows] = [math.nan if (number := meant[text]) is None else number for text in self.odd]
            unreadable[self.rows] = [meant[text] is None for text in self.odd]
        problems = {NOT_A_NUMBER: unreadable, NOT_FINITE: np.isinf(values)}
        return ReadColumn(values, np.isnan(values) & ~unreadable, problems)


def numbers_as_they_are(cells: "pd.Series[Any]") -> NDArray[np.float64]:
    """The numbers of a column that holds nothing else, be it numpy's, Arrow's or pandas's own."""
    return cells.to_numpy(dtype=np.float64, na_value=math.nan)


@dataclass(frozen=True, slots=True)
class TextCells:
    """A column of n cells that are text or missing: the texts in their order, in one piece too, and which are missing.

    What says the same of all of them at once saves asking each.
    """

    present: list[str]
    joined: str
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "TextCells | None":
        """None where any cell is something else."""
        import pandas as pd

        objects = cells.to_numpy(dtype=object)
        missing = pd.isna(objects)
        present = (objects[~missing] if missing.any() else objects).tolist()
        try:
            joined = "\n".join(present)
        except TypeError:
            return None
        if " " in joined:
            present = [text.strip() for text in present]
            joined = "\n".join(present)
        return cls(present, joined, missing)

    def plain_numbers(self) -> PlainNumbers:
        """The numbers of all texts that are plain."""
        values = np.full(len(self.missing), math.nan)
        rows = np.flatnonzero(~self.missing)
        whole = _numbers_if_plain(self.present, self.joined)
        if whole is not None:
            values[rows] = whole
            return PlainNumbers(values)
        odd: list[int] = []
        for start in range(0, len(self.present), _AT_ONCE):
            some = self.present[start : start + _AT_ONCE]
            numbers = _numbers_if_plain(some, "\n".join(some))
            if numbers is None:
                matches = [PLAIN.fullmatch(text) for text in some]
                odd += [start + place for place, match in enumerate(matches) if match is None]
                numbers = [math.nan if match is None else float(match[0]) for match in matches]
            values[rows[start : start + _AT_ONCE]] = numbers
        return PlainNumbers(values, [self.present[place] for place in odd], rows[odd])

    def numbers_with_decimal_comma(self) -> PlainNumbers | None:
        """The numbers where all texts have a decimal comma, if any, and nothing between thousands; else None."""
        if not _holds_only(self.joined, _CHARACTERS_WITH_DECIMAL_COMMA):
            return None
        values = np.full(len(self.missing), math.nan)
        try:
            values[~self.missing] = _floats(self.joined.replace(",", ".").split("\n"))
        except ValueError:
            return None
        return PlainNumbers(values)


def _numbers_if_plain(texts: list[str], joined: str) -> "NDArray[np.float64] | list[float] | None":
    """The numbers, if all texts are plain; else None."""
    if not _holds_only(joined, _PLAIN_CHARACTERS):  # Python reads 1_000, nan and other digits than ours as well
        return None
    try:
        return _floats(texts)
    except ValueError:
        return None


def _floats(texts: list[str]) -> NDArray[np.float64]:
    return np.array(texts, dtype=object).astype(np.float64)


def _holds_only(text: str, characters: bytes) -> bool:
    return not text.encode("utf-8", "surrogatepass").translate(None, characters)


def _numbers_of_objects(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """The numbers of cells none of which is text, all of them, in one go; else None."""
    if str in set(map(type, cells)):
        return None
    try:
        return np.array(cells, dtype=object).astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def number_of(cell: object, style: NumberStyle) -> float | None:
    """The number of a cell: NaN where it is missing, None where it is none, an infinity where it is too large."""
    if not isinstance(cell, str):
        return _float(cell)
    decimal_comma = style is NumberStyle.DECIMAL_COMMA
    if not decimal_comma and PLAIN.fullmatch(cell):  # as nearly all are
        return float(cell)
    if is_missing_word(cell):
        return math.nan
    if cell.lstrip("+-").casefold() in {"inf", "infinity"}:
        return math.inf
    if decimal_comma:
        return float(cell.replace(".", "").replace(",", ".")) if DECIMAL_COMMA.fullmatch(cell) else None
    has_thousands = style is NumberStyle.THOUSANDS_COMMA and THOUSANDS_COMMA.fullmatch(cell)
    return float(cell.replace(",", "")) if has_thousands else None


def _float(cell: object) -> float | None:
    if not isinstance(cell, int | float | Decimal | Real):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf
