"""Valuations on record in files of JSON lines, chained in segments, and the archive of those."""

import errno
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from adapters.durable_files import make_folder
from adapters.valuation_logs.adoption import Adoption
from adapters.valuation_logs.contents import Evidence, evidence_in, recorded
from adapters.valuation_logs.older_files import older_files
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_limits import SegmentLimits
from adapters.valuation_logs.segment_names import ENDING, has_entries, is_segment
from adapters.valuation_logs.segment_reader import SegmentReader
from adapters.valuation_logs.segment_recovery import close_left, remove_unregistered
from adapters.valuation_logs.segment_thinning import SegmentThinning
from adapters.valuation_logs.segment_writer import SegmentWriter, request_closing
from application.ports.evidence_archive import AdoptedEvidence, EvidenceArchive, PrunedSegments
from application.ports.evidence_signer import EvidenceSigner
from application.ports.valuation_log import LogPlace, ValuationLog
from domain.errors import SecretUnavailable, ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry
from domain.evidence_register import SignedEvent
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord

_SECONDS_FOR_OTHERS = 5.0
_SECONDS_BETWEEN_LOOKS = 0.02


class JsonlValuationLog(ValuationLog, EvidenceArchive):
    """A folder of segments, `valuations-...jsonl` and `follow-ups-...jsonl`, and their register, `register.jsonl`.

    No two processes ever write to the same segment, on whatever machines. What a call records is one write, so that a
    process that is killed takes nothing with it that it has answered; with `to_disk` it is also on the disk before the
    call returns (threads that record at the same time share one flush), and survives a loss of power. A segment that is
    deleted or moved away is left for another. Folder and files are for their owner alone.
    """

    def __init__(
        self,
        folder: Path,
        signer: EvidenceSigner,
        now: Callable[[], datetime],
        *,
        to_disk: bool = False,
        limits: SegmentLimits = SegmentLimits(),  # noqa: B008 (frozen)
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._now = now
        self._to_disk = to_disk
        self._register = RegisterFile(folder, signer)
        self._reader = SegmentReader(folder, self._register, now)
        self._thinning = SegmentThinning(folder, self._register, self._reader, signer, now)
        self._adoption = Adoption(folder, self._register, self._thinning, now, limits)
        self._valuations = SegmentWriter(folder, "valuations", self._register, now, limits, to_disk=to_disk)
        self._follow_ups = SegmentWriter(folder, "follow-ups", self._register, now, limits, to_disk=to_disk)
        self._tending = threading.Lock()
        self._has_tidied = False

    @property
    def is_slow(self) -> bool:
        """Whether a disk is waited for, or a segment is to be opened, which others may be doing too."""
        return self._to_disk or self._valuations.opens_next

    @property
    def lost(self) -> int | None:
        """None: what cannot be recorded is refused."""
        return None

    def check(self) -> None:
        """Makes the folder, writes a byte there, in a file without a name, reads the register and signs something.

        Asking for permissions would miss a full disk, and a folder that not even root can write to.
        """
        try:
            make_folder(self._folder)
            with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                file.write(b"\n")
            if not self._register.segments():
                self._signer.begin()
            self._signer.sign(b"")
        except OSError as error:
            raise self._unwritable(error) from error
        except SecretUnavailable as error:
            raise _without_key(error) from error

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Appends the records. Where it raises, none is in a file."""
        if records:
            self._append(self._valuations, records)

    def do_without(self, count: int, cause: str) -> None:  # noqa: ARG002
        """Raises ValuationLogUnavailable: what cannot be recorded is refused."""
        raise ValuationLogUnavailable(cause)

    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Appends what was said."""
        if said:
            self._append(self._follow_ups, said)

    def _append(self, writer: SegmentWriter, evidence: Sequence[Evidence]) -> None:
        try:
            writer.record([recorded(each) for each in evidence])
        except OSError as error:
            raise self._unwritable(error) from error
        except SecretUnavailable as error:
            raise _without_key(error) from error

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """Looks into the segments of the time that the id tells."""
        with self._reading():
            return self._reader.find(valuation_id)

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """Looks into the segments of the times that the ids tell, into each once."""
        with self._reading():
            return self._reader.known(valuation_ids)

    def records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[ValuationRecord]:
        """Opens a segment when it is its turn."""
        with self._reading():
            yield from self._reader.records(since, until, client_ref, damaged)

    def recent(
        self,
        before: LogPlace | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Opens a segment when it is its turn, the newest first."""
        with self._reading():
            yield from self._reader.recent(before, client_ref, damaged)

    def follow_ups(
        self, valuation_id: str | None = None, *, damaged: Callable[[str], None] | None = None
    ) -> Iterator[FollowUp]:
        """Reads the segments of follow-ups alone."""
        with self._reading():
            yield from self._reader.follow_ups(valuation_id, damaged)

    def tend(self, *, close_all: bool = False) -> None:
        """Closes segments, and finishes what a killed process has begun to take away."""
        with self._tending, self._changing():
            self._valuations.close()
            self._follow_ups.close()
            close_left(self._folder, self._register, self._now)
            self._thinning.finish()
            if close_all or not self._has_tidied:
                remove_unregistered(self._folder, self._register)
                self._has_tidied = True
            if close_all:
                self._close_all()

    def _close_all(self) -> None:
        until = time.monotonic() + _SECONDS_FOR_OTHERS
        open_ = self._open_segments()
        if not open_:
            return
        request_closing(self._folder)
        self.close()
        while open_ := open_ & self._open_segments():
            if time.monotonic() > until:
                raise ValuationLogUnavailable(
                    f"Segments of the evidence in {self._folder} cannot be closed, for processes that write to them "
                    f"do not answer: {', '.join(sorted(open_))}. Look after those services, or end them, and try again."
                )
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            close_left(self._folder, self._register, self._now)

    def _open_segments(self) -> set[str]:
        """Those whose file is there: of others nobody can say any more how they ended."""
        open_ = {segment for segment, known in self._register.segments().items() if known.is_open}
        return {segment for segment in open_ if (self._folder / f"{segment}{ENDING}").is_file()}

    def close(self) -> None:
        """Closes the segments of this process, which opens others where it records again."""
        with self._changing():
            self._valuations.close(all_=True)
            self._follow_ups.close(all_=True)

    def events(self) -> Sequence[SignedEvent]:
        """Reads the whole register anew."""
        with self._reading():
            return self._register.events()

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """A line an entry."""
        with self._reading():
            yield from self._reader.entries(segment)

    def about(self, subjects: Collection[str]) -> Iterator[Entry | Damage]:
        """Reads the segments of the time that the ids tell."""
        with self._reading():
            yield from self._reader.about(subjects)

    def evidence_in(self, entry: Entry) -> Evidence | None:
        """Its content, as JSON."""
        return evidence_in(entry)

    def fences_gone(self) -> Sequence[str]:
        """None: files are kept from nobody but by their permissions."""
        return ()

    def strangers(self) -> Sequence[str]:
        """Files of lines that are no segments."""
        with self._reading():
            return self._strangers() if self._folder.exists() else []

    def _strangers(self) -> list[str]:
        older = {path for path, _ in older_files(self._folder)}
        lines = [path for path in sorted(self._folder.iterdir()) if path.suffix == ENDING and path.stem != "register"]
        # A segment that is just being opened has no entries before it is registered.
        lines = [path for path in lines if not is_segment(path.stem) or has_entries(path)]
        known = self._register.segments()
        return [
            f"{path} (written by an older Tasador, not chained: run `tasador audit adopt`)"
            if path in older
            else str(path)
            for path in lines
            if path.stem not in known
        ]

    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Rewrites the segments that hold contents about these subjects, and older files."""
        with self._reading():
            if not self._folder.exists():
                return 0
        self.tend(close_all=True)
        with self._changing():
            return self._thinning.erase(frozenset(subjects), at, by, because)

    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes files."""
        with self._reading():
            if not self._folder.exists():
                return PrunedSegments()
        self.tend()
        with self._changing():
            return self._thinning.prune(before, at, by, dry_run=dry_run)

    def adopt(self, *, dry_run: bool = False) -> AdoptedEvidence:
        """Takes the records of older files into segments."""
        with self._reading():
            if not self._folder.exists():
                return AdoptedEvidence()
        self.tend()
        with self._changing():
            return self._adoption(dry_run=dry_run)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unwritable(error) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ValuationLogUnavailable(
                f"The recorded valuations in {self._folder} cannot be read: {_cause(error)}."
            ) from error

    def _unwritable(self, error: OSError) -> ValuationLogUnavailable:
        return ValuationLogUnavailable(
            f"Valuations cannot be recorded in {self._folder}: {_cause(error)}. Make room there or make it writable, "
            "or set valuation_log.path to another folder."
        )


def _without_key(error: SecretUnavailable) -> ValuationLogUnavailable:
    return ValuationLogUnavailable(f"Valuations cannot be recorded: {error}")


def _cause(error: OSError) -> str:
    cause = (error.strerror or "another process holds its lock").lower()
    return f"{error.filename}: {cause}" if error.errno == errno.EINVAL else cause  # which of many files is none
