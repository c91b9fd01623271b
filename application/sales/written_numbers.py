"""Numbers as people write them: which separators a column uses is decided over the whole column, never per cell.

A point alone is a decimal point, unless every point of its column could stand between thousands, other columns of the
table have decimal commas, and none has a decimal point. Units and currency signs are not guessed at: such a cell is no
number.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import DistinctCells, ReadColumn, is_missing_word

if TYPE_CHECKING:
    import pandas as pd

NOT_A_NUMBER = "is not a number"
NOT_FINITE = "is not a finite number"
_KINDS_OF_NUMBERS = "iufb"
_AT_ONCE = 256

_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_PLAIN = re.compile(rf"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}")
_DECIMAL_COMMA = re.compile(rf"[+-]?(?:(?:[0-9]{{1,3}}(?:\.[0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+){_EXPONENT}")
_THOUSANDS_COMMA = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_COMMA_OF_EITHER_KIND = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_PLAIN_CHARACTERS = b"+-.0123456789eE\n"
_CHARACTERS_WITH_DECIMAL_COMMA = b"+-,0123456789eE\n"
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
    plain: what is plain among the cells, where that is all that tells the style, else None.
    """

    cells: "pd.Series[Any]"
    comma_rows: int = 0
    point_rows: int = 0
    example: str | None = None
    undecided: bool = False
    thousands: str | None = None
    plain: "_PlainNumbers | None" = None

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "WrittenNumbers":
        """Looks over a column for what its separators prove."""
        if cells.dtype.kind in _KINDS_OF_NUMBERS:
            return cls(cells, plain=_PlainNumbers(_as_they_are(cells)))
        texts = _Texts.of(cells)
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
        cls, cells: "pd.Series[Any]", texts: Iterable[str], plain: "_PlainNumbers | None" = None
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
        if self.plain is not None and style is not NumberStyle.DECIMAL_COMMA:
            return self.plain.read(style)
        return read_in_style(self.cells, style)


def styles_of(columns: "Mapping[str, pd.Series[Any]]", price: str = "") -> "tuple[dict[str, StyledNumbers], list[str]]":
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
    styled, notes = styles_of(columns, price)
    return {name: column.read(style) for name, (column, style) in styled.items()}, notes


def read_in_style(cells: "pd.Series[Any]", style: NumberStyle) -> ReadColumn:
    """The numbers of a column whose style is known: all at once where nothing is odd about any cell."""
    if cells.dtype.kind in _KINDS_OF_NUMBERS:
        return _PlainNumbers(_as_they_are(cells)).read(style)
    if texts := _Texts.of(cells):
        plain = texts.numbers_with_decimal_comma() if style is NumberStyle.DECIMAL_COMMA else texts.plain_numbers()
        if plain is not None:
            return plain.read(style)
    column = DistinctCells.of(cells)
    values = None if style is NumberStyle.DECIMAL_COMMA else _numbers_of_objects(column.cells)
    unreadable = np.zeros(len(column.cells), dtype=np.bool_)
    if values is None:
        numbers = [_number(cell, style) for cell in column.cells]
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
class _PlainNumbers:
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
            meant = {text: _number(text.strip(), style) for text in set(self.odd)}
            values = values.copy()
            values[self.rows] = [math.nan if (number := meant[text]) is None else number for text in self.odd]
            unreadable[self.rows] = [meant[text] is None for text in self.odd]
        problems = {NOT_A_NUMBER: unreadable, NOT_FINITE: np.isinf(values)}
        return ReadColumn(values, np.isnan(values) & ~unreadable, problems)


def _as_they_are(cells: "pd.Series[Any]") -> NDArray[np.float64]:
    """The numbers of a column that holds nothing else, be it numpy's, Arrow's or pandas's own."""
    return cells.to_numpy(dtype=np.float64, na_value=math.nan)


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column of n cells that are text or missing: the texts in their order, in one piece too, and which are missing.

    What says the same of all of them at once saves asking each.
    """

    present: list[str]
    joined: str
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "_Texts | None":
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

    def plain_numbers(self) -> _PlainNumbers:
        """The numbers of all texts that are plain."""
        values = np.full(len(self.missing), math.nan)
        rows = np.flatnonzero(~self.missing)
        whole = _numbers_if_plain(self.present, self.joined)
        if whole is not None:
            values[rows] = whole
            return _PlainNumbers(values)
        odd: list[int] = []
        for start in range(0, len(self.present), _AT_ONCE):
            some = self.present[start : start + _AT_ONCE]
            numbers = _numbers_if_plain(some, "\n".join(some))
            if numbers is None:
                matches = [_PLAIN.fullmatch(text) for text in some]
                odd += [start + place for place, match in enumerate(matches) if match is None]
                numbers = [math.nan if match is None else float(match[0]) for match in matches]
            values[rows[start : start + _AT_ONCE]] = numbers
        return _PlainNumbers(values, [self.present[place] for place in odd], rows[odd])

    def numbers_with_decimal_comma(self) -> _PlainNumbers | None:
        """The numbers where all texts have a decimal comma, if any, and nothing between thousands; else None."""
        if not _holds_only(self.joined, _CHARACTERS_WITH_DECIMAL_COMMA):
            return None
        values = np.full(len(self.missing), math.nan)
        try:
            values[~self.missing] = _floats(self.joined.replace(",", ".").split("\n"))
        except ValueError:
            return None
        return _PlainNumbers(values)


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


def _has_several_thousands(text: str) -> bool:
    """Whether a text without a comma speaks for decimal commas all the same, by several points between thousands."""
    return _proves_decimal_comma(text.strip())


def _proves_decimal_comma(text: str) -> bool:
    return ("," in text or text.count(".") > 1) and _DECIMAL_COMMA.fullmatch(text) is not None


def _proves_decimal_point(text: str) -> bool:
    if "," in text:
        return _THOUSANDS_COMMA.fullmatch(text) is not None
    return "." in text and not _POINT_OF_EITHER_KIND.fullmatch(text) and _PLAIN.fullmatch(text) is not None


def _numbers_of_objects(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """The numbers of cells none of which is text, all of them, in one go; else None."""
    if str in set(map(type, cells)):
        return None
    try:
        return np.array(cells, dtype=object).astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(cell: object, style: NumberStyle) -> float | None:
    """The number of a cell: NaN where it is missing, None where it is none, an infinity where it is too large."""
    if not isinstance(cell, str):
        return _float(cell)
    decimal_comma = style is NumberStyle.DECIMAL_COMMA
    if not decimal_comma and _PLAIN.fullmatch(cell):  # as nearly all are
        return float(cell)
    if is_missing_word(cell):
        return math.nan
    if cell.lstrip("+-").casefold() in {"inf", "infinity"}:
        return math.inf
    if decimal_comma:
        return float(cell.replace(".", "").replace(",", ".")) if _DECIMAL_COMMA.fullmatch(cell) else None
    has_thousands = style is NumberStyle.THOUSANDS_COMMA and _THOUSANDS_COMMA.fullmatch(cell)
    return float(cell.replace(",", "")) if has_thousands else None


def _float(cell: object) -> float | None:
    if not isinstance(cell, int | float | Decimal | Real):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf
