"""Valuations on record in a database: SQLite on one machine, PostgreSQL for several."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from heapq import merge
from typing import Any, TypeVar

import sqlalchemy as sql

from adapters.valuation_logs.contents import Evidence, evidence_of, recorded
from adapters.valuation_logs.segments import SegmentLimits
from adapters.valuation_logs.sql_connections import EvidenceDatabase
from adapters.valuation_logs.sql_register import SqlRegister, take_turn
from adapters.valuation_logs.sql_segment import close_segment, kept_end
from adapters.valuation_logs.sql_tables import ENTRIES, STRANGERS, entry_of
from adapters.valuation_logs.sql_writer import SqlWriter
from application.ports.evidence_archive import EvidenceArchive, PrunedSegments
from application.ports.evidence_signer import EvidenceSigner
from application.ports.valuation_log import ValuationLog
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry, EvidenceKind, written
from domain.evidence_register import RegisterEvent, SignedEvent
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord

T = TypeVar("T")

_AT_ONCE = 500  # values in one statement
_REMOVED_AT_ONCE = 5000
_IN_TIME = (ENTRIES.c.at, ENTRIES.c.segment, ENTRIES.c.number)
_KEPT = sql.select(*_IN_TIME, ENTRIES.c.kind, ENTRIES.c.content).where(ENTRIES.c.content.is_not(None))
_SAID_LATER = (EvidenceKind.OUTCOME, EvidenceKind.OVERRIDE, EvidenceKind.SAMPLE)


class SqlValuationLog(ValuationLog, EvidenceArchive):
    """Keeps entries in `evidence_entries` and the register in `evidence_register` of a SQLite or PostgreSQL database.

    Every process writes a segment of its own, which is opened with its first entry and which any process may close at
    any time: whoever writes sees in the same transaction whether it is still open, and otherwise opens another. Threads
    that record at the same time share a transaction. With `to_disk` it is on the database's disk before `record`
    returns; without, what the database itself had not yet written is lost with a loss of power.

    Constructing it connects to nothing; only a url that can never work raises ValuationLogUnavailable at once. A
    database that is down, or stalls, raises that within seconds; as soon as it is back, all goes on.
    """

    def __init__(
        self,
        url: str,
        signer: EvidenceSigner,
        now: Callable[[], datetime],
        *,
        to_disk: bool = False,
        limits: SegmentLimits = SegmentLimits(),  # noqa: B008 (frozen)
    ) -> None:
        self._database = EvidenceDatabase(url, to_disk=to_disk)
        self._register = SqlRegister(signer, now, self._database.name)
        self._signer = signer
        self._now = now
        self._limits = limits
        self._writer = SqlWriter(self._database, self._register)
        self._all_closed_up_to = 0

    @property
    def is_slow(self) -> bool:
        """Always: a database is waited for."""
        return True

    @property
    def lost(self) -> int | None:
        """None: what cannot be recorded is refused."""
        return None

    def check(self) -> None:
        """Begins to write, and writes nothing. Raises ValuationLogUnavailable."""
        self._database.check_writable()
        if self._writer.segment is None:
            try:
                self._signer.public_key()
            except SecretUnavailable as error:
                raise ValuationLogUnavailable(str(error)) from error

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Keeps the valuations. Raises ValuationLogUnavailable."""
        self._put_on_record(records)

    def do_without(self, count: int, cause: str) -> None:  # noqa: ARG002
        """Raises ValuationLogUnavailable: what cannot be recorded is refused."""
        raise ValuationLogUnavailable(cause)

    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Keeps what was said. Raises ValuationLogUnavailable."""
        self._put_on_record(said)

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id. Raises ValuationLogUnavailable."""
        found = self._about(valuation_id, EvidenceKind.VALUATION)
        return next((each for each in found if isinstance(each, ValuationRecord)), None)

    def records(
        self, since: datetime | None = None, until: datetime | None = None, client_ref: str | None = None
    ) -> Iterator[ValuationRecord]:
        """Valuations, oldest first. Raises ValuationLogUnavailable, also for a content that is none."""
        query = _KEPT.where(ENTRIES.c.kind == EvidenceKind.VALUATION)
        if since is not None:
            query = query.where(ENTRIES.c.at >= written(since))
        if until is not None:
            query = query.where(ENTRIES.c.at < written(until))
        if client_ref is not None:
            query = query.where(ENTRIES.c.client_ref == client_ref)
        for row in self._database.rows(query, *_IN_TIME):
            evidence = self._evidence_of(row)
            if isinstance(evidence, ValuationRecord):
                yield evidence

    def follow_ups(self, valuation_id: str | None = None) -> Iterator[FollowUp]:
        """What was said of valuations, by its time. Raises ValuationLogUnavailable, also for a content that is none."""
        if valuation_id is not None:
            found = self._about(valuation_id, *_SAID_LATER)
        else:
            by_kind = [self._database.rows(_KEPT.where(ENTRIES.c.kind == kind), *_IN_TIME) for kind in _SAID_LATER]
            found = map(self._evidence_of, merge(*by_kind, key=lambda row: (row.at, row.segment, row.number)))
        for evidence in found:
            if not isinstance(evidence, ValuationRecord):
                yield evidence

    def tend(self, *, close_all: bool = False) -> None:
        """Closes segments: its own by what it knows of it, those that others have left by what is kept of them."""
        self._writer.close(None if close_all else self._now(), self._limits)
        own = self._writer.segment
        left: list[str] = []
        error: ValuationLogUnavailable | None = None
        for opened in self._opened():
            if opened.segment != own and (close_all or self._now() - opened.at >= self._limits.age):
                try:
                    close_segment(self._database, self._register, opened, partial(kept_end, opened=opened))
                except ValuationLogUnavailable as raised:
                    left.append(opened.segment)
                    error = raised
        if error:
            raise ValuationLogUnavailable(f"Segments could not be closed: {', '.join(left)}. {error}") from error

    def events(self) -> Sequence[SignedEvent]:
        """The register. Raises ValuationLogUnavailable, naming the row that is no event."""
        with self._database.transaction() as connection:
            return self._register.events(connection)

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """What is kept of a segment, by number."""
        return map(
            entry_of, self._database.rows(sql.select(ENTRIES).where(ENTRIES.c.segment == segment), ENTRIES.c.number)
        )

    def strangers(self) -> Sequence[str]:
        """The segments of entries that were never registered."""
        with self._database.transaction() as connection:
            return [f"segment {name} in evidence_entries" for name in connection.scalars(STRANGERS)]

    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes contents away, a segment at a time. In PostgreSQL they leave the disk with its next VACUUM."""
        self.tend(close_all=True)
        erased = 0
        for segment, numbers in self._places_of(list(subjects)).items():
            with self._database.transaction(writing=True) as connection:
                take_turn(connection)
                if "closed" not in self._register.actions(connection, segment):
                    raise ValuationLogUnavailable(f"The segment {segment} is not closed: try again.")
                self._register.add(connection, "erased", segment, at=at, numbers=tuple(numbers), by=by, because=because)
                for some in _parts(numbers):
                    connection.execute(
                        sql.update(ENTRIES)
                        .where(ENTRIES.c.segment == segment, ENTRIES.c.number.in_(some))
                        .values(salt=None, content=None, client_ref=None)
                    )
            erased += len(numbers)
        if erased:
            self._database.forget_what_was_removed()
        return erased

    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes old segments, one at a time."""
        with self._database.transaction() as connection:
            closed = self._register.closed(connection)
        old = [event for event in closed if (event.last_at or event.at) < before]
        if not dry_run:
            for event in old:
                self._prune(event, at, by)
        return PrunedSegments(tuple(event.segment for event in old), sum(event.entries for event in old))

    def close(self) -> None:
        """Closes its own segment, unless the database is down, and gives the connections back."""
        with suppress(ValuationLogUnavailable, SecretUnavailable):
            self._writer.close()
        self._database.close()

    def _put_on_record(self, evidence: Sequence[Evidence]) -> None:
        if evidence:
            self._writer.keep([recorded(each) for each in evidence])

    def _opened(self) -> list[RegisterEvent]:
        """The openings of the segments that are open; what is known to be closed is not looked at again."""
        with self._database.transaction() as connection:
            last = self._register.last_number(connection)
            if last < self._all_closed_up_to:  # an older database was put in its place
                self._all_closed_up_to = 0
            opened = self._register.opened(connection, after=self._all_closed_up_to)
        self._all_closed_up_to = opened[0].number - 1 if opened else last
        return opened

    def _prune(self, closed: RegisterEvent, at: datetime, by: str) -> None:
        with self._database.transaction(writing=True) as connection:
            take_turn(connection)
            if "pruned" in self._register.actions(connection, closed.segment):
                return
            self._register.add(connection, "pruned", closed.segment, at=at, by=by)
            remove = sql.delete(ENTRIES).where(ENTRIES.c.segment == closed.segment)
            for number in range(_REMOVED_AT_ONCE, closed.entries, _REMOVED_AT_ONCE):
                connection.execute(remove.where(ENTRIES.c.number <= number))
            connection.execute(remove)

    def _places_of(self, subjects: Sequence[str]) -> dict[str, list[int]]:
        """Where there is content about these: the numbers, by segment."""
        places = defaultdict[str, list[int]](list)
        for some in _parts(subjects):
            query = sql.select(ENTRIES.c.segment, ENTRIES.c.number)
            query = query.where(ENTRIES.c.subject.in_(some), ENTRIES.c.content.is_not(None))
            with self._database.transaction() as connection:
                for row in connection.execute(query.order_by(ENTRIES.c.segment, ENTRIES.c.number)):
                    places[row.segment].append(row.number)
        return places

    def _about(self, subject: str, *kinds: str) -> Iterator[Evidence]:
        query = _KEPT.where(ENTRIES.c.subject == subject, ENTRIES.c.kind.in_(kinds))
        return map(self._evidence_of, self._database.rows(query, *_IN_TIME))

    def _evidence_of(self, row: sql.Row[Any]) -> Evidence:
        try:
            return evidence_of(row.kind, row.content)
        except ValueError as error:
            raise ValuationLogUnavailable(
                f"In {self._database.name} the row {row.number!r} of the segment {row.segment} in evidence_entries "
                f"cannot be read: {error}; `tasador audit verify` tells what was changed."
            ) from None


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
