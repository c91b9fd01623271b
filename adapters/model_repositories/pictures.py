"""Pictures of holdouts as bytes: compressed JSON. Only what a trusted key has signed for is decompressed."""

import gzip
import zlib

import msgspec

from adapters.model_repositories.documents import decoded
from domain.holdout_picture import HoldoutPicture

_FORMAT = 1


class _Document(msgspec.Struct, frozen=True):
    """A picture as it is stored."""

    format: int
    picture: HoldoutPicture


def encode_picture(picture: HoldoutPicture) -> bytes:
    """The bytes of a picture, the same each time. Raises ValueError where JSON would not give it back."""
    content = gzip.compress(msgspec.json.encode(_Document(_FORMAT, picture)), mtime=0)
    # NaN and infinities turn into null, which no figure of a picture may be.
    if decode_picture(content) != picture:
        raise ValueError("a figure of the holdout's picture is not finite")
    return content


def decode_picture(content: bytes) -> HoldoutPicture:
    """What `encode_picture` made these bytes of. Raises ValueError, saying what is wrong; OtherFormat is one."""
    try:
        document = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it cannot be decompressed: {error}") from error
    return decoded(document, _Document, _FORMAT).picture
