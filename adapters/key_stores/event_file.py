"""What happened to keys, in a file beside theirs: a JSON document a line, only ever added to."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from adapters.durable_files import flush_folder
from domain.errors import KeyStoreMalformed
from domain.key_event import KeyEvent


class _Subject(msgspec.Struct, frozen=True):
    """What an event is about."""

    action: str
    key_id: str


class EventFile:
    """The events in one file of mode 0600. Writers hold the lock of the keys' file; readers need none.

    It lies beside the keys' file itself, where a symbolic link leads to that.
    """

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._looked_at: tuple[tuple[int, ...], frozenset[tuple[str, str]]] = ((), frozenset())

    def read(self) -> list[KeyEvent]:
        """Every event, but for a last one that was not written to its end.

        Raises OSError, and KeyStoreMalformed naming a line that is no event.
        """
        *lines, last = self._lines()
        if last and _is_whole(last):
            lines.append(last)
        events = []
        for number, line in enumerate(lines, start=1):
            try:
                events.append(msgspec.json.decode(line, type=KeyEvent))
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise KeyStoreMalformed(
                    f"{self._path}, line {number} is no event of a key. Restore the file from a backup."
                ) from None
        return events

    def subjects(self) -> frozenset[tuple[str, str]]:
        """Which actions on which keys are written down; a line that is no event says nothing. Raises OSError.

        The file is read only where it is another than the last time.
        """
        signature = self._signature()
        seen_as, subjects = self._looked_at
        if signature != seen_as:
            subjects = self._read_subjects()
            self._looked_at = (signature, subjects)
        return subjects

    def add(self, events: Sequence[KeyEvent]) -> None:
        """Writes events down, behind the last whole line. Once it returns they survive a crash. Raises OSError."""
        if not events:
            return
        *_, last = self._lines()
        is_new = not self._path.exists()
        written = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            if last and _is_whole(last):  # an editor took its line feed away
                written = b"\n" + written
            elif last:  # its writer was killed, or the disk was full: what was to stand here is written anew
                file.truncate(self._path.stat().st_size - len(last))
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            flush_folder(self._path.parent)

    @property
    def _path(self) -> Path:
        return Path(f"{os.path.realpath(self._keys)}.events.jsonl")

    def _signature(self) -> tuple[int, ...]:
        try:
            about = os.stat(self._path)  # noqa: PTH116 (that of pathlib costs three times as much)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return about.st_mtime_ns, about.st_size, about.st_ino

    def _read_subjects(self) -> frozenset[tuple[str, str]]:
        subjects = set()
        decoder = msgspec.json.Decoder(_Subject)
        for line in self._lines():
            try:
                subject = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            subjects.add((subject.action, subject.key_id))
        return frozenset(subjects)

    def _lines(self) -> list[bytes]:
        """The lines, and what stands behind the last line feed: nothing in a file that is whole."""
        try:
            return self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [b""]


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
