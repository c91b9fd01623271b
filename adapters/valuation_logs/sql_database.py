"""Valuations on record in a database: SQLite on one machine, PostgreSQL for several."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from heapq import merge
from typing import Any, TypeGuard, TypeVar

import sqlalchemy as sql

from adapters.valuation_logs.contents import Evidence, evidence_in, evidence_of, recorded
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.sql_connections import EvidenceDatabase
from adapters.valuation_logs.sql_erased import ErasedEntries
from adapters.valuation_logs.sql_fences import fences_gone
from adapters.valuation_logs.sql_register import SqlRegister, take_turn
from adapters.valuation_logs.sql_segment import close_segment, kept_end
from adapters.valuation_logs.sql_tables import ENTRIES, OF_NO_SEGMENT, REGISTERED, STRANGERS, entry_of
from adapters.valuation_logs.sql_writer import SqlWriter
from application.ports.evidence_archive import AdoptedEvidence, EvidenceArchive, PrunedSegments
from application.ports.evidence_signer import EvidenceSigner
from application.ports.valuation_log import LogPlace, ValuationLog
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry, EvidenceKind, written
from domain.evidence_register import RegisterEvent, SignedEvent
from domain.evidence_thinning import check_whole, vouched_segments
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord

T = TypeVar("T")

_AT_ONCE = 500  # values in one statement
_REMOVED_AT_ONCE = 5000
_IN_TIME = (ENTRIES.c.at, ENTRIES.c.segment, ENTRIES.c.number)
_KEPT = sql.select(*_IN_TIME, ENTRIES.c.kind, ENTRIES.c.content).where(ENTRIES.c.content.is_not(None), REGISTERED)
_ABOUT = sql.select(ENTRIES).where(REGISTERED)
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
        self._erased = ErasedEntries(self._database, self._register)
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
        with self._database.transaction() as connection:
            is_new = self._register.last_number(connection) == 0
        try:
            if is_new:
                self._signer.begin()
            self._signer.sign(b"")
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

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was recorded. Raises ValuationLogUnavailable."""
        found: dict[str, datetime] = {}
        for some in _parts([each for each in valuation_ids if each.isprintable()]):  # else no database may take it
            query = _ABOUT.where(ENTRIES.c.subject.in_(some), ENTRIES.c.kind == EvidenceKind.VALUATION)
            entries = map(entry_of, self._not_erased(query))
            found |= {entry.subject: entry.at for entry in entries if _is_kept(entry)}
        return found

    def records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[ValuationRecord]:
        """Valuations, oldest first. Raises ValuationLogUnavailable."""
        query = _KEPT.where(ENTRIES.c.kind == EvidenceKind.VALUATION)
        if since is not None:
            query = query.where(ENTRIES.c.at >= written(since))
        if until is not None:
            query = query.where(ENTRIES.c.at < written(until))
        if client_ref is not None:
            query = query.where(ENTRIES.c.client_ref == client_ref)
        for row in self._not_erased(query):
            evidence = self._evidence_of(row, damaged)
            if isinstance(evidence, ValuationRecord):
                yield evidence

    def recent(
        self,
        before: LogPlace | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Valuations, newest first. Raises ValuationLogUnavailable."""
        query = _ABOUT.where(ENTRIES.c.kind == EvidenceKind.VALUATION, ENTRIES.c.content.is_not(None))
        if client_ref is not None:
            query = query.where(ENTRIES.c.client_ref == client_ref)
        start = (written(before.at), before.segment, before.number) if before else None
        for row in self._not_erased(query, newest_first=True, start=start):
            entry = entry_of(row)
            evidence = None
            if _is_kept(entry):
                evidence = self._evidence_of(row, damaged)
            else:
                self._tell(row, "it was altered", damaged)
            if isinstance(entry, Entry):
                place = LogPlace(entry.at, entry.segment, entry.number)
                yield place, evidence if isinstance(evidence, ValuationRecord) else None

    def follow_ups(
        self, valuation_id: str | None = None, *, damaged: Callable[[str], None] | None = None
    ) -> Iterator[FollowUp]:
        """What was said of valuations, by its time. Raises ValuationLogUnavailable."""
        if valuation_id is not None:
            found = self._about(valuation_id, *_SAID_LATER, damaged=damaged)
        else:
            by_kind = [self._not_erased(_KEPT.where(ENTRIES.c.kind == kind)) for kind in _SAID_LATER]
            rows = merge(*by_kind, key=lambda row: (row.at, row.segment, row.number))
            found = (self._evidence_of(row, damaged) for row in rows)
        for evidence in found:
            if evidence and not isinstance(evidence, ValuationRecord):
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

    def about(self, subjects: Collection[str]) -> Iterator[Entry | Damage]:
        """The rows about these, by segment and number."""
        for some in _parts(sorted(subjects)):
            query = _ABOUT.where(ENTRIES.c.subject.in_(some))
            erased = self._erased.numbers()
            for each in map(entry_of, self._database.rows(query, ENTRIES.c.segment, ENTRIES.c.number)):
                is_erased = isinstance(each, Entry) and each.number in erased.get(each.segment, ())
                yield each.erased() if isinstance(each, Entry) and is_erased else each

    def evidence_in(self, entry: Entry) -> Evidence | None:
        """Its content, as JSON."""
        return evidence_in(entry)

    def fences_gone(self) -> Sequence[str]:
        """The triggers that are not there, or switched off. Raises ValuationLogUnavailable."""
        with self._database.transaction() as connection:
            return fences_gone(connection)

    def strangers(self) -> Sequence[str]:
        """The segments of entries that were never registered, and entries of none."""
        with self._database.transaction() as connection:
            found = [f"segment {name} in evidence_entries" for name in connection.scalars(STRANGERS)]
            if of_none := connection.scalar(OF_NO_SEGMENT):
                found.append(f"a row of evidence_entries without a segment, about {of_none!r},")
            return found

    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes contents away, a segment at a time. In PostgreSQL they leave the disk with its next VACUUM."""
        self.tend(close_all=True)
        places = self._places_of(list(subjects))
        for segment, vouched in vouched_segments(places, self.events(), self._signer.fault_of).items():
            check_whole(segment, vouched, self.entries(segment))
        erased = 0
        for segment, numbers in places.items():
            with self._database.transaction(writing=True) as connection:
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
        vouched_segments({event.segment for event in old}, self.events(), self._signer.fault_of)
        if not dry_run:
            for event in old:
                self._prune(event, at, by)
        return PrunedSegments(tuple(event.segment for event in old), sum(event.entries for event in old))

    def adopt(self, *, dry_run: bool = False) -> AdoptedEvidence:  # noqa: ARG002
        """Nothing: no earlier version kept valuations in a database."""
        return AdoptedEvidence()

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
            query = query.where(ENTRIES.c.subject.in_(some), ENTRIES.c.content.is_not(None), REGISTERED)
            with self._database.transaction() as connection:
                for row in connection.execute(query.order_by(ENTRIES.c.segment, ENTRIES.c.number)):
                    places[row.segment].append(row.number)
        return places

    def _about(
        self, subject: str, *kinds: str, damaged: Callable[[str], None] | None = None
    ) -> Iterator[Evidence | None]:
        query = _ABOUT.where(ENTRIES.c.subject == subject, ENTRIES.c.kind.in_(kinds), ENTRIES.c.content.is_not(None))
        for row in self._not_erased(query):
            if _is_kept(entry_of(row)):
                yield self._evidence_of(row, damaged)

    def _not_erased(
        self, query: sql.Select[Any], *, newest_first: bool = False, start: tuple[Any, ...] | None = None
    ) -> Iterator[sql.Row[Any]]:
        """The rows of a query for what is kept, by time, those that come after `start`."""
        erased: Mapping[str, frozenset[int]] | None = None
        for row in self._database.rows(query, *_IN_TIME, descending=newest_first, start=start):
            if erased is None:
                erased = self._erased.numbers()
            if row.number not in erased.get(row.segment, ()):
                yield row

    def _evidence_of(self, row: sql.Row[Any], damaged: Callable[[str], None] | None) -> Evidence | None:
        try:
            return evidence_of(row.kind, row.content)
        except (TypeError, ValueError) as error:
            self._tell(row, str(error), damaged)
        return None

    def _tell(self, row: sql.Row[Any], cause: str, damaged: Callable[[str], None] | None) -> None:
        place = f"row {row.number!r} of the segment {row.segment} in evidence_entries"
        if damaged is None:
            raise ValuationLogUnavailable(
                f"In {self._database.name} the {place} cannot be read: {cause}; `tasador audit verify` tells what "
                "was changed."
            ) from None
        damaged(place)


def _is_kept(entry: Entry | Damage) -> TypeGuard[Entry]:
    return isinstance(entry, Entry) and entry.content is not None and entry.is_whole()


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
