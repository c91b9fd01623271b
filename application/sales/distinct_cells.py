"""A column's cells, each distinct one once: what a cell says is worked out per distinct cell, not per row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none"})
"""What exports write, in any case, where a number or a date is not known."""


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """The distinct cells of a column of n rows, text trimmed; `codes`, shape (n,): each row's cell, -1 for none."""

    cells: Sequence[object]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, column: "pd.Series[Any]") -> "DistinctCells":
        """Takes a column apart. None, NaN and NaT are no cells."""
        import pandas as pd

        try:
            codes, cells = pd.factorize(column)
        except TypeError:  # cells that cannot be hashed, such as lists
            codes, cells = pd.factorize(column.where(column.isna(), column.astype(str)))
        return cls([cell.strip() if isinstance(cell, str) else cell for cell in cells.tolist()], codes)

    def rows(self) -> NDArray[np.intp]:
        """In how many rows each distinct cell stands."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells))

    def spread(self, values: NDArray[Any], missing: object) -> NDArray[Any]:
        """One of `values` (one a distinct cell) for each row, `missing` where there is no cell; shape (n,)."""
        padded = np.empty(len(self.cells) + 1, dtype=values.dtype)
        padded[:-1] = values
        padded[-1] = missing
        return padded[self.codes]  # code -1 is the last one


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """What the n cells of a column say: `values`, which of them are `missing`, and which have which problem."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    problems: Mapping[str, NDArray[np.bool_]]


def is_missing_word(cell: object) -> bool:
    """Whether a cell is text that stands for no number or no date."""
    return isinstance(cell, str) and cell.casefold() in MISSING_WORDS
