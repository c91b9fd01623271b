"""The register of segments in a database."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sql

from adapters import databases
from adapters.valuation_logs.sql_tables import REGISTER, event_of, register_row
from application.ports.evidence_signer import EvidenceSigner
from domain.errors import ValuationLogUnavailable
from domain.evidence_register import START, Action, RegisterEvent, SignedEvent

_REGISTERING = 7_383_102  # writers take turns by it in PostgreSQL; any number that nobody else takes
_CLOSED = sql.alias(REGISTER, "closed")
_PRUNED = sql.alias(REGISTER, "pruned")


@dataclass(frozen=True, slots=True)
class SqlRegister:
    """The table `evidence_register`, asked and added to within the caller's transaction.

    name: the database's, for messages. All methods raise SQLAlchemyError; those that read events
    ValuationLogUnavailable too, naming the row that is none.
    """

    signer: EvidenceSigner
    now: Callable[[], datetime]
    name: str

    def open(self, connection: sql.Connection) -> RegisterEvent:
        """Adds the opening of a new segment, whose name no other has, and comes after those opened before it."""
        return self.add(connection, "opened", f"{self.last_number(connection) + 1:08d}-{secrets.token_hex(4)}")

    def add(
        self, connection: sql.Connection, action: Action, segment: str, *, at: datetime | None = None, **more: Any
    ) -> RegisterEvent:
        """Signs and keeps an event; until the transaction ends nobody else can. Raises SecretUnavailable."""
        take_turn(connection)
        last = connection.execute(
            sql.select(REGISTER.c.number, REGISTER.c.content).order_by(REGISTER.c.number.desc()).limit(1)
        ).one_or_none()
        number, previous = (last.number + 1, _digest(last.content)) if last else (1, START)
        if last is None:
            self.signer.begin()
        event = RegisterEvent(number, previous, at or self.now(), action, segment, **more)
        signed = SignedEvent(event, *self.signer.sign(event.content()))
        connection.execute(sql.insert(REGISTER).values(register_row(signed)))
        return event

    def events(self, connection: sql.Connection) -> list[SignedEvent]:
        """All of it, in order."""
        return [self._event_of(row) for row in connection.execute(sql.select(REGISTER).order_by(REGISTER.c.number))]

    def opened(self, connection: sql.Connection, *, after: int = 0) -> list[RegisterEvent]:
        """The openings of the segments that are open; only those that come after the event of this number."""
        query = sql.select(REGISTER).where(
            REGISTER.c.number > after, REGISTER.c.action == "opened", ~_has(_CLOSED, "closed")
        )
        return [self._event_of(row).event for row in connection.execute(query.order_by(REGISTER.c.number))]

    def closed(self, connection: sql.Connection) -> list[RegisterEvent]:
        """The closings of the segments that were not pruned yet."""
        query = sql.select(REGISTER).where(REGISTER.c.action == "closed", ~_has(_PRUNED, "pruned"))
        return [self._event_of(row).event for row in connection.execute(query.order_by(REGISTER.c.number))]

    def erased(self, connection: sql.Connection, *, after: int) -> list[RegisterEvent]:
        """The erasures that come after the event of this number."""
        query = sql.select(REGISTER).where(REGISTER.c.number > after, REGISTER.c.action == "erased")
        return [self._event_of(row).event for row in connection.execute(query.order_by(REGISTER.c.number))]

    def last_number(self, connection: sql.Connection) -> int:
        """How many events there are."""
        return connection.scalar(sql.select(sql.func.max(REGISTER.c.number))) or 0

    def actions(self, connection: sql.Connection, segment: str) -> set[str]:
        """What happened to a segment."""
        return set(connection.scalars(sql.select(REGISTER.c.action).where(REGISTER.c.segment == segment)))

    def _event_of(self, row: sql.Row[Any]) -> SignedEvent:
        try:
            return event_of(row)
        except ValueError as error:
            raise ValuationLogUnavailable(
                f"In {self.name} the row {row.number!r} of evidence_register cannot be read: {error}."
            ) from None


def take_turn(connection: sql.Connection) -> None:
    """Waits until nobody else adds to the register, for seconds, and keeps others from it to the transaction's end."""
    databases.take_turns(connection, _REGISTERING)


def hold(connection: sql.Connection, opened: int, *, alone: bool) -> None:
    """Keeps others from closing a segment, or `alone`, from writing to it, until the transaction ends.

    opened: the number of the event that opened it. On SQLite this does nothing: its writers take turns anyway.
    """
    if connection.dialect.name == "postgresql":
        take = sql.func.pg_advisory_xact_lock if alone else sql.func.pg_advisory_xact_lock_shared
        connection.execute(sql.select(take(_REGISTERING, opened)))


def _has(other: Any, action: str) -> sql.Exists:
    return sql.exists().where(other.c.segment == REGISTER.c.segment, other.c.action == action)


def _digest(content: Any) -> str:
    """The digest of an event as it is kept, which it need not be any more for what comes after to be kept."""
    return hashlib.sha256(content if isinstance(content, bytes) else str(content).encode()).hexdigest()
