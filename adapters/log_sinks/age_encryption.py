"""Encryption to age recipients, and decryption with an age identity (https://age-encryption.org/v1)."""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from application.ports.log_decryption import LogDecryption
from domain.errors import IdentityUnusable, LogFileUnreadable

_BEGINNINGS = b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----"
_NO_KEY_FITS = "No matching keys found"


class AgeEncryption:
    """Encrypts to each of the recipients (age1...), public keys: the private ones are elsewhere."""

    def __init__(self, recipients: Sequence[str]) -> None:
        self._recipients = [pyrage.x25519.Recipient.from_str(each) for each in recipients]

    def encrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Encrypts all of `source`, a piece at a time. Raises OSError."""
        watched = _Watched(target)
        try:
            pyrage.encrypt_io(source, watched, self._recipients)
        except pyrage.EncryptError as error:
            raise watched.error or OSError(errno.EIO, str(error)) from None
        if watched.error:
            raise watched.error


class _Watched:
    """A file that is written to. It keeps the error of a write, which the library would pass over at the last piece."""

    def __init__(self, target: BinaryIO) -> None:
        self.error: OSError | None = None
        self._target = target

    def write(self, piece: bytes) -> int:
        try:
            return self._target.write(piece)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._target.flush()


class AgeDecryption(LogDecryption):
    """Decrypts with the private keys of an identity file, as age-keygen writes it; binary files and armoured ones."""

    def __init__(self, identity_file: Path) -> None:
        self._identity_file = identity_file

    def decrypt(self, file: Path, target: BinaryIO) -> None:
        """Writes what the file holds, each piece when it has proved to be genuine."""
        identities = self._identities()
        try:
            source = file.open("rb")
        except OSError as error:
            raise LogFileUnreadable(f"{file} cannot be read: {(error.strerror or str(error)).lower()}.") from None
        with source:
            try:
                if not source.peek(64).startswith(_BEGINNINGS):
                    raise LogFileUnreadable(f"{file} is no age file: only closed files whose names end with .age are.")
                watched = _Watched(target)
                pyrage.decrypt_io(source, watched, identities)
                if watched.error:
                    raise watched.error
            except pyrage.DecryptError as error:
                if str(error) == _NO_KEY_FITS:
                    reason = f"no key in {self._identity_file} opens it: give the identity of one of its recipients"
                else:
                    reason = "its head was altered or is not whole: take it anew from where it was made"
                raise LogFileUnreadable(f"{file} cannot be decrypted: {reason}.") from None
            except OSError as error:
                if error.errno is None:  # the library's own, for what fails the check
                    raise LogFileUnreadable(
                        f"{file} was altered or is not whole: what comes before that is genuine, the rest is withheld; "
                        "take the file anew from where it was made."
                    ) from None
                if error.errno == errno.EISDIR:
                    raise LogFileUnreadable(f"{file} is a folder: name the files in it.") from None
                raise

    def _identities(self) -> list[Any]:
        try:
            lines = self._identity_file.read_text("ascii").splitlines()
        except OSError as error:
            reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
            raise IdentityUnusable(f"{self._identity_file} {reason}.") from None
        except UnicodeDecodeError:
            lines = [""]
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        try:
            identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
        except pyrage.IdentityError:
            identities = []
        if not identities:
            raise IdentityUnusable(
                f"{self._identity_file} is no identity file of age: expected lines AGE-SECRET-KEY-1..., as age-keygen "
                "writes them."
            )
        return identities
