"""A portfolio in memory."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from application.ports.portfolio_source import Dialect, PortfolioHead, PortfolioPart, PortfolioRows, PortfolioSource
from domain.errors import DomainError, SourceMalformed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class InMemoryPart(PortfolioPart):
    """Some rows; `first` is the place of the first one."""

    number: int = field()
    first: int = field()
    frame: "pd.DataFrame"
    share: float | None = field()
    broken: Mapping[int, str]
    dialect: Dialect | None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.frame.to_csv(index=False).encode()).hexdigest()

    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        cells = self.frame[[*wanted]].astype(object).map(_cell)
        cells = cells.astype(object).where(cells.notna(), None)
        cells.iloc[[*self.broken]] = None
        lines = None if self.dialect is None else [_line(row, self.dialect) for row in self.frame.to_numpy().tolist()]
        places = range(self.first, self.first + len(self.frame))
        return PortfolioRows(cells, places, lambda: self.frame, dict(self.broken), lines)


@dataclass(frozen=True, slots=True)
class InMemoryPortfolio(PortfolioSource):
    """Holds a table of homes. With a `dialect` it behaves as a text file, whose cells are all text.

    broken: by position among all rows, why a row cannot be read. out_of_order: raised by all it is asked, for what goes
    wrong with real sources; `breaks_off`: raised after so many parts.
    """

    frame: "pd.DataFrame"
    rows_a_part: int = 2
    name: str = "memory"
    broken: Mapping[int, str] = field(default_factory=dict)
    dialect: Dialect | None = None
    out_of_order: DomainError | None = None
    breaks_off: tuple[int, DomainError] | None = None

    def head(self) -> PortfolioHead:
        if self.out_of_order is not None:
            raise self.out_of_order
        columns = tuple(map(str, self.frame.columns))
        for column in columns:
            if columns.count(column) > 1:
                raise SourceMalformed(f"{self.name} has more than one column '{column}'.")
        return PortfolioHead(
            name=self.name,
            place="row" if self.dialect is None else "line",
            columns=columns,
            identity=f"{self.name} {hashlib.sha256(self.frame.to_csv().encode()).hexdigest()}",
            header=None if self.dialect is None else _line(columns, self.dialect),
            dialect=self.dialect,
        )

    def parts(self) -> Iterator[PortfolioPart]:
        self.head()
        frame = self._arrow_backed()
        for number, first in enumerate(range(0, len(frame), self.rows_a_part)):
            if self.breaks_off is not None and number == self.breaks_off[0]:
                raise self.breaks_off[1]
            last = min(first + self.rows_a_part, len(frame))
            yield InMemoryPart(
                number,
                first + (1 if self.dialect is None else 2),
                frame.iloc[first:last].reset_index(drop=True),
                last / len(frame),
                {row - first: why for row, why in self.broken.items() if first <= row < last},
                self.dialect,
            )

    def _arrow_backed(self) -> "pd.DataFrame":
        """The whole table in one go: the types of its columns are those of no part alone."""
        import pandas as pd
        import pyarrow as pa

        if self.dialect is None:
            return self.frame.convert_dtypes(dtype_backend="pyarrow")
        text = self.frame.map(lambda cell: "" if pd.isna(cell) else str(cell))
        return text.astype(pd.ArrowDtype(pa.string()))


def _cell(cell: object) -> object:
    return (cell.strip() or None) if isinstance(cell, str) else cell


def _line(cells: Sequence[object], dialect: Dialect) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=dialect.separator, lineterminator="").writerow(cells)
    return line.getvalue()
