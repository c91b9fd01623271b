"""What is kept in the segments of a folder, and in files of an older Tasador."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import MAXYEAR, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from adapters.valuation_logs.contents import Evidence, evidence_of
from adapters.valuation_logs.entry_lines import (
    at_of,
    entry_in,
    header_of,
    is_torn,
    mark_in,
    mark_of,
    mark_of_client_ref,
)
from adapters.valuation_logs.lines_in_time import EVER, STILL, Damaged, Line, LinesInTime, merged, tell, unreadable
from adapters.valuation_logs.newest_first import newest_first
from adapters.valuation_logs.older_files import at_in, older_files, span_of
from adapters.valuation_logs.register_catalogue import Known
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_names import (
    ENDING,
    LONGEST_THINNING,
    UNDER_WAY,
    Family,
    is_of,
    is_segment,
    source_of,
)
from adapters.valuation_logs.whole_lines import lines_in, opened
from application.ports.valuation_log import LogPlace
from domain.errors import DomainError, ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry
from domain.evidence_register import RegisterEvent
from domain.follow_up import FollowUp, subject_of
from domain.valuation_id import LONGEST_WAY, made_at
from domain.valuation_record import ValuationRecord

_Erased = Mapping[str, frozenset[int]]
"""The numbers of what is registered as erased, by segment: whatever stands there now is no record."""
T = TypeVar("T")
_RECORDS = msgspec.json.Decoder(ValuationRecord)
_INSTANT = timedelta.resolution
_FEW = 10
"""So many are each looked for where they should be before all is looked through."""


class SegmentReader:
    """Reads the segments that are in the register. Methods raise OSError and ValuationLogUnavailable."""

    def __init__(self, folder: Path, register: RegisterFile, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._register = register
        self._now = now

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id, which tells where to look first; nearly always that is enough."""
        if found := self._found_soon(valuation_id):
            return found
        erased = self._erased()
        for file, marks in self._files_about([valuation_id]):
            for line in file.about(marks):
                record = _record(line, erased)
                if record and record.id == valuation_id and _is_whole(line):
                    return record
        return None

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was recorded; a segment is read once for all of them."""
        ids = {mark_of(each): each for each in valuation_ids}
        known: dict[str, datetime] = {}
        if len(ids) <= _FEW:
            known = {record.id: record.at for each in ids.values() if (record := self._found_soon(each))}
        erased = self._erased()
        for file, marks in self._files_about([each for each in ids.values() if each not in known]):
            if missing := {mark for mark in marks if ids[mark] not in known}:
                for line in file.about(missing):
                    if at := _kept_at(line, erased):
                        known[ids[mark_in(line.text)]] = at
        return known

    def _found_soon(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id, where its line stands in the order of time and can be read."""
        made = _told_time(valuation_id)
        if made is None:
            return None
        for file in self._segments("valuations", made - LONGEST_WAY, made + LONGEST_WAY):
            for text in file.soon_after(made, mark_of(valuation_id)):
                with suppress(ValueError):
                    entry = entry_in(text, file.path.stem)
                    if entry.subject == valuation_id and entry.content is not None and entry.is_whole():
                        found = evidence_of(entry.kind, entry.content)
                        is_erased = entry.number in self._erased().get(entry.segment, ())
                        if isinstance(found, ValuationRecord) and not is_erased:
                            return found
        return None

    def _files_about(self, valuation_ids: Collection[str]) -> Iterator[tuple[LinesInTime, set[bytes]]]:
        """The files that may hold some of these, and the marks of those.

        Ids that tell no time were given by an older Tasador: they stand in its files, or where those were adopted.
        """
        times = {mark_of(each): _told_time(each) for each in valuation_ids}
        timely = sorted((made, mark) for mark, made in times.items() if made)
        moments = [made for made, _ in timely]
        others = {mark for mark, made in times.items() if made is None}
        older = self._older() if others else []  # first: what is adopted after this is found in its place
        for segment, known in self._register.segments().items():
            if is_of(segment, "valuations") and _may_hold(known, None, None):
                first, last = 0, len(timely)
                if known.first_at and known.last_at:
                    first = bisect_left(moments, known.first_at - LONGEST_WAY)
                    last = bisect_right(moments, known.last_at + LONGEST_WAY)
                marks = {mark for _, mark in timely[first:last]} | (others if source_of(segment) else set())
                if marks:
                    yield self._lines(segment, known), marks
        for file in older:
            yield file, others

    def records(
        self, since: datetime | None, until: datetime | None, client_ref: str | None, damaged: Damaged = None
    ) -> Iterator[ValuationRecord]:
        """Valuations by time; segments of other times are not even opened."""
        mark = b"" if client_ref is None else mark_of_client_ref(client_ref)
        files, erased = self._of_valuations(since, until), self._erased()
        for line in merged(files, since, until, mark, damaged):
            record = _read(_record, line, erased, damaged)
            if record and client_ref in {None, record.client_ref}:
                yield record

    def recent(
        self, before: LogPlace | None, client_ref: str | None, damaged: Damaged = None
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Valuations, newest first; segments of later times are not even opened."""
        mark = b"" if client_ref is None else mark_of_client_ref(client_ref)
        until = before.at + _INSTANT if before and before.at < STILL else None  # what is of its time may be before it
        files, erased = self._of_valuations(None, until), self._erased()
        for place, line in newest_first(files, before, damaged):
            record = _read(_whole_record, line, erased, damaged) if mark in line.text else None
            yield place, record if record and client_ref in {None, record.client_ref} else None

    def _of_valuations(self, since: datetime | None, until: datetime | None) -> list[LinesInTime]:
        older = self._older(since, until)
        beside = {file.path.stem for file in older}  # of what is being adopted, one of both is read
        segments = self._segments("valuations", since, until)
        return [*(file for file in segments if source_of(file.path.stem) not in beside), *older]

    def follow_ups(self, valuation_id: str | None, damaged: Damaged = None) -> Iterator[FollowUp]:
        """What was said of the valuation, or of any, by time."""
        mark = b"" if valuation_id is None else mark_of(valuation_id)
        made = made_at(valuation_id) if valuation_id else None
        erased = self._erased()
        segments = self._segments("follow-ups", made - LONGEST_WAY if made else None)
        for line in merged(segments, None, None, mark, damaged):
            found = _read(_follow_up, line, erased, damaged)
            if found and valuation_id in {None, subject_of(found)}:
                yield found

    def about(self, subjects: Collection[str]) -> Iterator[Entry | Damage]:
        """The entries about these, by segment; of ids that all tell their time, only segments of then are opened."""
        made = [made_at(subject) for subject in subjects]
        known = [moment for moment in made if moment and moment.year < MAXYEAR]
        since = min(known) - LONGEST_WAY if known and len(known) == len(made) else None
        until = max(known) + LONGEST_WAY if since else None
        marks, erased = frozenset(map(mark_of, subjects)), self._erased()
        for file in [*self._segments("valuations", since, until), *self._segments("follow-ups", since)]:
            try:
                for line in file.about(marks):
                    each = _entry(line.text, file.path.stem, line.place)
                    yield _without(each, erased.get(file.path.stem, ()))
            except OSError as error:
                yield _unreadable(file.path, error)

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """What is kept of a segment. What another process is just taking away counts as gone."""
        known = self._register.segments().get(segment)
        if known is None:
            return
        going = self._going(segment)
        if any(event.action == "pruned" for event in going):
            return
        erased = frozenset[int]().union(*(event.numbers for event in going))
        for each in self._kept(self._folder / f"{segment}{ENDING}", known):
            # What is not whole, nobody is taking away: it was put there.
            yield _without(each, erased) if isinstance(each, Entry) and each.is_whole() else each

    def _going(self, segment: str) -> list[RegisterEvent]:
        """By what some of it was registered as taken away so lately that a process may just be at it."""
        if not (self._folder / UNDER_WAY).exists():
            return []
        since = self._now() - LONGEST_THINNING
        of_it = (each.event for each in self._register.events() if each.event.segment == segment)
        return [event for event in of_it if event.action in {"erased", "pruned"} and event.at > since]

    def _erased(self) -> _Erased:
        known = self._register.segments()
        return {segment: frozenset(each.erased) for segment, each in known.items() if each.erased}

    def _kept(self, path: Path, known: Known) -> Iterator[Entry | Damage]:
        try:
            file = opened(path)
        except FileNotFoundError:
            if self._register.segments()[path.stem].is_open:
                yield Damage(str(path), "the file is gone, and nobody knows how much was in it")
            return
        except OSError as error:
            yield _unreadable(path, error)
            return
        with file:
            for number, line in enumerate(lines_in(file), start=1):
                if line is None:
                    yield Damage(f"{path}, line {number}", "it is longer than any record")
                    continue
                if known.is_open and not line.endswith(b"\n") and is_torn(line, path.stem):
                    return
                if number > 1:
                    yield _entry(line, path.stem, f"{path}, line {number}")
                elif line != header_of(path.stem, known.genesis):
                    yield Damage(f"{path}, line 1", "it is not as this segment begins")

    def _segments(
        self, family: Family, since: datetime | None = None, until: datetime | None = None
    ) -> list[LinesInTime]:
        """Those that may hold something made from the one to before the other."""
        return [
            self._lines(segment, known)
            for segment, known in self._register.segments().items()
            if is_of(segment, family) and _may_hold(known, since, until)
        ]

    def _lines(self, segment: str, known: Known) -> LinesInTime:
        path = self._folder / f"{segment}{ENDING}"
        return LinesInTime(path, known.first_at or EVER, at_of, skip=1, end=known.last_at or STILL)

    def _older(self, since: datetime | None = None, until: datetime | None = None) -> list[LinesInTime]:
        try:
            files = older_files(self._folder)
        except FileNotFoundError:
            return []
        found = []
        for path, day in files:
            start, end = span_of(day)
            if (since is None or since < end) and (until is None or start < until):
                instead = partial(self._adopted, path.stem)
                found.append(LinesInTime(path, start, at_in, skip=0, instead=instead, end=end))
        return found

    def _adopted(self, source: str) -> list[LinesInTime]:
        return [file for file in self._segments("valuations") if source_of(file.path.stem) == source]


def _told_time(valuation_id: str) -> datetime | None:
    made = made_at(valuation_id)
    return None if made is None or made.year == MAXYEAR else made


def _may_hold(known: Known, since: datetime | None, until: datetime | None) -> bool:
    if known.is_pruned:
        return False
    if known.first_at is None or known.last_at is None:
        return known.is_open  # a closed one without a time is empty
    return (since is None or since <= known.last_at) and (until is None or known.first_at < until)


def _entry(line: bytes, segment: str, place: str) -> Entry | Damage:
    try:
        entry = entry_in(line, segment)
        if entry.content is not None and entry.is_whole():
            within = evidence_of(entry.kind, entry.content)
            if (_subject_of(within), within.at) != (entry.subject, entry.at):
                return Damage(place, "it tells another valuation or time beside its content than within")
    except ValueError as error:
        return Damage(place, str(error))
    return entry


def _without(entry: Entry | Damage, erased: Collection[int]) -> Entry | Damage:
    return entry.erased() if isinstance(entry, Entry) and entry.number in erased else entry


def _subject_of(evidence: Evidence) -> str:
    return evidence.id if isinstance(evidence, ValuationRecord) else subject_of(evidence)


def _told(line: Line, erased: _Erased) -> Entry:
    try:
        entry = entry_in(line.text, line.path.stem)
    except ValueError:
        raise unreadable(line) from None
    return entry.erased() if entry.number in erased.get(entry.segment, ()) else entry


def _is_whole(line: Line) -> bool:
    return not is_segment(line.path.stem) or _told(line, {}).is_whole()


def _unreadable(path: Path, error: OSError) -> Damage:
    return Damage(str(path), f"it cannot be read: {error.strerror}")


def _read(read: Callable[[Line, _Erased], T], line: Line, erased: _Erased, damaged: Damaged) -> T | None:
    """What is read of a line; None where that cannot be, and somebody is told of it."""
    try:
        return read(line, erased)
    except ValuationLogUnavailable:
        tell(line, damaged)
        return None


def _kept_at(line: Line, erased: _Erased) -> datetime | None:
    """When the valuation of a line was recorded; None where it was erased or changed."""
    try:
        if not is_segment(line.path.stem):
            return at_in(line.text)
        entry = _told(line, erased)
    except (ValueError, ValuationLogUnavailable):
        return None
    return entry.at if entry.content is not None and entry.is_whole() else None


def _follow_up(line: Line, erased: _Erased) -> FollowUp | None:
    """What was said on a line; None where it was erased or changed."""
    entry = _told(line, erased)
    if entry.content is None or not entry.is_whole():
        return None
    found = _evidence(entry.kind, entry.content, line)
    if isinstance(found, ValuationRecord):
        raise unreadable(line)
    return found


def _record(line: Line, erased: _Erased) -> ValuationRecord | None:
    """The valuation of a line; None where it was erased."""
    if not is_segment(line.path.stem):
        try:
            return _RECORDS.decode(line.text)
        except (msgspec.MsgspecError, DomainError):
            raise unreadable(line) from None
    entry = _told(line, erased)
    if entry.content is None:
        return None
    found = _evidence(entry.kind, entry.content, line)
    if not isinstance(found, ValuationRecord):
        raise unreadable(line)
    return found


def _whole_record(line: Line, erased: _Erased) -> ValuationRecord | None:
    """The valuation of a line that was not changed; None where it was erased."""
    record = _record(line, erased)
    if record and not _is_whole(line):
        raise unreadable(line)
    return record


def _evidence(kind: str, content: bytes, line: Line) -> Evidence:
    try:
        return evidence_of(kind, content)
    except ValueError:
        raise unreadable(line) from None
