"""Numbers as people write them: which separators a column uses is decided over the whole column, never per cell.

A point alone is a decimal point, unless every point of its column could stand between thousands, other columns of the
table have decimal commas, and none has a decimal point. Units and currency signs are not guessed at: such a cell is no
number.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import DistinctCells, ReadColumn, is_missing_word

if TYPE_CHECKING:
    import pandas as pd

NOT_A_NUMBER = "is not a number"
NOT_FINITE = "is not a finite number"

_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_PLAIN = re.compile(rf"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}")
_DECIMAL_COMMA = re.compile(rf"[+-]?(?:(?:[0-9]{{1,3}}(?:\.[0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+){_EXPONENT}")
_THOUSANDS_COMMA = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_COMMA_OF_EITHER_KIND = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_PLAIN_CHARACTERS = re.compile(r"[-+.0-9eE\n]*")
_NOT_PLAIN = re.compile(r",|\.[^\n.]*\.")
_POINT_OF_EITHER_KIND = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


class NumberStyle(StrEnum):
    """How a column writes its numbers: `1234.56`, `1.234,56` or `1,234.56`."""

    PLAIN = "plain"
    DECIMAL_COMMA = "decimal comma"
    THOUSANDS_COMMA = "comma between thousands"


@dataclass(frozen=True, slots=True)
class WrittenNumbers:
    """A column of numbers before its style is decided.

    comma_rows, point_rows: how many rows prove a decimal comma, or a decimal point.
    example: a cell that a style other than the plain one can read, or None.
    undecided: whether there are such cells, and each could be read in both styles (`85,500`).
    thousands: a cell (`6.065`) whose point, like every other of the column, could stand between thousands, or None.
    """

    column: DistinctCells
    comma_rows: int = 0
    point_rows: int = 0
    example: str | None = None
    undecided: bool = False
    thousands: str | None = None

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "WrittenNumbers":
        """Looks over a column for what its separators prove."""
        column = DistinctCells.of(cells)
        if not _NOT_PLAIN.search("\n".join(cell for cell in column.cells if isinstance(cell, str))):
            return cls._without_commas(column)
        comma, point, either = [], [], []
        comma_rows = point_rows = 0
        for cell, rows in zip(column.cells, column.rows().tolist(), strict=True):
            if not isinstance(cell, str):
                continue
            if _COMMA_OF_EITHER_KIND.fullmatch(cell):
                either.append(cell)
            elif _proves_decimal_comma(cell):
                comma.append(cell)
                comma_rows += rows
            elif _proves_decimal_point(cell):
                point.append(cell)
                point_rows += rows
        if not comma and not point and not either:
            return cls._without_commas(column)
        return cls(
            column,
            comma_rows,
            point_rows,
            example=min(comma + either + [text for text in point if "," in text], default=None),
            undecided=bool(either) and not comma_rows and not point_rows,
        )

    @classmethod
    def _without_commas(cls, column: DistinctCells) -> "WrittenNumbers":
        """A column that is read as it stands, unless its points turn out to stand between thousands."""
        points = [cell for cell in column.cells if isinstance(cell, str) and "." in cell]
        if any(map(_proves_decimal_point, points)):  # one is enough: nothing here speaks for a comma
            return cls(column, point_rows=1)
        return cls(column, thousands=min(filter(_POINT_OF_EITHER_KIND.fullmatch, points), default=None))

    @property
    def proves_decimal_comma(self) -> bool:
        """Whether this column by itself says that it has decimal commas; contradictory rows are outvoted."""
        return self.comma_rows > self.point_rows

    @property
    def proves_decimal_point(self) -> bool:
        """Whether this column has decimal points, or as many as decimal commas."""
        return self.point_rows > 0 and not self.proves_decimal_comma

    @property
    def _has_whole_thousands(self) -> bool:
        # A sign makes a coordinate likelier than a count. It sorts before digits: the example has it if any cell has.
        return self.thousands is not None and self.thousands[0].isdigit()

    def style(self, *, others_have_decimal_comma: bool, others_have_decimal_point: bool = True) -> NumberStyle:
        """The style that the column, or else the other columns of its table, speak for."""
        if self.proves_decimal_comma:
            return NumberStyle.DECIMAL_COMMA
        if self._has_whole_thousands and others_have_decimal_comma and not others_have_decimal_point:
            return NumberStyle.DECIMAL_COMMA
        if self.example is None:
            return NumberStyle.PLAIN
        if self.undecided and others_have_decimal_comma:
            return NumberStyle.DECIMAL_COMMA
        return NumberStyle.THOUSANDS_COMMA

    def note(self, style: NumberStyle, *, others_have_decimal_comma: bool, is_price: bool = False) -> str | None:
        """What a person should know of how the column was read, or None. A price is doubted sooner than others."""
        if self.thousands is not None:
            whole = self.thousands.replace(".", "")
            number = float(whole if style is NumberStyle.DECIMAL_COMMA else self.thousands)
            read = f"('{self.thousands}' is read as {number:.12g})"
            if style is NumberStyle.DECIMAL_COMMA:
                return f"point between thousands {read}, as other columns have decimal commas"
            if others_have_decimal_comma:
                return f"decimal point {read}, though other columns have commas"
            return f"decimal point {read}; if it stands between thousands, write {whole}" if is_price else None
        if style is NumberStyle.PLAIN:
            return None
        example = _number(self.example, style)
        if example is None:  # an outvoted cell: quarantined, which says enough
            return f"{style}"
        doubt = "; it could also be the other way round" if self.undecided else ""
        return f"{style} ('{self.example}' is read as {example:.12g}{doubt})"

    def read(self, style: NumberStyle) -> ReadColumn:
        """The column's numbers, float64, NaN where there is none."""
        cells, spread = self.column.cells, self.column.spread
        values = None if style is NumberStyle.DECIMAL_COMMA else _plain_numbers(cells)
        unreadable = np.zeros(len(cells), dtype=np.bool_)
        if values is None:
            numbers = [_number(cell, style) for cell in cells]
            values = np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)
            unreadable = np.array([number is None for number in numbers], dtype=np.bool_)
        return ReadColumn(
            values=spread(values, math.nan),
            missing=spread(np.isnan(values) & ~unreadable, missing=True),
            problems={
                NOT_A_NUMBER: spread(unreadable, missing=False),
                NOT_FINITE: spread(np.isinf(values), missing=False),
            },
        )


def read_numbers(columns: "Mapping[str, pd.Series[Any]]", *, price: str) -> tuple[dict[str, ReadColumn], list[str]]:
    """The number columns of a table, by name, and notes on how they were read. `price` names that of the prices.

    All are looked over first: one that is in doubt goes by what the others prove.
    """
    written = {name: WrittenNumbers.of(cells) for name, cells in columns.items()}
    read, notes = {}, []
    for name, column in written.items():
        others = [other for other in written.values() if other is not column]
        comma = any(other.proves_decimal_comma for other in others)
        point = any(other.proves_decimal_point for other in others)
        style = column.style(others_have_decimal_comma=comma, others_have_decimal_point=point)
        read[name] = column.read(style)
        if note := column.note(style, others_have_decimal_comma=comma, is_price=name == price):
            notes.append(f"{name}: {note}.")
    return read, notes


def _proves_decimal_comma(text: str) -> bool:
    return ("," in text or text.count(".") > 1) and _DECIMAL_COMMA.fullmatch(text) is not None


def _proves_decimal_point(text: str) -> bool:
    if "," in text:
        return _THOUSANDS_COMMA.fullmatch(text) is not None
    return "." in text and not _POINT_OF_EITHER_KIND.fullmatch(text) and _PLAIN.fullmatch(text) is not None


def _plain_numbers(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """The numbers of cells that are numbers or plain text, all of them, in one go; else None."""
    kinds = set(map(type, cells))
    if kinds == {str} and not _PLAIN_CHARACTERS.fullmatch("\n".join(cast("Sequence[str]", cells))):
        return None  # Python reads 1_000 and nan as well
    if kinds > {str}:
        return None
    try:
        return np.array(cells, dtype=object).astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(cell: object, style: NumberStyle) -> float | None:
    """The number of a cell: NaN where it is missing, None where it is none, an infinity where it is too large."""
    if not isinstance(cell, str):
        return _float(cell)
    if is_missing_word(cell):
        return math.nan
    if cell.lstrip("+-").casefold() in {"inf", "infinity"}:
        return math.inf
    if style is NumberStyle.DECIMAL_COMMA:
        return float(cell.replace(".", "").replace(",", ".")) if _DECIMAL_COMMA.fullmatch(cell) else None
    if style is NumberStyle.THOUSANDS_COMMA and _THOUSANDS_COMMA.fullmatch(cell):
        cell = cell.replace(",", "")
    return float(cell) if _PLAIN.fullmatch(cell) else None


def _float(cell: object) -> float | None:
    if not isinstance(cell, int | float | Decimal | Real):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf
