"""Writing entries to a database, from many threads, beside other processes."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import sqlalchemy as sql

from adapters.valuation_logs.contents import Recorded
from adapters.valuation_logs.group_commit import GroupCommit
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.sql_connections import EvidenceDatabase
from adapters.valuation_logs.sql_register import SqlRegister, hold
from adapters.valuation_logs.sql_segment import OwnSegment, close_segment, kept_end
from adapters.valuation_logs.sql_tables import ENTRIES, REGISTER, entry_row
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.evidence_chain import Chain

# Of one round trip. The first of "closed" and "opened" tells whether it is closed.
_HOW_IT_STANDS = sql.select(
    sql.select(sql.func.min(REGISTER.c.action)).where(REGISTER.c.segment == sql.bindparam("segment")).scalar_subquery(),
    sql.select(sql.func.max(ENTRIES.c.number)).where(ENTRIES.c.segment == sql.bindparam("segment")).scalar_subquery(),
)


class SqlWriter:
    """Writes to a segment of this process's own, which is opened with its first entry.

    Any process may close it at any time: whether it is still open is seen in the transaction that adds to it. Threads
    that write at the same time share one. All methods raise ValuationLogUnavailable.
    """

    def __init__(self, database: EvidenceDatabase, register: SqlRegister) -> None:
        self._database = database
        self._register = register
        self._group = GroupCommit(self._keep_all)
        self._own: OwnSegment | None = None
        self._in_doubt = False  # whether more may be kept of its own segment than it knows of

    @property
    def segment(self) -> str | None:
        """The name of the segment that is written to."""
        own = self._own
        return own.name if own else None

    def keep(self, entries: Sequence[Recorded]) -> None:
        """Keeps them, all or none; once it returns they are committed."""
        self._group(entries)

    def close(self, now: datetime | None = None, limits: SegmentLimits = SegmentLimits()) -> None:  # noqa: B008 (frozen)
        """Closes its segment by what it knows of it; with `now`, only where that is due. Raises SecretUnavailable."""
        with self._group.paused():
            own = self._own
            if own and (now is None or own.is_due(now, limits)):
                close_segment(
                    self._database, self._register, own.opened, lambda connection: self._own_end(connection, own)
                )
                self._own, self._in_doubt = None, False

    def _keep_all(self, batches: Sequence[Sequence[Recorded]]) -> None:
        """Keeps what several threads have brought, all or none."""
        try:
            with self._database.transaction(writing=True) as connection:
                segment = self._still_open(connection) or self._new(connection)
                rows = []
                for each in chain.from_iterable(batches):
                    entry = segment.chain.next(each.kind, each.subject, each.at, each.content)
                    segment = segment.after(entry)
                    rows.append(entry_row(entry, each.client_ref))
                connection.execute(sql.insert(ENTRIES), rows)
                self._in_doubt = True  # until the commit is seen to succeed
        except SecretUnavailable as error:
            raise ValuationLogUnavailable(str(error)) from error
        self._own, self._in_doubt = segment, False

    def _still_open(self, connection: sql.Connection) -> OwnSegment | None:
        """The segment of this process, unless it is closed, or not kept any more as it was left."""
        own = self._own
        if own is None:
            return None
        hold(connection, own.opened.number, alone=self._in_doubt)
        action, entries = connection.execute(_HOW_IT_STANDS, {"segment": own.name}).one()
        if action != "opened":
            return None
        if entries == own.chain.entries and not self._in_doubt:
            return own
        self._register.add(connection, "closed", own.name, **self._own_end(connection, own))
        return None

    def _own_end(self, connection: sql.Connection, own: OwnSegment) -> dict[str, Any]:
        """The end of its own segment as this process knows it, so that what is missing will be missed.

        Where a commit went unanswered, there may be more than it knows of.
        """
        if self._in_doubt:
            kept = kept_end(connection, own.opened)
            if kept["entries"] >= own.chain.entries:
                return kept
        return own.end()

    def _new(self, connection: sql.Connection) -> OwnSegment:
        opened = self._register.open(connection)
        return OwnSegment(opened, Chain(opened.segment, opened.genesis))
