"""Older files taken into segments, so that what they hold is chained and sealed from then on.

The segments carry the name of the file that their records are of. Who reads goes by the file as long as that is there,
and by them once it is not: its removal, the last step, is all that changes over. So nothing has to be finished after a
process that was killed; the next adoption takes what is missing.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from adapters.durable_files import flush_folder
from adapters.valuation_logs.contents import Recorded, evidence_of
from adapters.valuation_logs.entry_lines import all_told_in
from adapters.valuation_logs.older_files import older_files
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.segment_names import ENDING, is_of
from adapters.valuation_logs.segment_thinning import SegmentThinning
from adapters.valuation_logs.segment_writer import SegmentWriter
from application.ports.evidence_archive import AdoptedEvidence
from domain.evidence_chain import EvidenceKind
from domain.valuation_record import ValuationRecord

_UNTOUCHED = timedelta(minutes=10)
"""For so long nobody has written to a file that is taken: an older service may still run."""
_AT_ONCE = 500
_SCHEMA = 1


class _LeftError(Exception):
    """Why a file is left as it is."""


@dataclass(slots=True)
class _Content:
    """What is in an older file: the digests of the lines by the ids of the valuations, and from when to when."""

    digests: dict[str, bytes] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None


class Adoption:
    """Adopts the older files of a folder, one at a time. Raises OSError, and what the register raises."""

    def __init__(
        self,
        folder: Path,
        register: RegisterFile,
        thinning: SegmentThinning,
        now: Callable[[], datetime],
        limits: SegmentLimits,
    ) -> None:
        self._folder = folder
        self._register = register
        self._thinning = thinning
        self._now = now
        self._limits = limits

    def __call__(self, *, dry_run: bool) -> AdoptedEvidence:
        """A file that cannot be adopted keeps back no other."""
        records, sources, left = 0, list[str](), list[str]()
        for path, _ in older_files(self._folder):
            with self._thinning.alone():
                if path.exists():  # else another process was quicker
                    try:
                        records += self._adopt(path, dry_run=dry_run)
                        sources.append(str(path))
                    except _LeftError as error:
                        left.append(f"{path}{error}")
        return AdoptedEvidence(records, tuple(sources), tuple(left))

    def _adopt(self, path: Path, *, dry_run: bool) -> int:
        """How many of its records were in no segment. Raises _LeftError."""
        before = path.stat()
        if self._now() - datetime.fromtimestamp(before.st_mtime, UTC) < _UNTOUCHED:
            raise _LeftError(
                " was written to within the last 10 minutes: end the service that writes to it, and adopt it later"
            )
        content = _content_of(path)
        missing = self._missing(content)
        if dry_run:
            return len(missing)
        count = len(missing)
        if missing:
            self._take(path, missing)
        after = path.stat()
        is_same = (before.st_ino, before.st_size, before.st_mtime_ns) == (
            after.st_ino,
            after.st_size,
            after.st_mtime_ns,
        )
        if not is_same or self._missing(content, closed=True):
            raise _LeftError(
                " was written to meanwhile, or a segment of its records cannot be closed: adopt again later"
            )
        path.unlink()
        flush_folder(self._folder)
        return count

    def _take(self, path: Path, missing: set[str]) -> None:
        """Puts the records of these valuations into segments, and closes those."""
        writer = SegmentWriter(
            self._folder, "valuations", self._register, self._now, self._limits, to_disk=False, source=path.stem
        )
        records = (record for _, record in _records_in(path))
        while some := list(islice(records, _AT_ONCE)):
            new = {record.subject: record for record in some if record.subject in missing}  # each once
            if new:
                writer.record(list(new.values()))
                missing.difference_update(new)
            writer.close()  # what is due, or what another process asks for
        writer.close(all_=True)

    def _missing(self, content: _Content, *, closed: bool = False) -> set[str]:
        """Those of an older file that are in no segment, or no closed one. Raises _LeftError."""
        missing = set(content.digests)
        for segment, known in self._register.segments().items():
            if is_of(segment, "valuations") and not known.is_pruned and not (closed and known.is_open):
                is_later = known.first_at and content.last_at and known.first_at > content.last_at
                is_earlier = known.last_at and content.first_at and known.last_at < content.first_at
                if missing and not is_later and not is_earlier:
                    missing -= self._in_segment(segment, content.digests)
        return missing

    def _in_segment(self, segment: str, digests: dict[str, bytes]) -> set[str]:
        """Those that are in a segment. Raises _LeftError where it holds another record of one."""
        found = set[str]()
        try:
            with (self._folder / f"{segment}{ENDING}").open("rb") as lines:
                for entry in all_told_in(lines, segment):
                    if entry.subject in digests and entry.kind == EvidenceKind.VALUATION:
                        if entry.content is not None and _digest_of(entry.content) != digests[entry.subject]:
                            raise _LeftError(
                                f" holds another record of the valuation {entry.subject} than the segment {segment}: "
                                "one of both was altered"
                            )
                        found.add(entry.subject)
        except FileNotFoundError:
            pass
        return found


def _content_of(path: Path) -> _Content:
    """Raises _LeftError where a line is no record, or another one of a valuation."""
    content = _Content()
    for number, record in _records_in(path):
        digest = _digest_of(record.content)
        if content.digests.setdefault(record.subject, digest) != digest:
            raise _LeftError(f", line {number}, is another record of the valuation {record.subject}: it was altered")
        content.first_at = min(content.first_at or record.at, record.at)
        content.last_at = max(content.last_at or record.at, record.at)
    return content


def _records_in(path: Path) -> Iterator[tuple[int, Recorded]]:
    """Its records by the numbers of their lines. Raises _LeftError where a line is none."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):  # what a killed process has left
                return
            try:
                yield number, _record_of(line[:-1])
            except (ValueError, OverflowError):
                raise _LeftError(
                    f", line {number}, is no record of an older Tasador: it was altered. Nothing of this file was "
                    "taken: restore it from a backup, or move that line elsewhere"
                ) from None


def _record_of(line: bytes) -> Recorded:
    """What goes into an entry, the bytes just as they are. Raises ValueError and OverflowError."""
    record = evidence_of(EvidenceKind.VALUATION, line)
    is_bare = line.startswith(b"{") and line.endswith(b"}")  # what stands around it would be no part of an entry
    if not (is_bare and isinstance(record, ValuationRecord) and record.schema == _SCHEMA and record.at.tzinfo):
        raise ValueError("is no record of an older Tasador")
    return Recorded(EvidenceKind.VALUATION, record.id, record.at.astimezone(UTC), record.client_ref, line)


def _digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
