"""How the text of a file is encoded: by its mark, else UTF-8, else Windows-1252 or Latin-1."""

import codecs
import re
from collections.abc import Iterable, Iterator

from domain.errors import SourceMalformed

_BYTE_ORDER_MARKS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK = 4
_ONE_BYTE = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}
_LINE_END = re.compile(rb"\r\n|\r|\n")


def marked_encoding(content: bytes) -> str | None:
    """The encoding that the first bytes of a file tell, None where they tell none."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if content.startswith(mark)), None)


def in_utf_8(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Text in the encoding that its mark told, as UTF-8, without the mark. Raises SourceMalformed."""
    if encoding == "utf-8-sig":
        chunks = iter(chunks)
        yield next(chunks)[len(codecs.BOM_UTF8) :]
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise SourceMalformed(f"{name} is no valid {encoding.upper()}: export it as UTF-8.") from None


class Encoding:
    """The encoding of a text whose blocks, each of whole lines, are shown to it one after another.

    The first byte that is not UTF-8 decides: where all before it is ASCII, the text goes on as Windows-1252, or as
    Latin-1 if its block says so. Where there was other UTF-8 before, the text stays UTF-8, and that row is spoilt.
    `note` says what was decided against UTF-8.
    """

    def __init__(self, name: str) -> None:
        self.note: str | None = None
        self._name = name
        self._decided: str | None = None

    def of(self, block: bytes, first_line: int) -> str:
        """The encoding of the next block, which begins on this line."""
        if self._decided is None and not block.isascii():
            self._decide(block, first_line)
        return self._decided or "utf-8"

    def _decide(self, block: bytes, first_line: int) -> None:
        self._decided = "utf-8"
        try:
            block.decode()
        except UnicodeDecodeError as error:
            if not block[: error.start].isascii():
                return
            self._decided = one_byte_encoding(block)
            line = first_line + len(_LINE_END.findall(block, 0, error.start))
            self.note = f"{self._name}: line {line} is not UTF-8, so the file is read as {_ONE_BYTE[self._decided]}."


def one_byte_encoding(content: bytes) -> str:
    """Windows-1252, unless there are bytes that it does not know."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
