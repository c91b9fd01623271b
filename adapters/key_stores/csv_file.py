"""Keys in a CSV file: for one machine, and for a person to read."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from adapters import private_file
from adapters.key_stores.row import COLUMNS, key_of, scopes_cell
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed, KeyStoreUnavailable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEADER = ",".join(COLUMNS).encode()
# A spreadsheet runs a cell that begins with one of these as a formula; an apostrophe before it makes it text.
_FORMULA_STARTS = ("=", "+", "-", "@")
_APOSTROPHE = "'"


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the file as it stands there, without its line feed. A key never holds a line break."""

    number: int
    raw: bytes

    @property
    def key_id(self) -> str:
        """The first cell, even of a line that is nonsense otherwise."""
        return self.raw.split(b",", 1)[0].decode(errors="replace").strip(' "\r')

    def key(self) -> ApiKey:
        """The key on this line. Raises ValueError, saying what is wrong with it."""
        try:
            cells = next(csv.reader([self.raw.decode()], strict=True))
        except (UnicodeDecodeError, csv.Error):
            raise ValueError("it is no CSV in UTF-8") from None
        if len(cells) != len(COLUMNS):
            raise ValueError(f"it has {len(cells)} cells, not {len(COLUMNS)}")
        row = dict(zip(COLUMNS, cells, strict=True))
        return key_of({**row, "label": _label_of(row["label"])})


class CsvKeyStore(KeyStore):
    """Keeps keys in one CSV file, a line a key. A missing or an empty file holds no keys.

    Writers take turns by a lock beside the file and replace it whole; readers need no lock. A line that was edited by
    hand into nonsense is kept as it is and refused alone. The folder must be writable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable, KeyStoreMalformed (no key file)."""
        with self._rewriting() as (target, lines):
            if any(line.key_id == key.id for line in lines[1:]):
                raise DuplicateKey(f"A key with the id {key.id} is in {self._path} already.")
            _write(target, [*(line.raw for line in lines or [_Line(1, _HEADER)]), _line_of(key)])

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the line."""
        with self._reachable():
            line = self._only(key_id, self._lines(self._path)[1:])
        return None if line is None else self._key_on(line)

    def all(self) -> list[ApiKey]:
        """Every key, oldest first. Raises KeyStoreUnavailable, KeyStoreMalformed naming the first bad line."""
        with self._reachable():
            lines = self._lines(self._path)[1:]
        keys = [self._key_on(line) for line in lines]
        if len({key.id for key in keys}) < len(keys):
            for key in keys:
                self._only(key.id, lines)
        return sorted(keys, key=attrgetter("created_at", "id"))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, KeyStoreUnavailable, KeyStoreMalformed naming the line."""
        with self._rewriting() as (target, lines):
            revoked_line = self._only(key_id, lines[1:])
            if revoked_line is None:
                raise KeyNotFound(f"There is no key {key_id} in {self._path}.")
            key = self._key_on(revoked_line)
            revoked = key.revoked(at)
            if revoked is not key:
                _write(target, [_line_of(revoked) if line is revoked_line else line.raw for line in lines])
            return revoked

    @contextmanager
    def _rewriting(self) -> Iterator[tuple[Path, list[_Line]]]:
        with self._reachable(), private_file.locked(self._path) as target:
            yield target, self._lines(target)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            cause = error.strerror or "another process holds its lock"
            raise KeyStoreUnavailable(f"The key file {self._path} cannot be read or written: {cause}.") from error

    def _lines(self, path: Path) -> list[_Line]:
        """The header and the lines that are not blank, or nothing at all."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return []
        lines = [_Line(number, raw) for number, raw in enumerate(content.split(b"\n"), start=1) if raw.strip()]
        if lines and lines[0].raw.removeprefix(_BYTE_ORDER_MARK).strip() != _HEADER:
            raise KeyStoreMalformed(
                f"{self._path} is no key file: its first line must be {_HEADER.decode()}. "
                "Restore it from a backup, or name another file."
            )
        return lines

    def _only(self, key_id: str, lines: Sequence[_Line]) -> _Line | None:
        found = [line for line in lines if line.key_id == key_id]
        if len(found) > 1:
            places = " and ".join(str(line.number) for line in found)
            raise KeyStoreMalformed(f"{self._path} holds the key {key_id} twice, on lines {places}: delete one.")
        return found[0] if found else None

    def _key_on(self, line: _Line) -> ApiKey:
        try:
            return line.key()
        except ValueError as error:
            raise KeyStoreMalformed(
                f"{self._path}, line {line.number} is no key: {error}. Mend or delete the line."
            ) from None


def _line_of(key: ApiKey) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(
        [
            key.id,
            _label_cell(key.label),
            key.secret_hash,
            key.pepper_id,
            scopes_cell(key),
            _time_cell(key.created_at),
            _time_cell(key.expires_at),
            "" if key.revoked_at is None else _time_cell(key.revoked_at),
        ]
    )
    return line.getvalue().encode()


def _time_cell(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _label_cell(label: str) -> str:
    return _APOSTROPHE + label if label.startswith((*_FORMULA_STARTS, _APOSTROPHE)) else label


def _label_of(cell: str) -> str:
    label = cell.removeprefix(_APOSTROPHE)
    return label if label.startswith((*_FORMULA_STARTS, _APOSTROPHE)) else cell


def _write(path: Path, lines: Sequence[bytes]) -> None:
    private_file.replace(path, b"".join(line + b"\n" for line in lines))
