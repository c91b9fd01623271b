"""The pepper in a file that its owner alone can read."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters import private_file
from application.ports.pepper_store import PepperStore
from domain.api_key import Pepper
from domain.errors import SecretUnavailable

_FEWEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Peppers:
    """What the file holds, and the state of the file that it was read from."""

    current: str
    secrets: dict[str, bytes]
    read_from: tuple[int, ...]

    def __repr__(self) -> str:
        return f"_Peppers(current={self.current!r})"


class SecretFilePepperStore(PepperStore):
    """Keeps peppers in one JSON file: `{"current": "<id>", "peppers": {"<id>": "<64 or more hexadecimal digits>"}}`.

    The file (mode 0600) is made with one pepper at first use. It can hold several: new keys use the current one, and
    old keys theirs. Keep a backup of it, apart from the key store: keys whose pepper is lost can no longer be checked
    and have to be issued anew. A file that others than its owner can open is refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: _Peppers | None = None

    def current(self) -> Pepper:
        """The pepper for new keys, made at first use. Raises SecretUnavailable, naming the file."""
        peppers = self._read() or self._make()
        return Pepper(peppers.current, peppers.secrets[peppers.current])

    def is_empty(self) -> bool:
        """Whether there is no file yet. Raises SecretUnavailable, naming the file."""
        return self._read() is None

    def find(self, pepper_id: str) -> Pepper | None:
        """The pepper of this id, or None. Raises SecretUnavailable, naming the file."""
        peppers = self._read()
        if peppers is None or pepper_id not in peppers.secrets:
            return None
        return Pepper(pepper_id, peppers.secrets[pepper_id])

    def rotate(self) -> Pepper:
        """Makes a new pepper the current one; the old ones stay in the file. Raises SecretUnavailable."""
        pepper = Pepper.generate()
        try:
            with private_file.locked(self._path) as target:
                peppers = self._read()
                secrets = peppers.secrets if peppers else {}
                _write(target, pepper.id, secrets | {pepper.id: pepper.secret})
        except OSError as error:
            raise self._unavailable("written", error) from error
        return pepper

    def _read(self) -> _Peppers | None:
        """What the file holds, or None where there is none. It is parsed anew only when it has changed."""
        try:
            known = self._known
            if known is not None and known.read_from == _state(self._path.stat()):
                return known
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                self._refuse_if_open_to_others(status)
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error
        self._known = self._parsed(content, _state(status))
        return self._known

    def _make(self) -> _Peppers:
        pepper = Pepper.generate()
        try:
            with private_file.locked(self._path) as target:
                # Another process may have been first: its pepper is the one.
                if not target.exists():
                    _write(target, pepper.id, {pepper.id: pepper.secret})
        except OSError as error:
            raise self._unavailable("made", error) from error
        made = self._read()
        if made is None:
            raise SecretUnavailable(f"The secret file {self._path} vanished while it was made: start again.")
        return made

    def _parsed(self, content: bytes, read_from: tuple[int, ...]) -> _Peppers:
        try:
            document = json.loads(content)
            secrets = {str(name): bytes.fromhex(text) for name, text in document["peppers"].items()}
            current = document["current"]
            sound = current in secrets and all(len(secret) >= _FEWEST_BYTES for secret in secrets.values())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            sound = False
        if not sound:
            raise SecretUnavailable(
                f"The secret file {self._path} is not what was written there: restore it from a backup. "
                "Without it no key issued so far can be checked."
            )
        return _Peppers(current, secrets, read_from)

    def _refuse_if_open_to_others(self, status: os.stat_result) -> None:
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretUnavailable(
                f"The secret file {self._path} can be opened by others than its owner: run chmod 600 {self._path}"
            )

    def _unavailable(self, what: str, error: OSError) -> SecretUnavailable:
        cause = error.strerror or "another process holds its lock"
        return SecretUnavailable(f"The secret file {self._path} cannot be {what}: {cause}.")


def _write(path: Path, current: str, secrets: Mapping[str, bytes]) -> None:
    content = {"current": current, "peppers": {name: secret.hex() for name, secret in secrets.items()}}
    private_file.replace(path, json.dumps(content, indent=1).encode() + b"\n")


def _state(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_size, status.st_mode, status.st_mtime_ns, status.st_ctime_ns)
