"""The JSON documents of a model repository: the signed manifest of a version, and the record of a promotion."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np

from domain.model_version import ModelVersion

FORMAT = 3
# As long as a number that a computer counts to, and short enough for the name of a folder.
VERSION_NAME = re.compile(r"v([1-9][0-9]{0,17})")

_Document = TypeVar("_Document")


class OtherFormat(ValueError):
    """A document of another version of this program."""


class _Header(msgspec.Struct):
    format: int


class Envelope(msgspec.Struct, frozen=True):
    """A manifest as it is stored: its very bytes, the public key to check them with, and the signature, in base64."""

    format: int
    key: str
    signature: str
    manifest: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Decision:
    """What a record says: `retire` means that the version was removed for good."""

    action: Literal["promote", "rollback", "retire"]
    version: str
    at: datetime
    by: str
    reason: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A decision in its place among all.

    previous: the SHA-256 of the record before, so that none can be altered or taken away unnoticed but the last.
    id: random, so that whoever made a record knows it again. clock_behind: `at` is before that of the record before.
    """

    format: int
    number: int
    id: str
    previous: str
    clock_behind: bool
    decision: Decision


def encode_version(stored: ModelVersion) -> bytes:
    """The manifest of a version, for people and programs. Raises ValueError where JSON would not give it back."""
    # The id tells apart what two processes store at once, down to the last byte.
    manifest = indented({"id": secrets.token_hex(8), **msgspec.to_builtins(stored, enc_hook=_plain)})
    # NaN and infinities turn into null: found out now, not when the model is to be loaded.
    if decode_version(manifest) != stored:
        raise ValueError("a figure of its card is not finite")
    return manifest


def decode_version(manifest: bytes) -> ModelVersion:
    """The version that a manifest describes. Raises ValueError, saying what is wrong."""
    return _of_kind(manifest, ModelVersion)


def seal(manifest: bytes, key: str, signature: str) -> bytes:
    """The document that holds a manifest and its signature."""
    head = f'{{\n"format": {FORMAT},\n"key": "{key}",\n"signature": "{signature}",\n"manifest": '
    return head.encode() + manifest + b"\n}\n"


def unseal(document: bytes) -> Envelope:
    """What `seal` made the document of. Raises ValueError, saying what is wrong; OtherFormat is one."""
    return decoded(document, Envelope, FORMAT)


def decoded(document: bytes, kind: type[_Document], expected: int) -> _Document:
    """A document of this kind and format. Raises ValueError, saying what is wrong; OtherFormat is one."""
    found = _of_kind(document, _Header).format
    if found != expected:
        raise OtherFormat(f"it is in format {found}, and this program reads format {expected}")
    return _of_kind(document, kind)


def _of_kind(document: bytes, kind: type[_Document]) -> _Document:
    try:
        return msgspec.json.decode(document, type=kind)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None


def indented(content: Any) -> bytes:
    """JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2)


def _plain(value: object) -> object:
    """What msgspec cannot write by itself, as what it can."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a model card holds no {type(value).__name__}")
