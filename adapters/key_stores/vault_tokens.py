"""With which token a secrets server is asked: one that is given, one in a file, or one of an AppRole login."""

import os
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from domain.errors import KeyStoreUnavailable

LogIn = Callable[[str, str], tuple[str, float]]
"""From a role's id and secret id to a token and the seconds that it lasts, 0 for ever."""

_WAIT_SECONDS = 4.0  # for the login of another thread
_SECONDS_BETWEEN_LOGINS = 5.0
_SHARE_OF_LIFE = 0.9


class Tokens(Protocol):
    """Where tokens come from. Safe for threads. No error holds one."""

    @abstractmethod
    def current(self, log_in: LogIn, /) -> str:
        """The token to ask with. Raises KeyStoreUnavailable where there is none."""

    @abstractmethod
    def instead_of(self, refused: str, log_in: LogIn, /) -> str:
        """The token to ask with after `refused`; that itself, where no other is to be had."""


class GivenToken(Tokens):
    """The one token of the environment variable $VAULT_TOKEN."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self, _log_in: LogIn, /) -> str:
        """The token. Raises KeyStoreUnavailable."""
        return _checked(self._token, "$VAULT_TOKEN, needed where there is no key_store.token_file or role_id,")

    def instead_of(self, refused: str, _log_in: LogIn, /) -> str:
        """The same."""
        return refused


class TokenFile(Tokens):
    """The token in a file, which is read again when it has changed: Vault Agent renews it there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, ...], str] | None = None

    def current(self, _log_in: LogIn, /) -> str:
        """The token. Raises KeyStoreUnavailable."""
        try:
            about = os.stat(self._path)  # noqa: PTH116 (that of pathlib costs three times as much)
            signature = (about.st_mtime_ns, about.st_size, about.st_ino)
            read = self._read
            if read is None or read[0] != signature:
                read = self._read = (signature, _content(self._path))
        except OSError as error:
            raise _unreadable("token_file", self._path, error) from error
        return _checked(read[1], f"key_store.token_file {self._path}")

    def instead_of(self, _refused: str, log_in: LogIn, /) -> str:
        """What the file holds, looked at anew."""
        self._read = None
        return self.current(log_in)


class AppRole(Tokens):
    """The token of an AppRole login, which is made at first use and again shortly before the token ends."""

    def __init__(self, role_id: str, secret_id_file: Path, seconds: Callable[[], float] = time.monotonic) -> None:
        self._role_id = role_id
        self._secret_id_file = secret_id_file
        self._seconds = seconds
        self._logging_in = threading.Lock()
        self._held: tuple[str, float, float] | None = None  # the token, since when, until when

    def current(self, log_in: LogIn, /) -> str:
        """The token. Raises KeyStoreUnavailable."""
        held = self._held
        if held is None or self._seconds() >= held[2]:
            return self._another(held, log_in)
        return held[0]

    def instead_of(self, refused: str, log_in: LogIn, /) -> str:
        """That of another login, unless the last was a moment ago."""
        held = self._held
        if held is not None and held[0] == refused and self._seconds() - held[1] < _SECONDS_BETWEEN_LOGINS:
            return refused
        return self._another(held, log_in) if held is None or held[0] == refused else held[0]

    def _another(self, held: tuple[str, float, float] | None, log_in: LogIn) -> str:
        """The token of a login, by this thread or by another since it saw `held`."""
        if not self._logging_in.acquire(timeout=_WAIT_SECONDS):
            raise KeyStoreUnavailable("Another request is still logging in to the secrets server: try again.")
        try:
            if self._held is None or self._held is held:
                try:
                    secret_id = _content(self._secret_id_file)
                except OSError as error:
                    raise _unreadable("secret_id_file", self._secret_id_file, error) from error
                now = self._seconds()
                token, lasts = log_in(self._role_id, secret_id)
                self._held = (token, now, now + lasts * _SHARE_OF_LIFE if lasts else float("inf"))
            return self._held[0]
        finally:
            self._logging_in.release()


def _content(path: Path) -> str:
    return path.read_text("ascii", errors="replace").strip()


def _checked(token: str, where: str) -> str:
    """`token`, where it can be sent in a header: an error of the HTTP library would repeat it."""
    if token and token.isascii() and token.isprintable() and " " not in token:
        return token
    raise KeyStoreUnavailable(f"{where} holds no token of a secrets server: one line without spaces.")


def _unreadable(setting: str, path: Path, error: OSError) -> KeyStoreUnavailable:
    return KeyStoreUnavailable(f"key_store.{setting} {path} cannot be read: {error.strerror}.")
