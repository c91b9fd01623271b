"""Signatures of the register of the evidence, with a key in a file."""

from collections.abc import Sequence
from pathlib import Path

from adapters.signing_keys import NotTrusted, SigningKeys, SigningPurpose
from application.ports.evidence_signer import EvidenceSigner
from domain.errors import SecretUnavailable

_REGISTER = SigningPurpose(
    prefix=b"tasador evidence register\n",
    section="valuation_log",
    signed="The evidence",
    shown_by="`tasador audit signing-key` shows on the machine that records",
    refused=SecretUnavailable,
    stranger=(
        "if it is the key of a machine of yours that records valuations (`tasador audit signing-key` shows it there); "
        "otherwise it is forged"
    ),
    altered="restore it from a backup",
    lost=" and set valuation_log.trusted_keys to both public keys",
    gone=(
        "it is made with the first record, and what is on record already was signed with it: restore it from a backup, "
        "or set valuation_log.signing_key_file to another's and valuation_log.trusted_keys to both public keys"
    ),
)


class Ed25519EvidenceSigner(EvidenceSigner):
    """Signs with the private key in `file` (PEM, mode 0600); trusts `trusted`, or else that key."""

    def __init__(self, file: Path, trusted: Sequence[str] = ()) -> None:
        self._keys = SigningKeys(_REGISTER, file, trusted)

    def begin(self) -> None:
        """Makes the key."""
        self._keys.make()

    def sign(self, content: bytes) -> tuple[str, str]:
        """Refuses to sign with a key that would not be trusted here."""
        return self._keys.sign(content)

    def fault_of(self, content: bytes, key: str, signature: str) -> str | None:
        """One line: the fault, and what to do."""
        try:
            self._keys.check(content, key, signature)
        except NotTrusted as error:
            return f"it {error}: {error.remedy}"
        return None

    def public_key(self) -> str:
        """Makes none."""
        return self._keys.public_key()
