"""Numbers as people write them: which separators a column uses is decided over the whole column, never per cell.

A point alone is a decimal point. Units and currency signs are not guessed at: such a cell is no number.
"""

import math
import re
from collections.abc import Sequence
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
    """

    column: DistinctCells
    comma_rows: int = 0
    point_rows: int = 0
    example: str | None = None
    undecided: bool = False

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "WrittenNumbers":
        """Looks over a column for what its separators prove."""
        column = DistinctCells.of(cells)
        if not _NOT_PLAIN.search("\n".join(cell for cell in column.cells if isinstance(cell, str))):
            return cls(column)
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
        return cls(
            column,
            comma_rows,
            point_rows,
            example=min(comma + either + [text for text in point if "," in text], default=None),
            undecided=bool(either) and not comma_rows and not point_rows,
        )

    @property
    def proves_decimal_comma(self) -> bool:
        """Whether this column by itself says that it has decimal commas; contradictory rows are outvoted."""
        return self.comma_rows > self.point_rows

    def style(self, *, others_have_decimal_comma: bool) -> NumberStyle:
        """The style that the column, or else the other columns of its table, speak for."""
        if self.proves_decimal_comma:
            return NumberStyle.DECIMAL_COMMA
        if self.example is None:
            return NumberStyle.PLAIN
        if self.undecided and others_have_decimal_comma:
            return NumberStyle.DECIMAL_COMMA
        return NumberStyle.THOUSANDS_COMMA

    def note(self, style: NumberStyle, *, others_have_decimal_comma: bool) -> str | None:
        """What a person should know of how the column was read, or None."""
        if style is NumberStyle.PLAIN:
            return self._doubt_of_points() if others_have_decimal_comma else None
        number = _number(self.example, style)
        if number is None:  # an outvoted cell: quarantined, which says enough
            return f"{style}"
        doubt = "; it could also be the other way round" if self.undecided else ""
        return f"{style} ('{self.example}' is read as {number:.12g}{doubt})"

    def _doubt_of_points(self) -> str | None:
        points = [cell for cell in self.column.cells if isinstance(cell, str) and "." in cell]
        if not points or not all(map(_POINT_OF_EITHER_KIND.fullmatch, points)):
            return None
        return f"decimal point ('{min(points)}' is read as {float(min(points)):.12g}), though other columns have commas"

    def read(self, style: NumberStyle) -> ReadColumn:
        """The column's numbers, float64, NaN where there is none."""
        cells, spread = self.column.cells, self.column.spread
        values = _plain_numbers(cells)
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
