"""Signatures without cryptography."""

import hashlib

from application.ports.evidence_signer import EvidenceSigner


class InMemoryEvidenceSigner(EvidenceSigner):
    """Signs with a secret that everybody knows; `trusted` are the keys whose signatures count."""

    def __init__(self, key: str = "test:a") -> None:
        self.key = key
        self.trusted = {key}

    def begin(self) -> None:
        """It has one."""

    def sign(self, content: bytes) -> tuple[str, str]:
        """The key and the signature."""
        return self.key, self._signature(content, self.key)

    def fault_of(self, content: bytes, key: str, signature: str) -> str | None:
        """What is wrong with it, if anything."""
        if key not in self.trusted:
            return "it is signed with a key that is not trusted here"
        if signature != self._signature(content, key):
            return "it was altered: its signature is not that of its content"
        return None

    def public_key(self) -> str:
        """The key."""
        return self.key

    @staticmethod
    def _signature(content: bytes, key: str) -> str:
        return hashlib.sha256(key.encode() + content).hexdigest()
