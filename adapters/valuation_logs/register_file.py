"""The register of segments in a file: a signed event a line, in one form only."""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from adapters.durable_files import flush_folder, make_folder
from adapters.valuation_logs.register_catalogue import Catalogue, Known
from adapters.valuation_logs.segment_names import has_entries, is_segment, segments_in
from application.ports.evidence_signer import EvidenceSigner
from domain.errors import ValuationLogUnavailable
from domain.evidence_register import START, Action, RegisterEvent, SignedEvent

_NAME = "register.jsonl"
_LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.005
_ENCODED = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    event: msgspec.Raw
    key: str
    signature: str


_LINES = msgspec.json.Decoder(_Line)
_EVENTS = msgspec.json.Decoder(RegisterEvent)


class RegisterFile:
    """The file `register.jsonl` in the folder of the segments, to which many processes append, one at a time.

    What is known of it is read once, and then what was appended since. All methods raise OSError, and
    ValuationLogUnavailable where a line is no event, or the register is gone while segments are there.
    """

    def __init__(self, folder: Path, signer: EvidenceSigner) -> None:
        self._folder = folder
        self._path = folder / _NAME
        self._signer = signer
        self._reading = threading.Lock()
        self._known = Catalogue()

    def segments(self) -> dict[str, Known]:
        """Every segment by its name, in the order of opening."""
        with self._reading:
            self._catch_up()
            return dict(self._known.segments)

    def events(self) -> list[SignedEvent]:
        """All of it, in order. What a killed process has torn is left out."""
        events = []
        try:
            with self._path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.endswith(b"\n") or not _is_torn(line):
                        events.append(self._event_in(line, number))
        except FileNotFoundError:
            self._refuse_beginning()
        return events

    @contextmanager
    def changing(self) -> Iterator["Change"]:
        """Others wait with their events until the context ends. Raises TimeoutError after ten seconds of waiting."""
        make_folder(self._folder)
        lock = FileLock(
            f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600, poll_interval=_POLL_SECONDS, fallback_to_soft=False
        )
        with lock, self._reading:
            self._catch_up()
            with self._begun() if self._known.number == 0 else self._path.open("ab", buffering=0) as file:
                file.truncate(self._known.size)  # what a killed process has torn
                yield Change(self._known, file.fileno(), self._signer)

    def _begun(self) -> FileIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        flush_folder(self._folder)
        return FileIO(descriptor, "ab")

    def _refuse_beginning(self) -> None:
        """A new register beside old segments would vouch for none of them, and nobody would notice."""
        for path in segments_in(self._folder):
            if has_entries(path):
                raise ValuationLogUnavailable(
                    f"The register of the evidence, {self._path}, is gone, and segments are there, such as "
                    f"{path.name}: restore it from a backup, or move the whole folder away to begin anew."
                )

    def _catch_up(self) -> None:
        """Takes up what was appended since the last time, or everything where it is another file by now."""
        try:
            with self._path.open("rb") as file:
                about = os.fstat(file.fileno())
                if about.st_ino != self._known.inode or about.st_size < self._known.size:
                    self._known = Catalogue(about.st_ino)
                elif about.st_size == self._known.size and self._known.number:
                    return
                file.seek(self._known.size)
                if not self._take(file, self._known.digest):
                    self._known = Catalogue(about.st_ino)
                    file.seek(0)
                    self._take(file)
        except FileNotFoundError:
            self._known = Catalogue()
        if not self._known.number:
            self._refuse_beginning()

    def _take(self, lines: Iterable[bytes], previous: str | None = None) -> bool:
        """Takes up lines, but where it is known what the first should follow, and it does not: this is another file."""
        for line in lines:
            if not line.endswith(b"\n") and _is_torn(line):
                break
            try:
                read = _LINES.decode(line)
                event = _EVENTS.decode(read.event)
                is_whole = line.endswith(b"\n") and is_segment(event.segment)  # it becomes the name of a file
            except (msgspec.MsgspecError, ValueError):
                is_whole = False
            if previous not in {None, START} and not (is_whole and event.previous == previous):
                return False
            if not is_whole:
                raise self._damaged(self._known.number + 1)
            self._known.take(event, bytes(read.event), len(line))
            previous = None
        return True

    def _event_in(self, line: bytes, number: int) -> SignedEvent:
        try:
            read = _LINES.decode(line)
            signed = SignedEvent(_EVENTS.decode(read.event), read.key, read.signature)
            is_exact = _line_of(signed) == line and is_segment(signed.event.segment)
        except (msgspec.MsgspecError, ValueError, OverflowError):
            raise self._damaged(number) from None
        if not is_exact:
            raise self._damaged(number)
        return signed

    def _damaged(self, number: int) -> ValuationLogUnavailable:
        return ValuationLogUnavailable(
            f"{self._path}, line {number}, is no event of the register: it was altered. Restore it from a backup, or "
            "move the whole folder away to begin anew."
        )


class Change:
    """The register while it is being changed."""

    def __init__(self, known: Catalogue, descriptor: int, signer: EvidenceSigner) -> None:
        self._known = known
        self._descriptor = descriptor
        self._signer = signer

    def get(self, segment: str) -> Known | None:
        """What is known of a segment."""
        return self._known.segments.get(segment)

    def prepared(self, action: Action, segment: str, at: datetime, **more: Any) -> SignedEvent:
        """The event that would come next, signed. Raises SecretUnavailable."""
        if not self._known.number:
            self._signer.begin()
        event = RegisterEvent(self._known.number + 1, self._known.digest, at, action, segment, **more)
        return SignedEvent(event, *self._signer.sign(event.content()))

    def add(self, signed: SignedEvent) -> None:
        """Appends it. Once this returns, it survives a crash. Raises OSError, and then it is not there."""
        line = _line_of(signed)
        try:
            _write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):  # else the next writer takes it for what a killed one has left
                os.ftruncate(self._descriptor, self._known.size)
            raise
        self._known.take(signed.event, signed.event.content(), len(line))


def _write(descriptor: int, line: bytes) -> None:
    if os.write(descriptor, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _line_of(signed: SignedEvent) -> bytes:
    return b'{"event":%b,"key":%b,"signature":%b}\n' % (
        signed.event.content(),
        _ENCODED(signed.key),
        _ENCODED(signed.signature),
    )


def _is_torn(end: bytes) -> bool:
    """Whether a killed process can have left this at the end: a whole line but for its last byte, it cannot."""
    try:
        _LINES.decode(end[:-1])
    except (msgspec.MsgspecError, ValueError):
        return True
    return False
