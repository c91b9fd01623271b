"""Texts as people write them: all that is done with a text is done once for each distinct one, not for each row."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.sales.distinct_cells import DistinctCells
from domain.property import normalised
from domain.spellings import commonest, spelled

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class WrittenTexts:
    """A column of n texts: its distinct cells, and for each the form in which it is compared, None for nothing.

    Words such as NA are text like any other.
    """

    column: DistinctCells
    forms: Sequence[str | None]

    @classmethod
    def of(cls, cells: "pd.Series[Any]", form: Callable[[str], str] = normalised) -> "WrittenTexts":
        """Reads a column; a code that a database made a fraction (`12.0`) is what a file would hold (`12`)."""
        column = DistinctCells.of(cells)
        return cls(column, [form(_as_text(cell)) or None for cell in column.cells])

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no text, shape (n,)."""
        nothing = np.array([form is None for form in self.forms], dtype=np.bool_)
        return self.column.spread(nothing, missing=True)

    @property
    def unprintable(self) -> NDArray[np.bool_]:
        """Which rows hold control characters, which would act on the terminals that show them, shape (n,)."""
        bad = np.array([form is not None and not form.isprintable() for form in self.forms], dtype=np.bool_)
        return self.column.spread(bad, missing=False)

    @property
    def texts(self) -> NDArray[np.object_]:
        """The form of each row, None where there is no text, shape (n,)."""
        forms = np.empty(len(self.forms), dtype=object)
        forms[:] = self.forms
        return self.column.spread(forms, None)

    @property
    def categories(self) -> "pd.Categorical":
        """The forms as categories, missing where there is no text, n long."""
        import pandas as pd

        places: dict[str, int] = {}
        code_of_cell = [-1 if form is None else places.setdefault(form, len(places)) for form in self.forms]
        codes = self.column.spread(np.array(code_of_cell, dtype=np.int64), -1)
        return pd.Categorical.from_codes(codes, pd.Index(list(places), dtype=object))

    def spellings(self, rows: NDArray[np.bool_]) -> dict[str, str]:
        """The spelling that each form mostly has in these rows, shape (n,), in the order of the forms.

        Not of a form that is mostly written as it is, and none that would act on a terminal.
        """
        codes = self.column.codes[rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.forms)).tolist()
        written: dict[str, Counter[str]] = {}
        for cell, form, count in zip(self.column.cells, self.forms, counts, strict=True):
            if form is not None and count:
                written.setdefault(form, Counter())[spelled(_as_text(cell))] += count
        mostly = {form: commonest(times) for form, times in sorted(written.items())}
        return {form: text for form, text in mostly.items() if text != form and text.isprintable()}

    def written(self, row: int) -> str | None:
        """What stands in a row, outer spaces taken off, None where there is no text."""
        code = int(self.column.codes[row])
        return None if code < 0 or self.forms[code] is None else _as_text(self.column.cells[code])


def _as_text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
