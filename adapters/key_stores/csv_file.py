"""Keys in a CSV file: for one machine, and for a person to read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from adapters import private_file
from adapters.key_stores.csv_line import HEADER, HEADERS, KeyLine, line_of
from adapters.key_stores.event_file import EventFile
from adapters.key_stores.row import COLUMNS, NOBODY
from application.ports.key_store import KeptKeys, KeyStore
from domain.api_key import ApiKey, Scope, is_key_id
from domain.errors import (
    DuplicateKey,
    KeyNotFound,
    KeyStoreMalformed,
    KeyStoreSpoiled,
    KeyStoreUnavailable,
)
from domain.key_event import KeyEvent, issued, revoked, rotated

_Lines = Sequence[KeyLine]
_Told = Set[tuple[str, str]]  # which actions on which keys
_NOBODY = KeyLine(0, ",".join(NOBODY.values()).encode())
_REVOKED_AT, _REPLACED_BY = COLUMNS.index("revoked_at"), COLUMNS.index("replaced_by")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class CsvKeyStore(KeyStore):
    """Keeps keys in one CSV file, a line a key. A missing or an empty file holds no keys, where there never were any.

    Writers take turns by a lock beside the file and replace it whole; readers need no lock. A line that was edited by
    hand into nonsense is kept as it is and refused alone. The folder must be writable.

    A change is made once the file is replaced: its line says by itself what happened. The file of events beside it is
    written then. What a line tells and no event does, because the writer was killed in between, belongs to the events
    all the same, and the next writer writes it down before anything else.

    The events are held against the lines too: where they tell of keys and there is no line, the keys' file is lost, and
    a key that they say was revoked is refused where its line does not say so, as in an older file that was put back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._events = EventFile(path)
        self._had_keys = False

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable, KeyStoreMalformed (no key file)."""
        with self._changing() as change:
            self._check_free(key.id, change.lines)
            change.write({}, [key], [issued(key)])

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the line."""
        with self._reachable():
            told = self._told()
            line = self._only(key_id, self._lines(self._path, told, key_id.encode(errors="replace")))
        if line is None:
            _NOBODY.key()  # so that the time it takes does not tell which ids there are
            return None
        return self._valid_key_on(line, told)

    def all(self) -> KeptKeys:
        """Every key, oldest first; a fault names a line. Raises KeyStoreUnavailable, KeyStoreSpoiled (no key file)."""
        with self._reachable():
            told = self._told()
            lines = self._lines(self._path, told)
        of_id: dict[str, list[KeyLine]] = {}
        for line in lines:
            of_id.setdefault(line.key_id if is_key_id(line.key_id) else str(line.number), []).append(line)
        keys, faults = [], []
        for those in of_id.values():
            try:
                self._only(those[0].key_id, those)
                keys.append(self._valid_key_on(those[0], told))
            except KeyStoreMalformed as error:
                faults.append(str(error))
        return KeptKeys(sorted(keys, key=attrgetter("created_at", "id")), tuple(faults))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, LastAdminKey, KeyStoreUnavailable, KeyStoreMalformed."""
        with self._changing() as change:
            line, key = self._known(key_id, change.lines)
            if key.revoked_at is not None:
                return key
            if spare_last_admin:
                key.check_not_last_admin(self._others_with_keys_admin(line, change), at)
            taken_back = key.revoked(at, by, because)
            change.write({line: taken_back}, [], [revoked(taken_back)])
            return taken_back

    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Puts another key in a key's place. Raises KeyNotFound, DuplicateKey, KeyNotActive, and as `revoke`."""
        with self._changing() as change:
            line, _ = self._known(key_id, change.lines)
            key = self._valid_key_on(line, change.told)
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
            lines = self._lines(self._path, self._told())  # and then the events: what is changed is not told twice
            told = self._events.read()
            return told + _untold(lines, {(event.action, event.key_id) for event in told})

    @contextmanager
    def _changing(self) -> Iterator["_Change"]:
        with self._reachable(), private_file.locked(self._path) as target:
            told = self._events.subjects()
            lines = self._lines(target, told)
            self._events.add(_untold(lines, told))
            yield _Change(target, lines, self._events, told)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            cause = error.strerror or "another process holds its lock"
            raise KeyStoreUnavailable(f"The key file {self._path} cannot be read or written: {cause}.") from error

    def _told(self) -> _Told:
        """What the events say. To be asked before the lines are read, which are written before their events."""
        with suppress(OSError):  # the keys are their lines: they work without
            return self._events.subjects()
        return frozenset()

    def _lines(self, path: Path, told: _Told, part: bytes = b"") -> list[KeyLine]:
        """The lines below the header that are not blank and hold `part`.

        Raises KeyStoreUnavailable where there are none at all, but were before, or the events tell of some.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = b""
        header, *lines = content.lstrip(b"\r\n \t").split(b"\n") if content.strip() else [HEADER]
        if header.removeprefix(_BYTE_ORDER_MARK).strip() not in HEADERS:
            raise KeyStoreSpoiled(
                f"{self._path} is no key file: its first line must be {HEADER.decode()}. "
                "Restore it from a backup, or name another file."
            )
        if any(raw.strip() for raw in lines):
            self._had_keys = True
        elif self._had_keys or any(key_id for _, key_id in told):
            raise KeyStoreUnavailable(
                f"The key file {self._path} is missing or empty, although there were keys: restore it from a backup. "
                "To begin anew without keys, remove the file of events beside it and restart the service."
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

    def _valid_key_on(self, line: KeyLine, told: _Told) -> ApiKey:
        """The key on a line, unless that is older than what the events say."""
        key = self._key_on(line)
        if key.revoked_at is None and ("revoked", key.id) in told:
            raise KeyStoreMalformed(
                f"{self._path}, line {line.number} lacks revoked_at, but the events say that the key was revoked: "
                "revoke it again, or restore the newer file."
            )
        return key

    def _others_with_keys_admin(self, line: KeyLine, change: "_Change") -> Iterator[ApiKey]:
        for other in change.lines:
            if other is not line and Scope.KEYS_ADMIN.encode() in other.raw:
                with suppress(KeyStoreMalformed):
                    yield self._valid_key_on(other, change.told)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a writer found, and how it is changed; `target` is the file itself, where a symbolic link leads."""

    target: Path
    lines: _Lines
    events: EventFile
    told: _Told

    def write(self, changed: Mapping[KeyLine, ApiKey], added: Iterable[ApiKey], events: Sequence[KeyEvent]) -> None:
        """Replaces the file, with keys in the place of some lines and more behind them, and writes the events down."""
        raw = [line_of(changed[line]) if line in changed else line.raw for line in self.lines]
        raw += [line_of(key) for key in added]
        private_file.replace(self.target, b"".join(line + b"\n" for line in [HEADER, *raw]))
        with suppress(OSError):  # it is done: the lines tell it, and without this the next writer gets no further
            self.events.add(events)


def _untold(lines: _Lines, told: _Told) -> list[KeyEvent]:
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


def _is_told(line: KeyLine, told: _Told) -> bool:
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
