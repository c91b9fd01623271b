"""Segments in a database: what the writer of one knows of it, and how one is closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sql

from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.sql_connections import EvidenceDatabase
from adapters.valuation_logs.sql_register import SqlRegister, hold
from adapters.valuation_logs.sql_tables import ENTRIES
from domain.evidence_chain import Chain, Entry
from domain.evidence_register import RegisterEvent


@dataclass(frozen=True, slots=True)
class OwnSegment:
    """What its writer knows of it: the event that opened it, its end, its times, and its size in bytes."""

    opened: RegisterEvent
    chain: Chain
    first_at: datetime | None = None
    last_at: datetime | None = None
    size: int = 0

    @property
    def name(self) -> str:
        """As it is registered."""
        return self.opened.segment

    def after(self, entry: Entry) -> "OwnSegment":
        """The same with one more entry."""
        return replace(
            self,
            chain=self.chain.after(entry),
            first_at=min(self.first_at or entry.at, entry.at),
            last_at=max(self.last_at or entry.at, entry.at),
            size=self.size + len(entry.content or b""),
        )

    def is_due(self, now: datetime, limits: SegmentLimits) -> bool:
        """Whether it is to be closed."""
        return self.size >= limits.size or now - self.opened.at >= limits.age

    def end(self) -> dict[str, Any]:
        """What the register is told when it is closed."""
        return {
            "entries": self.chain.entries,
            "link": self.chain.link,
            "first_at": self.first_at,
            "last_at": self.last_at,
        }


def close_segment(
    database: EvidenceDatabase,
    register: SqlRegister,
    opened: RegisterEvent,
    end: Callable[[sql.Connection], dict[str, Any]],
) -> None:
    """Closes a segment, unless another process was faster. Raises ValuationLogUnavailable, SecretUnavailable."""
    with database.transaction(writing=True) as connection:
        hold(connection, opened.number, alone=True)
        if register.actions(connection, opened.segment) == {"opened"}:
            register.add(connection, "closed", opened.segment, **end(connection))


def kept_end(connection: sql.Connection, opened: RegisterEvent) -> dict[str, Any]:
    """The end of a segment by what is kept of it."""
    of_it = ENTRIES.c.segment == opened.segment
    seen = connection.execute(
        sql.select(sql.func.count(), sql.func.min(ENTRIES.c.at), sql.func.max(ENTRIES.c.at)).where(of_it)
    ).one()
    last = sql.select(ENTRIES.c.link).where(of_it).order_by(ENTRIES.c.number.desc()).limit(1)
    entries, first_at, last_at = seen
    return {
        "entries": entries,
        "link": str(connection.scalar(last)) if entries else opened.genesis,
        "first_at": _moment(first_at),
        "last_at": _moment(last_at),
    }


def _moment(text: Any) -> datetime | None:
    """A time as it is kept; None where there is none, or somebody has written something else."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
