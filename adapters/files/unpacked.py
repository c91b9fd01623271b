"""The bytes of a stream, unpacked where they are gzip: so recognised by their content, not by a name."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from adapters.files.location import Location
from domain.errors import SourceMalformed

_GZIP = b"\x1f\x8b"
_AT_A_TIME = 2**20


class Unpacked:
    """Reads a stream to its end. `taken`: how many bytes of it have been read, packed as they are."""

    def __init__(self, stream: BinaryIO, location: Location) -> None:
        self.taken = 0
        self._stream = stream
        self._location = location
        self._chunks = self._unpacked()

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def _unpacked(self) -> Iterator[bytes]:
        chunks = self._read()
        first = next(chunks, b"")
        while len(first) < len(_GZIP) and (more := next(chunks, b"")):
            first += more
        if first.startswith(_GZIP):
            yield from self._gunzipped(first, chunks)
        else:
            yield first
            yield from chunks

    def _read(self) -> Iterator[bytes]:
        while True:
            with self._location.told():
                chunk = self._stream.read(_AT_A_TIME)
            if not chunk:
                return
            self.taken += len(chunk)
            yield chunk

    def _gunzipped(self, packed: bytes, more: Iterator[bytes]) -> Iterator[bytes]:
        """Members of a gzip archive one after another, a bounded piece at a time; zeros may follow them."""
        member = zlib.decompressobj(wbits=31)
        try:
            while packed:
                yield member.decompress(packed, _AT_A_TIME)
                packed = member.unconsumed_tail
                if member.eof:
                    packed = member.unused_data.lstrip(b"\0")
                    while not packed and (chunk := next(more, b"")):
                        packed = chunk.lstrip(b"\0")
                    if not packed:
                        return
                    member = zlib.decompressobj(wbits=31)
                packed = packed or next(more, b"")
            while piece := member.decompress(member.unconsumed_tail, _AT_A_TIME):
                yield piece
        except zlib.error:
            raise self._damaged("is damaged") from None
        if not member.eof:
            raise self._damaged("ends too soon") from None

    def _damaged(self, how: str) -> SourceMalformed:
        return SourceMalformed(f"{self._location.name} is a gzip archive that {how}: copy or export it anew.")
