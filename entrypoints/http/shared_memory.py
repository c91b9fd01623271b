"""Numbers that the workers and their parent share: whoever dies leaves them, and nobody waits for anybody."""

import mmap
import os
import secrets
import tempfile

CELLS_FOR_TALLIES = 4096
_CELLS_FOR_COUNTS = 24 * 1024
_SECRET = 32
_NUMBER = 8
_TEXT = 256
_HEAD_CELLS = 4
_ROW_CELLS = 4
_ROW = (_ROW_CELLS + CELLS_FOR_TALLIES) * _NUMBER + 2 * _TEXT


class SharedMemory:
    """A few numbers of the parent, and a row of numbers and one text for each worker. All are 0 and empty at first.

    Each number has one writer: the parent, or the worker of that row. A worker that takes a dead one's place goes on
    in its row, so that what was tallied there stays. Of what limits count there is a row for each worker too
    (`counts_of_keys`, `counts_of_failures`: whole numbers of 64 bits), and a `secret` that all of them know.
    """

    def __init__(self, rows: int, descriptor: int = -1) -> None:
        self.rows = rows
        self._bytes = mmap.mmap(descriptor, _size(rows))
        if descriptor == -1:
            self._bytes[-_SECRET:] = secrets.token_bytes(_SECRET)
        self.secret = self._bytes[-_SECRET:]
        counts = memoryview(self._bytes)[_HEAD_CELLS * _NUMBER + rows * _ROW : -_SECRET].cast("Q")
        of_each = [counts[first : first + _CELLS_FOR_COUNTS] for first in range(0, len(counts), _CELLS_FOR_COUNTS)]
        self.counts_of_keys, self.counts_of_failures = of_each[:rows], of_each[rows:]
        cells = memoryview(self._bytes).cast("d")
        self.head = cells[:_HEAD_CELLS]
        whole = _ROW // _NUMBER
        starts = [_HEAD_CELLS + row * whole for row in range(rows)]
        self.states = [cells[start : start + _ROW_CELLS] for start in starts]
        self.tallies = [cells[start + _ROW_CELLS : start + _ROW_CELLS + CELLS_FOR_TALLIES] for start in starts]

    def write_text(self, row: int, text: str) -> None:
        """Sets the row's text, cut to 256 bytes: beside the one that is read, which is then exchanged for it."""
        page = 1 - int(self.states[row][-1])
        at = self._text_at(row, page)
        self._bytes[at : at + _TEXT] = text.encode()[:_TEXT].ljust(_TEXT, b"\0")
        self.states[row][-1] = page

    def text(self, row: int) -> str:
        """The row's text."""
        at = self._text_at(row, int(self.states[row][-1]))
        return self._bytes[at : at + _TEXT].rstrip(b"\0").decode(errors="replace")

    def _text_at(self, row: int, page: int) -> int:
        return _HEAD_CELLS * _NUMBER + (row + 1) * _ROW - (2 - page) * _TEXT


def shareable(rows: int) -> int:
    """The descriptor of memory for so many rows, to be handed to processes that are started."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("tasador")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    size = _size(rows)
    os.ftruncate(descriptor, size)
    os.pwrite(descriptor, secrets.token_bytes(_SECRET), size - _SECRET)
    return descriptor


def _size(rows: int) -> int:
    return _HEAD_CELLS * _NUMBER + rows * (_ROW + 2 * _CELLS_FOR_COUNTS * _NUMBER) + _SECRET
