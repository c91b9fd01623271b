"""Signatures: Ed25519, with a key that lies in a file of its own, and public keys that are pinned."""

import base64
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters import private_file
from domain.errors import DomainError, SecretUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SCHEME = "ed25519:"


@dataclass(frozen=True, slots=True)
class SigningPurpose:
    """What keys are used for, and what is said of them.

    prefix: goes before all that is signed, so that a signature for one purpose is of no use for another. section: whose
    settings are `signing_key_file` and `trusted_keys`. signed: what would be signed, plural. shown_by: the command that
    shows the public key on the machine that signs. refused: raised where what would be signed is not trusted here.
    stranger, altered, lost: what to do about a signature by an unknown key (behind "add it to ..."), about one that is
    wrong, and (behind that of restoring) about a private key that is spoilt. gone: what to do where there is no key,
    which is made by `SigningKeys.make` alone then; else it is made at first use.
    """

    prefix: bytes
    section: str
    signed: str
    shown_by: str
    refused: type[DomainError]
    stranger: str
    altered: str
    lost: str
    gone: str = ""


class NotTrusted(ValueError):
    """A signature that proves nothing here; `remedy` says what to do."""

    def __init__(self, cause: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(cause)


class SigningKeys:
    """Signs with the private key in `file` (PEM, mode 0600); trusts the public keys `trusted`.

    The key is made at first use, unless the purpose says what is wrong where it is `gone`: then by `make` alone.

    trusted: `ed25519:<base64>` each. Where there are none, the public half of the key in `file` is trusted. Whoever
    only checks signatures needs no private key, just the public ones.
    """

    def __init__(self, purpose: SigningPurpose, file: Path, trusted: Sequence[str] = ()) -> None:
        self._purpose = purpose
        self._file = file
        self._trusted = tuple(trusted)

    def public_key(self) -> str:
        """The public half of the key in the file, as `trusted` takes it. Raises SecretUnavailable, naming the file."""
        return self._own()[0]

    def check_signing(self) -> None:
        """Raises SecretUnavailable, and what the purpose says where what would be signed is not trusted here."""
        self._trusted_own()

    def _trusted_own(self) -> tuple[str, "Ed25519PrivateKey"]:
        own, private = self._own()
        if self._trusted and own not in self._trusted:
            section = self._purpose.section
            raise self._purpose.refused(
                f"{self._purpose.signed} would be signed with the key in {self._file}, which is not trusted here: add "
                f'"{own}" to {section}.trusted_keys, or set {section}.signing_key_file to the file of a trusted key.'
            )
        return own, private

    def sign(self, content: bytes) -> tuple[str, str]:
        """The public key, and the signature of `content` in base64. Raises as `check_signing` does."""
        public, private = self._trusted_own()
        return public, base64.b64encode(private.sign(self._purpose.prefix + content)).decode()

    def check(self, content: bytes, key: str, signature: str) -> None:
        """Raises NotTrusted unless `signature` is that of `content` by a trusted `key`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if key not in self._trusted_keys():
            raise NotTrusted(
                f"is signed with a key that is not trusted here, {key!r:.60}",
                f"add it to {self._purpose.section}.trusted_keys {self._purpose.stranger}",
            )
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix(_SCHEME), validate=True))
            public.verify(base64.b64decode(signature, validate=True), self._purpose.prefix + content)
        except (InvalidSignature, ValueError):
            raise NotTrusted("was altered: its signature is not that of its content", self._purpose.altered) from None

    def _trusted_keys(self) -> tuple[str, ...]:
        if self._trusted:
            return self._trusted
        try:
            own = self._read()
        except SecretUnavailable as error:
            cause = f"cannot be checked for its signature: {error}"
        else:
            if own:
                return (own[0],)
            cause = f"cannot be checked for its signature: no key is pinned, and there is no {self._file}"
        raise NotTrusted(
            cause.rstrip("."),
            f"mend {self._file} or restore it from its backup, or set {self._purpose.section}.trusted_keys to what "
            f"{self._purpose.shown_by}",
        )

    def make(self) -> None:
        """Makes the key where there is none. Raises SecretUnavailable."""
        if self._read() is None:
            self._made()

    def _own(self) -> tuple[str, "Ed25519PrivateKey"]:
        own = self._read()
        if own is None and self._purpose.gone:
            raise SecretUnavailable(f"There is no signing key {self._file}: {self._purpose.gone}.")
        return own or self._made()

    def _read(self) -> "tuple[str, Ed25519PrivateKey] | None":
        """The key in the file, or None where there is no file."""
        try:
            with self._file.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise SecretUnavailable(
                        f"The signing key {self._file} can be opened by others than its owner: "
                        f"run chmod 600 {self._file}"
                    )
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error
        return self._parsed(content)

    def _made(self) -> tuple[str, "Ed25519PrivateKey"]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            with private_file.locked(self._file) as target:
                # Another process may have been first: its key is the one.
                if not target.exists():
                    private_file.replace(target, pem)
        except OSError as error:
            raise self._unavailable("made", error) from error
        made = self._read()
        if made is None:
            raise SecretUnavailable(f"The signing key {self._file} vanished while it was made: start again.")
        return made

    def _parsed(self, content: bytes) -> tuple[str, "Ed25519PrivateKey"]:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SecretUnavailable(
                f"The signing key {self._file} holds no Ed25519 private key (PEM, without a password): restore it from "
                f"a backup, or move it away for a new one{self._purpose.lost}."
            )
        public = key.public_key().public_bytes_raw()
        return f"{_SCHEME}{base64.b64encode(public).decode()}", key

    def _unavailable(self, what: str, error: OSError) -> SecretUnavailable:
        cause = (error.strerror or "another process holds its lock").lower()
        return SecretUnavailable(
            f"The signing key {self._file} cannot be {what}: {cause}. Mend that, or set "
            f"{self._purpose.section}.signing_key_file to another file."
        )
