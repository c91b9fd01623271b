"""A CSV file, read once from its beginning to its end, in blocks of whole rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from adapters.files.csv_cuts import line_ends, whole_lines, whole_records, within_lines
from adapters.files.csv_encoding import Encoding, in_utf_8, marked_encoding
from adapters.files.csv_form import SEPARATORS, CsvForm, read_form, refuse_other_formats
from adapters.files.location import Location
from adapters.files.unpacked import Unpacked
from domain.errors import SourceMalformed

_FIRST_BYTES = 2**16
_LINES_A_BLOCK = 32_768  # short rows need more memory than their bytes tell


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of whole rows; `line`: of the first one. taken: how much of the file, packed as it is, had been read."""

    line: int
    content: bytes
    encoding: str
    taken: int


class CsvFile:
    """Reads a stream that begins with a header.

    Encoding (UTF-8, UTF-16 and -32 by their marks, else Windows-1252 or Latin-1), separator (`, ; tab |`) and gzip are
    detected. The first line that is not blank is the header. form: None where there is not even one. marked: whether
    the text begins with a byte order mark.

    Raises SourceUnavailable, SourceMalformed.
    """

    def __init__(self, stream: BinaryIO, location: Location, block_bytes: int) -> None:
        self._name = location.name
        self._size = block_bytes
        self._unpacked = Unpacked(stream, location)
        self._chunks = iter(self._unpacked)
        self._rest = b""
        self._line = 1
        self._encoding = Encoding(self._name)
        self._notes: list[str] = []
        self.marked = self._begin()
        head = self._first_lines(max(self._size, _FIRST_BYTES))
        read = read_form(head, self._encoding.of(head, 1), self._name)
        self.form: CsvForm | None = None
        if read:
            self.form, begin, lines = read
            self._rest = self._rest[begin:]
            self._line += lines
            if self.form.separator != ",":
                self._notes.append(f"{self._name}: cells are separated by {SEPARATORS[self.form.separator]}.")

    @property
    def notes(self) -> tuple[str, ...]:
        """What has been detected up to now, one sentence each."""
        return (*([self._encoding.note] if self._encoding.note else ()), *self._notes)

    def first_block(self) -> Block:
        """What `blocks` will give first; without a byte where there is no row."""
        self._fill(self._size)
        content = self._rest[: self._end()]
        return Block(self._line, content, self._encoding.of(content, self._line), self._unpacked.taken)

    def blocks(self) -> Iterator[Block]:
        """All rows. Where they are parted depends on the text alone."""
        while True:
            self._fill(self._size)
            if not self._rest:
                return
            end = self._end()
            content, self._rest = self._rest[:end], self._rest[end:]
            if content[whole_lines(content, end) :].strip() and not content.endswith(b"\r"):
                self._notes.append(f"{self._name}: the last line has no line end: was the file cut off?")
            yield Block(self._line, content, self._encoding.of(content, self._line), self._unpacked.taken)
            self._line += line_ends(content)

    def _begin(self) -> bool:
        """Looks at the first bytes. Whether they are a mark."""
        self._fill(_FIRST_BYTES)
        mark = marked_encoding(self._rest)
        if mark is not None:
            self._chunks = in_utf_8(chain([self._rest], self._chunks), mark, self._name)
            self._rest = b""
            self._fill(_FIRST_BYTES)
            if mark != "utf-8-sig":
                self._notes.append(f"{self._name}: read as {mark.upper()}.")
        refuse_other_formats(self._rest, self._name)
        return mark is not None

    def _first_lines(self, size: int) -> bytes:
        self._fill(size + 1)
        return self._rest[: whole_lines(self._rest, size) or size] if len(self._rest) > size else self._rest

    def _fill(self, size: int) -> None:
        """Reads on until there are so many bytes, or the text has ended."""
        if len(self._rest) >= size:
            return
        pieces, have = [self._rest], len(self._rest)
        while have < size and (piece := next(self._chunks, None)) is not None:
            pieces.append(piece)
            have += len(piece)
        self._rest = b"".join(pieces)

    def _end(self) -> int:
        """How many of the bytes that come next are the next block.

        A row that does not end within two blocks is one whose quotation mark is never closed: it is cut at a line end.
        """
        separator = self.form.separator if self.form else ","
        sizes = []
        for blocks in (1, 2):
            self._fill(blocks * self._size + 1)
            size = within_lines(self._rest[: blocks * self._size], blocks * _LINES_A_BLOCK)
            if len(self._rest) <= size:
                return size
            if end := whole_records(self._rest[:size], separator):
                return end
            sizes.append(size)
        end = whole_lines(self._rest, sizes[0]) or whole_lines(self._rest, sizes[1])
        if not end:
            raise SourceMalformed(
                f"{self._name}: line {self._line} is longer than {2 * self._size:,} bytes, so it is no row: export the "
                "table as CSV, a line for each row."
            )
        return end
