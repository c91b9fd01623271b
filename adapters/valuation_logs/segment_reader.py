"""What is kept in the segments of a folder, and in files of an older Tasador."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import MAXYEAR, datetime, timedelta
from pathlib import Path

import msgspec

from adapters.valuation_logs.contents import Evidence, evidence_of
from adapters.valuation_logs.entry_lines import (
    at_of,
    entry_in,
    header_of,
    is_torn,
    mark_of,
    mark_of_client_ref,
    told_in,
)
from adapters.valuation_logs.lines_in_time import EVER, Line, LinesInTime, merged, unreadable
from adapters.valuation_logs.older_files import at_in, older_files, span_of
from adapters.valuation_logs.register_catalogue import Known
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_names import ENDING, UNDER_WAY, Family, is_of, is_segment
from domain.errors import DomainError
from domain.evidence_chain import Damage, Entry
from domain.follow_up import FollowUp, subject_of
from domain.valuation_id import made_at
from domain.valuation_record import ValuationRecord

_SLACK = timedelta(minutes=15)
"""How far the time in a valuation's id may be from that of its recording: batches take long, and clocks are set."""
_RECORDS = msgspec.json.Decoder(ValuationRecord)


class SegmentReader:
    """Reads the segments that are in the register. Methods raise OSError and ValuationLogUnavailable."""

    def __init__(self, folder: Path, register: RegisterFile) -> None:
        self._folder = folder
        self._register = register

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id, which tells where to look first; nearly always that is enough."""
        made, mark = made_at(valuation_id), mark_of(valuation_id)
        if made is None or made.year == MAXYEAR:
            return self._found(valuation_id, [*self._segments("valuations"), *self._older()], mark)
        files = self._segments("valuations", made - _SLACK, made + _SLACK)
        for file in files:
            for text in file.soon_after(made, mark):
                with suppress(ValueError):
                    entry = told_in(text, file.path.stem)
                    if entry.subject == valuation_id and entry.content is not None:
                        found = evidence_of(entry.kind, entry.content)
                        if isinstance(found, ValuationRecord):
                            return found
        return self._found(valuation_id, files, mark)

    def _found(self, valuation_id: str, files: Sequence[LinesInTime], mark: bytes) -> ValuationRecord | None:
        for file in files:
            for _, line in file.between(None, None, mark):
                record = _record(line, chained=bool(file.skip))
                if record and record.id == valuation_id:
                    return record
        return None

    def records(
        self, since: datetime | None, until: datetime | None, client_ref: str | None
    ) -> Iterator[ValuationRecord]:
        """Valuations by time; segments of other times are not even opened."""
        mark = b"" if client_ref is None else mark_of_client_ref(client_ref)
        files = [*self._segments("valuations", since, until), *self._older(since, until)]
        older = {file.path for file in files if not file.skip}
        for line in merged(files, since, until, mark):
            record = _record(line, chained=line.path not in older)
            if record and client_ref in {None, record.client_ref}:
                yield record

    def follow_ups(self, valuation_id: str | None) -> Iterator[FollowUp]:
        """What was said of the valuation, or of any, by time."""
        mark = b"" if valuation_id is None else mark_of(valuation_id)
        made = made_at(valuation_id) if valuation_id else None
        for line in merged(self._segments("follow-ups", made - _SLACK if made else None, None), None, None, mark):
            entry = _told(line)
            if entry.content and valuation_id in {None, entry.subject}:
                found = _evidence(entry.kind, entry.content, line)
                if isinstance(found, ValuationRecord):
                    raise unreadable(line)
                yield found

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """What is kept of a segment. What another process is just taking away counts as gone."""
        known = self._register.segments().get(segment)
        if known is None or not is_segment(segment):
            return
        going = (self._folder / UNDER_WAY).exists()
        if going and known.is_pruned:
            return
        erased = frozenset(known.erased if going else ())
        for each in self._kept(self._folder / f"{segment}{ENDING}", known):
            yield each.erased() if isinstance(each, Entry) and each.number in erased else each

    def _kept(self, path: Path, known: Known) -> Iterator[Entry | Damage]:
        try:
            lines = path.open("rb")
        except FileNotFoundError:
            if self._register.segments()[path.stem].is_open:
                yield Damage(str(path), "the file is gone, and nobody knows how much was in it")
            return
        with lines:
            for number, line in enumerate(lines, start=1):
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
            LinesInTime(self._folder / f"{segment}{ENDING}", known.first_at or EVER, at_of, skip=1)
            for segment, known in self._register.segments().items()
            if is_of(segment, family) and _may_hold(known, since, until)
        ]

    def _older(self, since: datetime | None = None, until: datetime | None = None) -> list[LinesInTime]:
        try:
            files = older_files(self._folder)
        except FileNotFoundError:
            return []
        found = []
        for path, day in files:
            start, end = span_of(day)
            if (since is None or since < end) and (until is None or start < until):
                found.append(LinesInTime(path, start, at_in, skip=0))
        return found


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


def _subject_of(evidence: Evidence) -> str:
    return evidence.id if isinstance(evidence, ValuationRecord) else subject_of(evidence)


def _told(line: Line) -> Entry:
    try:
        return told_in(line.text, line.path.stem)
    except ValueError:
        raise unreadable(line) from None


def _record(line: Line, *, chained: bool) -> ValuationRecord | None:
    """The valuation of a line; None where it was erased."""
    if not chained:
        try:
            return _RECORDS.decode(line.text)
        except (msgspec.MsgspecError, DomainError):
            raise unreadable(line) from None
    entry = _told(line)
    if entry.content is None:
        return None
    found = _evidence(entry.kind, entry.content, line)
    if not isinstance(found, ValuationRecord):
        raise unreadable(line)
    return found


def _evidence(kind: str, content: bytes, line: Line) -> Evidence:
    try:
        return evidence_of(kind, content)
    except ValueError:
        raise unreadable(line) from None
