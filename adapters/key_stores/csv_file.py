"""Keys in a CSV file: for one machine, and for a person to read."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from adapters import private_file
from adapters.key_stores.csv_line import HEADER, HEADERS, KeyLine, line_of
from adapters.key_stores.event_file import EventFile
from adapters.key_stores.row import COLUMNS, NOBODY
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, Scope
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed, KeyStoreUnavailable, LastAdminKey
from domain.key_event import KeyEvent, issued, revoked, rotated

_Lines = Sequence[KeyLine]
_NOBODY = KeyLine(0, ",".join(NOBODY.values()).encode())
_REVOKED_AT, _REPLACED_BY = COLUMNS.index("revoked_at"), COLUMNS.index("replaced_by")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class CsvKeyStore(KeyStore):
    """Keeps keys in one CSV file, a line a key. A missing or an empty file holds no keys.

    Writers take turns by a lock beside the file and replace it whole; readers need no lock. A line that was edited by
    hand into nonsense is kept as it is and refused alone. The folder must be writable.

    A change is made once the file is replaced: its line says by itself what happened. The file of events beside it is
    written then. What a line tells and no event does, because the writer was killed in between, belongs to the events
    all the same, and the next writer writes it down before anything else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable, KeyStoreMalformed (no key file)."""
        with self._changing() as change:
            self._check_free(key.id, change.lines)
            change.write({}, [key], [issued(key)])

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the line."""
        with self._reachable():
            line = self._only(key_id, self._lines(self._path, key_id.encode(errors="replace")))
        if line is None:
            _NOBODY.key()  # so that the time it takes does not tell which ids there are
            return None
        return self._key_on(line)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first. Raises KeyStoreUnavailable, KeyStoreMalformed naming the first bad line."""
        with self._reachable():
            lines = self._lines(self._path)
        keys = [self._key_on(line) for line in lines]
        if len({key.id for key in keys}) < len(keys):
            for key in keys:
                self._only(key.id, lines)
        return sorted(keys, key=attrgetter("created_at", "id"))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, LastAdminKey, KeyStoreUnavailable, KeyStoreMalformed."""
        with self._changing() as change:
            line, key = self._known(key_id, change.lines)
            if key.revoked_at is not None:
                return key
            if spare_last_admin and key.is_admin_at(at) and not _other_admins(line, change.lines, at):
                raise LastAdminKey(key_id)
            taken_back = key.revoked(at, by, because)
            change.write({line: taken_back}, [], [revoked(taken_back)])
            return taken_back

    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Puts another key in a key's place. Raises KeyNotFound, DuplicateKey, KeyNotActive, and as `revoke`."""
        with self._changing() as change:
            line, key = self._known(key_id, change.lines)
            key.check_rotatable(successor.created_at)
            self._check_free(successor.id, change.lines)
            replaced = key.replaced(successor.id, until)
            change.write({line: replaced}, [successor], [issued(successor), rotated(replaced, successor)])
            return replaced

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keeps when keys were last used, in one write. Raises KeyStoreUnavailable, KeyStoreMalformed (no key file)."""
        if not uses:
            return
        with self._changing() as change:
            changed = {}
            for line in change.lines:
                if line.key_id in uses:
                    with suppress(ValueError):
                        key = line.key()
                        used = key.used(uses[line.key_id])
                        if used is not key:
                            changed[line] = used
            if changed:
                change.write(changed, [], [])

    def record(self, event: KeyEvent) -> None:
        """Keeps an event that is about no key. Raises KeyStoreUnavailable, KeyStoreMalformed (no key file)."""
        with self._changing() as change:
            change.events.add([event])

    def events(self) -> list[KeyEvent]:
        """Every event, as they were kept. Raises KeyStoreUnavailable, KeyStoreMalformed naming a line that is none."""
        with self._reachable():
            lines = self._lines(self._path)  # before the events: what is changed meanwhile is not told twice
            told = _events_beside(Path(os.path.realpath(self._path))).read()
            return told + _untold(lines, {(event.action, event.key_id) for event in told})

    @contextmanager
    def _changing(self) -> Iterator["_Change"]:
        with self._reachable(), private_file.locked(self._path) as target:
            lines, events = self._lines(target), _events_beside(target)
            events.add(_untold(lines, events.subjects()))
            yield _Change(target, lines, events)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            cause = error.strerror or "another process holds its lock"
            raise KeyStoreUnavailable(f"The key file {self._path} cannot be read or written: {cause}.") from error

    def _lines(self, path: Path, part: bytes = b"") -> list[KeyLine]:
        """The lines below the header that are not blank and hold `part`."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return []
        header, *lines = content.lstrip(b"\r\n \t").split(b"\n") if content.strip() else [HEADER]
        if header.removeprefix(_BYTE_ORDER_MARK).strip() not in HEADERS:
            raise KeyStoreMalformed(
                f"{self._path} is no key file: its first line must be {HEADER.decode()}. "
                "Restore it from a backup, or name another file."
            )
        first = content.count(b"\n") - len(lines) + 2
        return [KeyLine(number, raw) for number, raw in enumerate(lines, first) if part in raw and raw.strip()]

    def _only(self, key_id: str, lines: _Lines) -> KeyLine | None:
        found = [line for line in lines if line.key_id == key_id]
        if len(found) > 1:
            places = " and ".join(str(line.number) for line in found)
            raise KeyStoreMalformed(f"{self._path} holds the key {key_id} twice, on lines {places}: delete one.")
        return found[0] if found else None

    def _known(self, key_id: str, lines: _Lines) -> tuple[KeyLine, ApiKey]:
        line = self._only(key_id, lines)
        if line is None:
            raise KeyNotFound(f"There is no key {key_id} in {self._path}.")
        return line, self._key_on(line)

    def _check_free(self, key_id: str, lines: _Lines) -> None:
        if any(line.key_id == key_id for line in lines):
            raise DuplicateKey(f"A key with the id {key_id} is in {self._path} already.")

    def _key_on(self, line: KeyLine) -> ApiKey:
        try:
            return line.key()
        except ValueError as error:
            raise KeyStoreMalformed(
                f"{self._path}, line {line.number} is no key: {error}. Mend or delete the line."
            ) from None


@dataclass(frozen=True, slots=True)
class _Change:
    """What a writer found, and how it is changed; `target` is the file itself, where a symbolic link leads."""

    target: Path
    lines: _Lines
    events: EventFile

    def write(self, changed: Mapping[KeyLine, ApiKey], added: Iterable[ApiKey], events: Sequence[KeyEvent]) -> None:
        """Replaces the file, with keys in the place of some lines and more behind them, and writes the events down."""
        raw = [line_of(changed[line]) if line in changed else line.raw for line in self.lines]
        raw += [line_of(key) for key in added]
        private_file.replace(self.target, b"".join(line + b"\n" for line in [HEADER, *raw]))
        with suppress(OSError):  # it is done: the lines tell it, and without this the next writer gets no further
            self.events.add(events)


def _events_beside(file: Path) -> EventFile:
    return EventFile(file.with_name(f"{file.name}.events.jsonl"))


def _other_admins(line: KeyLine, lines: _Lines, at: datetime) -> bool:
    for other in lines:
        if other is not line and Scope.KEYS_ADMIN.encode() in other.raw:
            with suppress(ValueError):
                if other.key().is_admin_at(at):
                    return True
    return False


def _untold(lines: _Lines, told: set[tuple[str, str]]) -> list[KeyEvent]:
    """What happened by these lines, and is not among what is told: to which key, each at most once."""
    if all(_is_told(line, told) for line in lines):
        return []
    keys: dict[str, ApiKey] = {}
    for line in lines:
        with suppress(ValueError):
            key = line.key()
            keys.setdefault(key.id, key)
    events = [issued(key) for key in keys.values()]
    events += [rotated(key, keys[key.replaced_by]) for key in keys.values() if key.replaced_by in keys]
    events += [revoked(key) for key in keys.values() if key.revoked_at is not None]
    return sorted((event for event in events if (event.action, event.key_id) not in told), key=attrgetter("at"))


def _is_told(line: KeyLine, told: set[tuple[str, str]]) -> bool:
    try:
        cells = line.cells()
    except ValueError:
        return True  # nothing can be said of it
    key_id = cells[0]
    return (
        ("issued", key_id) in told
        and (not cells[_REVOKED_AT] or ("revoked", key_id) in told)
        and (not cells[_REPLACED_BY] or ("rotated", key_id) in told)
    )
