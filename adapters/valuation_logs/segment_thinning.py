"""What is taken away from evidence: contents, and whole segments.

It is registered first. A file beside the segments tells that something is under way, so that whoever comes after a
process that was killed meanwhile finishes it.
"""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from adapters.durable_files import flush_folder
from adapters.valuation_logs.entry_lines import all_told_in, line_of, told_in
from adapters.valuation_logs.older_files import id_in, lines_without, older_files, span_of
from adapters.valuation_logs.register_file import RegisterFile
from adapters.valuation_logs.segment_names import ENDING, LONGEST_THINNING, UNDER_WAY
from adapters.valuation_logs.segment_reader import SegmentReader
from adapters.valuation_logs.whole_lines import check_is_file, opened
from application.ports.evidence_archive import PrunedSegments
from application.ports.evidence_signer import EvidenceSigner
from domain.errors import ValuationLogUnavailable
from domain.evidence_register import segments_of
from domain.evidence_thinning import check_whole, vouched_segments

_LOCK_SECONDS = 60.0


class SegmentThinning:
    """Erases and prunes, one process at a time; only what is whole, and what signed events tell of.

    Methods raise OSError, and ValuationLogUnavailable, as the register does.
    """

    def __init__(
        self,
        folder: Path,
        register: RegisterFile,
        reader: SegmentReader,
        signer: EvidenceSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._register = register
        self._reader = reader
        self._signer = signer
        self._now = now
        self._begun = folder / UNDER_WAY
        self._lock = folder / "thinning.lock"

    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes the contents about these subjects out of closed segments, and their records out of older files."""
        with self.alone():
            found = {
                segment: numbers
                for segment, known in self._register.segments().items()
                if not known.is_open and not known.is_pruned and (numbers := self._with_content(segment, subjects))
            }
            for path, _ in older_files(self._folder):
                check_is_file(path)
            for segment, vouched in vouched_segments(found, self._register.events(), self._signer.fault_of).items():
                check_whole(segment, vouched, self._reader.entries(segment))
            with self._told():
                for segment, numbers in found.items():
                    with self._register.changing() as change:
                        change.add(change.prepared("erased", segment, at, numbers=numbers, by=by, because=because))
                    self._take_contents(segment, numbers)
            return sum(map(len, found.values())) + self._erase_older(subjects)

    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool) -> PrunedSegments:
        """Removes closed segments, and older files, of which nothing was made at that time or later."""
        with self.alone():
            events = self._register.events()
            old = {
                name: segment.closed.entries
                for name, segment in segments_of(each.event for each in events).items()
                if segment.closed and not segment.pruned and (segment.closed.last_at or segment.closed.at) < before
            }
            vouched_segments(old, events, self._signer.fault_of)
            older = {path: _lines_in(path) for path, day in older_files(self._folder) if span_of(day)[1] <= before}
            if not dry_run:
                with self._told():
                    for segment in old:
                        with self._register.changing() as change:
                            change.add(change.prepared("pruned", segment, at, by=by))
                    self._remove([*map(self._file_of, old), *older])
            names = (*(path.stem for path in older), *old)
            return PrunedSegments(names, sum(old.values()) + sum(older.values()))

    def finish(self) -> None:
        """Does what a killed process has registered and not done, unless another process is just at it."""
        if self._begun.exists():
            try:
                with self.alone(0):
                    pass
            except Timeout:
                self._refuse_if_long()

    def _refuse_if_long(self) -> None:
        try:
            since = datetime.fromtimestamp(self._begun.stat().st_mtime, UTC)
        except FileNotFoundError:  # it is done
            return
        if self._now() - since > LONGEST_THINNING:
            raise ValuationLogUnavailable(
                f"What was registered as erased or pruned may still be there since {since:%Y-%m-%d %H:%M} UTC, for "
                f"another process holds {self._lock}: end that process, and run `tasador audit verify` again."
            )

    @contextmanager
    def alone(self, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
        """No other process erases, prunes or adopts until the context ends. Raises Timeout, an OSError."""
        check_is_file(self._lock)
        lock = FileLock(self._lock, timeout=seconds, mode=0o600, fallback_to_soft=False)
        with lock:
            if self._begun.exists():
                self._finish()
            yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Lets others know that something is under way, until it is done."""
        os.close(os.open(self._begun, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        flush_folder(self._folder)
        yield
        self._begun.unlink()

    def _finish(self) -> None:
        for leftover in self._folder.glob(f".*{ENDING}.*.tmp"):
            leftover.unlink()
        erased, pruned = defaultdict[str, set[int]](set), list[Path]()
        for each in self._register.events():
            event, file = each.event, self._file_of(each.event.segment)
            # What is not there any more needs no look at signatures, which takes time.
            if event.action in {"erased", "pruned"} and os.path.lexists(file):
                if self._signer.fault_of(event.content(), each.key, each.signature):
                    continue  # anybody may have written it: verification names it
                erased[event.segment].update(event.numbers)
                if event.action == "pruned":
                    pruned.append(file)
        self._remove(pruned)
        for segment, numbers in erased.items():
            self._take_contents(segment, numbers)
        self._begun.unlink(missing_ok=True)

    def _file_of(self, segment: str) -> Path:
        return self._folder / f"{segment}{ENDING}"

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)
        flush_folder(self._folder)

    def _with_content(self, segment: str, subjects: Collection[str]) -> tuple[int, ...]:
        """The numbers of the entries about these subjects that have a content."""
        check_is_file(self._file_of(segment))
        try:
            with opened(self._file_of(segment)) as lines:
                told = all_told_in(lines, segment)
                return tuple(each.number for each in told if each.subject in subjects and not each.is_erased)
        except FileNotFoundError:
            return ()

    def _take_contents(self, segment: str, numbers: Collection[int]) -> None:
        path, erased = self._file_of(segment), frozenset(numbers)
        if not os.path.lexists(path):
            return

        def without_contents() -> Iterator[bytes]:
            with opened(path) as lines:
                for line in lines:
                    try:
                        entry = told_in(line, segment)
                    except ValueError:
                        yield line
                    else:
                        yield line_of(entry.erased()) if entry.number in erased else line

        _rewrite(path, without_contents())

    def _erase_older(self, subjects: Collection[str]) -> int:
        erased = 0
        for path, _ in older_files(self._folder):
            with path.open("rb") as lines:
                here = sum(id_in(line) in subjects for line in lines)
            if here:
                _rewrite(path, lines_without(path, subjects))
            erased += here
        return erased


def _rewrite(path: Path, lines: Iterable[bytes]) -> None:
    """Puts these lines into the place of the file at once: whoever reads sees the one or the other."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)


def _lines_in(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(line.endswith(b"\n") for line in lines)
