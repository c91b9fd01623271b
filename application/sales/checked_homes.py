"""Homes to be valued, checked, in the order of their source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.sales.written_texts import WrittenTexts
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.intp]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CheckedHomes:
    """The m homes among n rows.

    count: n. good: the positions of the homes, ascending, shape (m,). table: the homes as ValuationModel.value_table
    takes them: texts as categories, numbers float64, unknown further features missing; RangeIndex. days: as of which
    they are to be valued, datetime64[D], NaT where a row does not say, shape (m,). wrong: by position, why a row is no
    home, and where a person finds it. texts: of all rows, as they were written.
    """

    count: int
    good: Rows
    table: "pd.DataFrame"
    days: NDArray[np.datetime64]
    wrong: Mapping[int, str]
    texts: Mapping[str, WrittenTexts]

    @classmethod
    def of(
        cls,
        good: NDArray[np.bool_],
        texts: Mapping[str, WrittenTexts],
        numbers: Mapping[str, Numbers],
        days: NDArray[np.datetime64],
        wrong: Mapping[int, str],
        *,
        absent_numeric: Sequence[str] = (),
        absent_categorical: Sequence[str] = (),
    ) -> "CheckedHomes":
        """The homes among rows of which texts, numbers and days were read; features that are absent are unknown."""
        import pandas as pd

        rows = np.flatnonzero(good)
        columns: dict[str, object] = {name: column.categories for name, column in texts.items()}
        columns.update(numbers)
        columns |= {name: np.full(len(good), np.nan) for name in absent_numeric}
        columns |= {name: pd.Categorical([None] * len(good), categories=[]) for name in absent_categorical}
        table = pd.DataFrame(columns, index=range(len(good)), copy=False)
        if len(rows) < len(good):
            table, days = table.iloc[rows].reset_index(drop=True), days[rows]
        return cls(len(good), rows, table, days, wrong, texts)

    def at(self, rows: Rows) -> Iterator[Property]:
        """The homes of some rows of `table`, as a caller would send them one by one."""
        names = [name for name in self.table.columns if self.table[name].dtype == "float64"]
        features = [name for name in self.table.columns if name not in (*TEXT_FIELDS, *NUMBER_FIELDS)]
        numbers = {name: self.table[name].to_numpy()[rows].tolist() for name in names}
        for place, position in enumerate(self.good[rows].tolist()):
            said: dict[str, float | str | None] = {name: column[place] for name, column in numbers.items()}
            said |= {name: column.written(position) for name, column in self.texts.items()}
            yield Property(
                type=str(said["type"]),
                sector=str(said["sector"]),
                **{name: numbers[name][place] for name in NUMBER_FIELDS},
                extras={name: _known(said.get(name)) for name in features},
            )


def _known(feature: float | str | None) -> float | str | None:
    """A further feature, None where it is unknown."""
    return None if feature != feature else feature  # noqa: PLR0124 (NaN)
