"""Numbers as people write them: which separators a column uses is decided over the whole column, never per cell.

A point alone is a decimal point, unless every point of its column could stand between thousands, other columns of the
table have decimal commas, and none has a decimal point.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from application.sales.distinct_cells import DistinctCells, ReadColumn
from application.sales.numbers_in_style import (
    DECIMAL_COMMA,
    KINDS_OF_NUMBERS,
    PLAIN,
    THOUSANDS_COMMA,
    NumberStyle,
    PlainNumbers,
    TextCells,
    number_of,
    numbers_as_they_are,
    read_in_style,
)

if TYPE_CHECKING:
    import pandas as pd

_COMMA_OF_EITHER_KIND = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_POINT_OF_EITHER_KIND = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


@dataclass(frozen=True, slots=True)
class WrittenNumbers:
    """A column of numbers before its style is decided.

    comma_rows, point_rows: how many rows prove a decimal comma, or a decimal point.
    example: a cell that a style other than the plain one can read, or None.
    undecided: whether there are such cells, and each could be read in both styles (`85,500`).
    thousands: a cell (`6.065`) whose point, like every other of the column, could stand between thousands, or None.
    plain: what is plain among the cells, where that is all that tells the style, else None.
    """

    cells: "pd.Series[Any]"
    comma_rows: int = 0
    point_rows: int = 0
    example: str | None = None
    undecided: bool = False
    thousands: str | None = None
    plain: "PlainNumbers | None" = None

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "WrittenNumbers":
        """Looks over a column for what its separators prove."""
        if cells.dtype.kind in KINDS_OF_NUMBERS:
            return cls(cells, plain=PlainNumbers(numbers_as_they_are(cells)))
        texts = TextCells.of(cells)
        if texts and "," not in texts.joined:
            plain = texts.plain_numbers()
            if not any(map(_has_several_thousands, plain.odd)):
                return cls._without_commas(cells, texts.present, plain)
        column = DistinctCells.of(cells)
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
            return cls._without_commas(cells, [cell for cell in column.cells if isinstance(cell, str)])
        return cls(
            cells,
            comma_rows,
            point_rows,
            example=min(comma + either + [text for text in point if "," in text], default=None),
            undecided=bool(either) and not comma_rows and not point_rows,
        )

    @classmethod
    def _without_commas(
        cls, cells: "pd.Series[Any]", texts: Iterable[str], plain: "PlainNumbers | None" = None
    ) -> "WrittenNumbers":
        """A column that is read as it stands, unless its points turn out to stand between thousands."""
        points = [text for text in texts if "." in text]
        if any(map(_proves_decimal_point, points)):  # one is enough: nothing here speaks for a comma
            return cls(cells, point_rows=1, plain=plain)
        thousands = min(filter(_POINT_OF_EITHER_KIND.fullmatch, points), default=None)
        return cls(cells, thousands=thousands, plain=plain)

    @property
    def proves_decimal_comma(self) -> bool:
        """Whether this column by itself says that it has decimal commas; contradictory rows are outvoted."""
        return self.comma_rows > self.point_rows

    @property
    def proves_decimal_point(self) -> bool:
        """Whether this column has decimal points, or as many as decimal commas."""
        return self.point_rows > 0 and not self.proves_decimal_comma

    @property
    def says_nothing(self) -> bool:
        """Whether no cell has a comma or a point that could be read."""
        return not self.point_rows and self.example is None and self.thousands is None

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
        example = number_of(self.example, style)
        if example is None:  # an outvoted cell: quarantined, which says enough
            return f"{style}"
        doubt = "; it could also be the other way round" if self.undecided else ""
        return f"{style} ('{self.example}' is read as {example:.12g}{doubt})"

    def read(self, style: NumberStyle) -> ReadColumn:
        """The column's numbers, float64, NaN where there is none."""
        if self.plain is not None and style is not NumberStyle.DECIMAL_COMMA:
            return self.plain.read(style)
        return read_in_style(self.cells, style)


def styles_in_first_part(columns: "Mapping[str, pd.Series[Any]]") -> tuple[dict[str, NumberStyle], list[str]]:
    """The styles in which the number columns of a portfolio are read, by name, as its first part has them; and notes.

    A column without a comma or a point may have them in later parts: then as the other columns have them.
    """
    styled, notes = _styles_of(columns)
    written = [column for column, _ in styled.values()]
    comma = any(column.proves_decimal_comma for column in written)
    point = any(column.proves_decimal_point for column in written)
    silent = NumberStyle.DECIMAL_COMMA if comma and not point else NumberStyle.PLAIN
    return {name: silent if column.says_nothing else style for name, (column, style) in styled.items()}, notes


def _styles_of(
    columns: "Mapping[str, pd.Series[Any]]", price: str = ""
) -> "tuple[dict[str, StyledNumbers], list[str]]":
    """How each of the number columns of a table is written, by name, and notes on it. `price` names that of the prices.

    All are looked over first: one that is in doubt goes by what the others prove.
    """
    written = {name: WrittenNumbers.of(cells) for name, cells in columns.items()}
    styled, notes = {}, []
    for name, column in written.items():
        others = [other for other in written.values() if other is not column]
        comma = any(other.proves_decimal_comma for other in others)
        point = any(other.proves_decimal_point for other in others)
        style = column.style(others_have_decimal_comma=comma, others_have_decimal_point=point)
        styled[name] = StyledNumbers(column, style)
        if note := column.note(style, others_have_decimal_comma=comma, is_price=name == price):
            notes.append(f"{name}: {note}.")
    return styled, notes


class StyledNumbers(NamedTuple):
    """A column of numbers and its style."""

    column: WrittenNumbers
    style: NumberStyle


def read_numbers(columns: "Mapping[str, pd.Series[Any]]", *, price: str) -> tuple[dict[str, ReadColumn], list[str]]:
    """The number columns of a table, by name, and notes on how they were read. `price` names that of the prices."""
    styled, notes = _styles_of(columns, price)
    return {name: column.read(style) for name, (column, style) in styled.items()}, notes


def _has_several_thousands(text: str) -> bool:
    """Whether a text without a comma speaks for decimal commas all the same, by several points between thousands."""
    return _proves_decimal_comma(text.strip())


def _proves_decimal_comma(text: str) -> bool:
    return ("," in text or text.count(".") > 1) and DECIMAL_COMMA.fullmatch(text) is not None


def _proves_decimal_point(text: str) -> bool:
    if "," in text:
        return THOUSANDS_COMMA.fullmatch(text) is not None
    return "." in text and not _POINT_OF_EITHER_KIND.fullmatch(text) and PLAIN.fullmatch(text) is not None
