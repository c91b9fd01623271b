"""The JSON documents of a model repository: the manifest of a version, and the history of promotions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np

from domain.model_version import ModelVersion, Promotion, served_stack

FORMAT = 2
HISTORY_FORMAT = 1
# As long as a number that a computer counts to, and short enough for the name of a folder.
VERSION_NAME = re.compile(r"v([1-9][0-9]{0,17})")

_Document = TypeVar("_Document")


class OtherFormat(ValueError):
    """A document of another version of this program."""


class _Header(msgspec.Struct):
    format: int


class _History(msgspec.Struct):
    format: int
    promotions: list[Promotion]


def encode_version(stored: ModelVersion) -> bytes:
    """The manifest of a version, for people and programs. Raises ValueError where JSON would not give it back."""
    document = _indented({"format": FORMAT, **msgspec.to_builtins(stored, enc_hook=_plain)})
    # NaN and infinities turn into null: found out now, not when the model is to be loaded.
    if decode_version(document) != stored:
        raise ValueError("a figure of its card is not finite")
    return document


def decode_version(document: bytes) -> ModelVersion:
    """The version that a manifest describes. Raises ValueError, saying what is wrong; OtherFormat is one."""
    return _decoded(document, ModelVersion, FORMAT)


def encode_promotions(promotions: Sequence[Promotion]) -> bytes:
    """The history of promotions, for people and programs."""
    return _indented(msgspec.to_builtins(_History(HISTORY_FORMAT, list(promotions))))


def decode_promotions(document: bytes) -> list[Promotion]:
    """The promotions of a history, in order. Raises ValueError, saying what is wrong, also of one that cannot be."""
    promotions = _decoded(document, _History, HISTORY_FORMAT).promotions
    for promotion in promotions:
        if not VERSION_NAME.fullmatch(promotion.version):
            raise ValueError(f"{promotion.version!r:.30} is no name of a version")
    served_stack(promotions)
    return promotions


def _decoded(document: bytes, kind: type[_Document], expected: int) -> _Document:
    try:
        found = msgspec.json.decode(document, type=_Header).format
        if found != expected:
            raise OtherFormat(f"it is in format {found}, and this program reads format {expected}")
        return msgspec.json.decode(document, type=kind)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None


def _indented(content: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _plain(value: object) -> object:
    """What msgspec cannot write by itself, as what it can."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a model card holds no {type(value).__name__}")
