"""Sales in a database: whatever one query of the client's own returns."""

from dataclasses import dataclass, field

from adapters.queries.opened import opened
from adapters.queries.result import SaidOf
from application.ports.data_source import DataSource, SourceTable


@dataclass(frozen=True, slots=True)
class SqlDataSource(DataSource):
    """Runs a query, as it is written, on PostgreSQL, SQLite or what SQLAlchemy knows; only when it is asked for.

    PostgreSQL runs it in a read-only transaction; SQLite opens the file read-only and never makes one. Decimals become
    floats, NaN becomes missing, and a time stamp becomes its day, in the time zone of the database session where it has
    one: cast in the query for another. Text is trimmed, empty text is missing; what is neither text, number nor date
    becomes text, and so do dates of a column with one that is infinite, before the year 1 or after 9999.
    """

    url: str = field(repr=False)
    query: str
    holdout_query: str | None = None

    def sales(self) -> SourceTable:
        """What the query returns. Raises SourceUnavailable, SourceMalformed."""
        return self._read(self.query, "data_source.query")

    def holdout(self) -> SourceTable | None:
        """What the holdout's query returns, or None. Raises as `sales` does."""
        return None if self.holdout_query is None else self._read(self.holdout_query, "data_source.test_query")

    def _read(self, query: str, key: str) -> SourceTable:
        import pandas as pd
        import pyarrow as pa

        from adapters.queries.cells import cells_of

        with opened(self.url, query, SaidOf("data_source.url", key)) as result:
            parts = list(result.batches)
        if not parts:
            empty = pd.DataFrame(columns=list(result.names), index=pd.RangeIndex(0), dtype=object)
            return SourceTable(empty, result.name, place="row")
        table = pa.Table.from_batches([part.batch for part in parts])
        frame = cells_of(table, parts[0].columns)
        frame.index += 1
        return SourceTable(frame, result.name, place="row")
