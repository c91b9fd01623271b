"""Signatures of manifests, with a key that lies outside of the repository."""

from collections.abc import Sequence
from pathlib import Path

from adapters import signing_keys
from adapters.signing_keys import NotTrusted, SigningPurpose
from domain.errors import ModelStoreUnavailable

__all__ = ["NotTrusted", "SigningKeys"]

_MANIFESTS = SigningPurpose(
    prefix=b"tasador model manifest\n",
    section="model_repository",
    signed="Models",
    shown_by="`tasador models signing-key` shows on the training machine",
    refused=ModelStoreUnavailable,
    stranger=(
        "if it is the key of your training machine (`tasador models signing-key` shows it there); otherwise promote "
        "another version or train again"
    ),
    altered="restore it from a backup, or promote another version",
    lost=", and train again",
)


class SigningKeys(signing_keys.SigningKeys):
    """Signs manifests of models. `check_signing` and `sign` raise ModelStoreUnavailable where no one would trust it."""

    def __init__(self, file: Path, trusted: Sequence[str] = ()) -> None:
        super().__init__(_MANIFESTS, file, trusted)
