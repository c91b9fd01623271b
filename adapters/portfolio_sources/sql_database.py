"""Homes to be valued in a database: whatever one query of the client's own returns."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from adapters.queries.cells import cells_of, own_of, unreadable_in, without
from adapters.queries.opened import opened
from adapters.queries.result import ROWS_OF_A_PART, SaidOf, TypedBatch
from application.ports.portfolio_source import PortfolioHead, PortfolioPart, PortfolioRows, PortfolioSource
from domain.errors import SourceMalformed


@dataclass(frozen=True, slots=True)
class SqlPortfolio(PortfolioSource):
    """Runs a query as `SqlDataSource` does, and reads it as a stream; `order by` in it makes for runs to be resumed.

    url_key, query_key: what messages call them.
    """

    url: str = field(repr=False)
    query: str
    url_key: str = field(default="INPUT", kw_only=True)
    query_key: str = field(default="--query", kw_only=True)
    rows_a_part: int = field(default=ROWS_OF_A_PART, kw_only=True)

    def head(self) -> PortfolioHead:
        """The columns that the query returns. Raises SourceUnavailable, SourceMalformed."""
        with opened(self.url, self.query, self._said) as result:
            identity = f"{result.name} {hashlib.sha256(self.query.encode()).hexdigest()} {result.rows}"
            return PortfolioHead(result.name, "row", result.names, identity)

    def parts(self) -> Iterator[PortfolioPart]:
        """The rows as the database returns them, at most `rows_a_part` a part.

        Raises SourceUnavailable, SourceMalformed.
        """
        with opened(self.url, self.query, self._said, self.rows_a_part) as result:
            first = 1
            for number, rows in enumerate(result.batches):
                until = first + rows.batch.num_rows
                share = (until - 1) / result.rows if result.rows else None
                yield SqlPart(number, share, first, rows)
                first = until

    @property
    def _said(self) -> SaidOf:
        return SaidOf(self.url_key, self.query_key)


@dataclass(frozen=True, slots=True)
class SqlPart(PortfolioPart):
    """Some rows of a query's result; `first` is the number of the first of them, counted from 1."""

    number: int = field()
    share: float | None = field()
    first: int = field()
    rows: TypedBatch

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of the columns' names and types and of all cells."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.rows.batch.schema) as stream:
            stream.write_batch(self.rows.batch)
        said = hashlib.sha256(repr(self.rows.columns).encode())
        said.update(sink.getvalue())
        return said.hexdigest()

    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        """Its rows. Raises SourceMalformed where the query has other columns than it had."""
        table = pa.Table.from_batches([self.rows.batch])
        columns = self.rows.columns
        known = {column.name: column for column in columns}
        if missing := [name for name in wanted if name not in known]:
            raise SourceMalformed(f"The query no longer returns a column {missing[0]!r}: was a table changed?")
        broken = unreadable_in(table, columns)
        cells = cells_of(without(table, broken), [known[name] for name in wanted])
        places = range(self.first, self.first + table.num_rows)
        return PortfolioRows(cells, places, lambda: own_of(table, columns), broken)
