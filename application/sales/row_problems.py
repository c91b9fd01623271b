"""What is wrong with single rows of a source, and how a person is told."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import ReadColumn
from application.sales.layout import shown, shown_by_codes
from application.sales.written_dates import FIRST_YEAR, IN_EITHER_ORDER, LAST_YEAR, OUT_OF_RANGE
from application.sales.written_texts import WrittenTexts
from domain.property import NumberRule

if TYPE_CHECKING:
    import pandas as pd

_MISSING = "is missing"
_UNPRINTABLE = "holds control characters"
_HINTS = {OUT_OF_RANGE: f" (not in {FIRST_YEAR} to {LAST_YEAR})", IN_EITHER_ORDER: " (write year-month-day)"}
_LARGEST_FEATURE = 1e15  # beyond it arithmetic would overflow sooner or later


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Rows of which one thing is wrong in one column: `slug` counts it, `explain` tells a person of row i."""

    rows: NDArray[np.bool_]
    slug: str
    explain: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class SuspectColumn:
    """A column of a source of which something may be wrong: our name, what to call it, and its cells as they came."""

    name: str
    label: str
    cells: "pd.Series[Any]"

    def missing(self, rows: NDArray[np.bool_]) -> RowProblem:
        """Rows that lack what every home has."""
        return RowProblem(rows, f"{self.name} {_MISSING}", lambda _: f"{self.label} {_MISSING}")

    def unreadable(self, read: ReadColumn) -> list[RowProblem]:
        """Rows whose cell says nothing."""
        return [self._unreadable(what, rows) for what, rows in read.problems.items()]

    def unprintable(self, texts: WrittenTexts) -> RowProblem:
        """Rows whose text holds control characters."""

        def explain(row: int) -> str:
            form = texts.forms[int(texts.column.codes[row])]
            return f"{self.label} {_UNPRINTABLE}: {shown_by_codes(str(form))}"

        return RowProblem(texts.unprintable, f"{self.name} {_UNPRINTABLE}", explain)

    def out_of_range(self, values: NDArray[np.float64], rule: NumberRule) -> RowProblem:
        """Rows whose number, read as `values`, breaks a rule."""
        off = np.zeros(len(values), dtype=np.bool_)
        if rule.above is not None:
            off |= values <= rule.above
        if rule.at_least is not None:
            off |= values < rule.at_least
        if rule.at_most is not None:
            off |= values > rule.at_most

        def explain(row: int) -> str:
            problem = rule.problem_with(float(values[row]))
            return f"{self.label} {OUT_OF_RANGE}: '{self._cell(row)}' ({problem})"

        return RowProblem(off & np.isfinite(values), f"{self.name} {OUT_OF_RANGE}", explain)

    def _unreadable(self, what: str, rows: NDArray[np.bool_]) -> RowProblem:
        hint = _HINTS.get(what, "")
        return RowProblem(rows, f"{self.name} {what}", lambda row: f"{self.label} {what}: '{self._cell(row)}'{hint}")

    def _cell(self, row: int) -> str:
        return shown(self.cells.iloc[row])


def rule_of_feature(name: str) -> NumberRule:
    """What a further number may be."""
    return NumberRule(name, unit="", at_least=-_LARGEST_FEATURE, at_most=_LARGEST_FEATURE)


def reasons_of(problems: Iterable[RowProblem]) -> tuple[dict[int, str], Counter[str]]:
    """By position of the row all that is wrong with it, and how many rows have which problem first."""
    reasons: dict[int, str] = {}
    by_reason: Counter[str] = Counter()
    for problem in problems:
        for row in np.flatnonzero(problem.rows).tolist():
            if row in reasons:
                reasons[row] += "; " + problem.explain(row)
            else:
                reasons[row] = problem.explain(row)
                by_reason[problem.slug] += 1
    return reasons, by_reason
