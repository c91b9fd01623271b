"""Sales in memory."""

from typing import TYPE_CHECKING

from application.ports.data_source import DataSource, SourceTable
from domain.errors import DomainError, SourceMalformed

if TYPE_CHECKING:
    import pandas as pd


class InMemoryDataSource(DataSource):
    """Holds tables of sales. `out_of_order` is raised by every read, for what goes wrong with real sources."""

    def __init__(
        self,
        sales: "pd.DataFrame",
        holdout: "pd.DataFrame | None" = None,
        *,
        name: str = "memory",
        broken: dict[int, str] | None = None,
        out_of_order: DomainError | None = None,
    ) -> None:
        self._sales = sales
        self._holdout = holdout
        self._name = name
        self._broken = broken or {}
        self._out_of_order = out_of_order

    def sales(self) -> SourceTable:
        return self._table(self._sales, self._broken)

    def holdout(self) -> SourceTable | None:
        return None if self._holdout is None else self._table(self._holdout, {})

    def _table(self, frame: "pd.DataFrame", broken: dict[int, str]) -> SourceTable:
        import pandas as pd

        if self._out_of_order is not None:
            raise self._out_of_order
        for name in frame.columns[frame.columns.duplicated()]:
            raise SourceMalformed(f"{self._name} has more than one column '{name}'.")
        cells = frame.astype(object).map(_cell).astype(object)
        places = [place for place in range(1, len(frame) + len(broken) + 1) if place not in broken]
        cells.index = pd.Index(places, dtype="int64")
        return SourceTable(cells.where(cells.notna(), None), self._name, place="row", broken=dict(broken))


def _cell(cell: object) -> object:
    return (cell.strip() or None) if isinstance(cell, str) else cell
