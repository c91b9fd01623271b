"""PostgreSQL connections that wait seconds for an answer, and no longer.

Those of libpq wait for ever for a server that takes what is sent and says nothing: one that was stopped, or whose disk
hangs.
"""

from typing import Any

import psycopg
from psycopg.abc import RV, PQGen

_SECONDS = 6.0  # a little more than the server itself waits for a lock, so that its own words are heard


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed where a statement takes too long; nobody knows what became of that statement then."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Waits for the answer. Raises psycopg.OperationalError."""
        try:
            return super().wait(gen, interval, timeout or _SECONDS)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise psycopg.OperationalError(f"the server has not answered for {_SECONDS:.0f} seconds") from None
            raise


def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> BoundedConnection:
    """What SQLAlchemy's event `do_connect` asks for."""
    return BoundedConnection.connect(*arguments, **options)
