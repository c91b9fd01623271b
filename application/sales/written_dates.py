"""Dates as people write them: whether the day or the month comes first is decided over the whole column.

A date with a time of day is its day as written, in the time zone in which it was written.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from application.sales.distinct_cells import DistinctCells, ReadColumn, is_missing_word
from domain.valuation_day import FIRST_DAY, LAST_DAY

if TYPE_CHECKING:
    import pandas as pd

NOT_A_DATE = "is not a date"
IN_EITHER_ORDER = "does not say which is the day"
OUT_OF_RANGE = "is out of range"
FIRST_YEAR, LAST_YEAR = FIRST_DAY.year, LAST_DAY.year

_TIME = (
    r"(?:(?:T|\s+)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"(?:\s*[AaPp]\.?[Mm]\.?)?(?:\s*(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}")
_RUN_TOGETHER = re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, slots=True)
class DateOrder:
    """What a column of dates says of whether the day or the month comes first, where the year comes last.

    day_rows, month_rows: how many rows prove either. example: a date that could be read in both orders, or None.
    """

    day_rows: int = 0
    month_rows: int = 0
    example: str | None = None

    @classmethod
    def of(cls, cells: "pd.Series[Any]") -> "DateOrder":
        """Looks over a column."""
        column = DistinctCells.of(cells)
        day_rows = month_rows = 0
        undecided = []
        for cell, rows in zip(column.cells, column.rows().tolist(), strict=True):
            match = _YEAR_LAST.fullmatch(cell) if isinstance(cell, str) else None
            if match is None:
                continue
            first, second = int(match[1]), int(match[3])
            if first > 12 >= second:
                day_rows += rows
            elif second > 12 >= first:
                month_rows += rows
            elif _could_be_either(match):
                undecided.append(match[0])
        return cls(day_rows, month_rows, min(undecided, default=None))

    @property
    def day_first(self) -> bool | None:
        """What most rows prove; None where none does, or as many as prove the contrary."""
        return None if self.day_rows == self.month_rows else self.day_rows > self.month_rows

    @property
    def note(self) -> str | None:
        """What a person should know where a column in doubt is read with the day first, or None."""
        if self.day_first is False:
            return "dates are read as month/day/year"
        if self.day_rows:
            return "dates are read as day/month/year"
        return self.example and f"{self._doubt}: read as day/month/year"

    @property
    def note_where_only_proof_counts(self) -> str | None:
        """The same where no date is read that is in doubt."""
        if self.day_first is not None:
            return self.note
        return self.example and f"{self._doubt}: such rows are refused; write year-month-day"

    @property
    def _doubt(self) -> str:
        return f"dates such as '{self.example}' do not say which part is the day"


def read_dates(cells: "pd.Series[Any]", *, day_first: bool | None) -> ReadColumn:
    """A column of dates as datetime64[D], NaT where there is none: date objects, ISO text, or parted by / . or -.

    day_first: where the year comes last; None where nobody knows: then a date that could be read in both orders is a
    problem.
    """
    column = DistinctCells.of(cells)
    days = np.full(len(column.cells), np.datetime64("NaT"), dtype="datetime64[D]")
    missing = np.zeros(len(column.cells), dtype=np.bool_)
    unreadable, undecided, outside = missing.copy(), missing.copy(), missing.copy()
    for position, cell in enumerate(column.cells):
        if is_missing_word(cell):
            missing[position] = True
        elif day_first is None and isinstance(cell, str) and _could_be_either(_YEAR_LAST.fullmatch(cell)):
            undecided[position] = True
        elif (day := _date(cell, day_first)) is None:
            unreadable[position] = True
        elif FIRST_YEAR <= day.year <= LAST_YEAR:
            days[position] = day
        else:
            outside[position] = True
    problems = {NOT_A_DATE: unreadable, IN_EITHER_ORDER: undecided, OUT_OF_RANGE: outside}
    return ReadColumn(
        values=column.spread(days, np.datetime64("NaT")),
        missing=column.spread(missing, missing=True),
        problems={what: column.spread(rows, missing=False) for what, rows in problems.items()},
    )


def _could_be_either(match: re.Match[str] | None) -> bool:
    """Whether a date with the year last is another one when its day and its month change places."""
    return match is not None and int(match[1]) != int(match[3]) and max(int(match[1]), int(match[3])) <= 12


def _date(cell: object, day_first: bool | None) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int):  # 20240131, as databases hold it
        cell = str(cell)
    if not isinstance(cell, str):
        return None
    if match := _YEAR_FIRST.fullmatch(cell) or _RUN_TOGETHER.fullmatch(cell):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif match := _YEAR_LAST.fullmatch(cell):
        year, first, second = int(match[4]), int(match[1]), int(match[3])
        day, month = (first, second) if day_first or (day_first is None and first > 12) else (second, first)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
