"""Dates as people write them: whether the day or the month comes first is decided over the whole column.

A date with a time of day is its day as written, in the time zone in which it was written.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import DistinctCells, ReadColumn, is_missing_word
from domain.valuation_day import FIRST_DAY, LAST_DAY

if TYPE_CHECKING:
    import pandas as pd

NOT_A_DATE = "is not a date"
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
class WrittenDates:
    """A column of dates, read: `dates` as ReadColumn of datetime64[D], NaT where there is none.

    day_first: whether the day comes before the month where the year comes last.
    note: what a person should know of how it was read, or None.
    """

    dates: ReadColumn
    day_first: bool
    note: str | None

    @classmethod
    def of(cls, cells: "pd.Series[Any]", day_first: bool | None = None) -> "WrittenDates":
        """Reads a column of dates: date objects, ISO text, or day, month and year parted by / . or -.

        The column itself says whether the day comes first, unless that is known.
        """
        column = DistinctCells.of(cells)
        note = None
        if day_first is None:
            day_first, note = _order_of_day_and_month(column)
        days = np.full(len(column.cells), np.datetime64("NaT"), dtype="datetime64[D]")
        missing = np.zeros(len(column.cells), dtype=np.bool_)
        unreadable, outside = missing.copy(), missing.copy()
        for position, cell in enumerate(column.cells):
            if is_missing_word(cell):
                missing[position] = True
            elif (day := _date(cell, day_first=day_first)) is None:
                unreadable[position] = True
            elif FIRST_YEAR <= day.year <= LAST_YEAR:
                days[position] = day
            else:
                outside[position] = True
        return cls(_spread(column, days, missing, unreadable, outside), day_first, note)


def _spread(
    column: DistinctCells,
    days: NDArray[np.datetime64],
    missing: NDArray[np.bool_],
    unreadable: NDArray[np.bool_],
    outside: NDArray[np.bool_],
) -> ReadColumn:
    return ReadColumn(
        values=column.spread(days, np.datetime64("NaT")),
        missing=column.spread(missing, missing=True),
        problems={
            NOT_A_DATE: column.spread(unreadable, missing=False),
            OUT_OF_RANGE: column.spread(outside, missing=False),
        },
    )


def _order_of_day_and_month(column: DistinctCells) -> tuple[bool, str | None]:
    """Whether the day comes first, and a note. Contradictory rows are outvoted; a tie is for the day."""
    day_first = month_first = 0
    undecided = []
    for cell, rows in zip(column.cells, column.rows().tolist(), strict=True):
        match = _YEAR_LAST.fullmatch(cell) if isinstance(cell, str) else None
        if match is None:
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12 >= second:
            day_first += rows
        elif second > 12 >= first:
            month_first += rows
        elif first != second and first <= 12:
            undecided.append(match[0])
    if not (day_first or month_first or undecided):
        return True, None
    if month_first > day_first:
        return False, "dates are read as month/day/year"
    if not day_first:
        return True, f"dates such as '{min(undecided)}' do not say which part is the day: read as day/month/year"
    return True, "dates are read as day/month/year"


def _date(cell: object, *, day_first: bool) -> date | None:
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
        day, month = (first, second) if day_first else (second, first)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
