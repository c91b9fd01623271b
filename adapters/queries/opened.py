"""Sends a query to whatever database its url names."""

from contextlib import AbstractContextManager

from adapters.queries import further, postgresql, sqlite
from adapters.queries.addresses import readable
from adapters.queries.result import ROWS_OF_A_PART, QueryResult, SaidOf
from domain.errors import SourceUnavailable

_OWN_WAYS = {"postgresql": postgresql.opened, "sqlite": sqlite.opened}


def opened(url: str, query: str, said: SaidOf, rows: int = ROWS_OF_A_PART) -> AbstractContextManager[QueryResult]:
    """What the query returns, as it is written; read within the block, at most `rows` a batch.

    Raises SourceUnavailable, SourceMalformed.
    """
    try:
        address = readable(url)
    except ValueError as error:
        raise SourceUnavailable(f"{said.url} cannot be used: {error}.") from None
    return _OWN_WAYS.get(address.drivername, further.opened)(address, query, said, rows)
