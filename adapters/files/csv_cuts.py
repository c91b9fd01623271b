"""Where text of many rows may be cut: fast, and never within a row."""

import io

import numpy as np
from numpy.typing import NDArray

from adapters.files.csv_reader import csv_reader

_QUOTE, _FEED, _RETURN = b'"\n\r'
_MOST_SPACES = 8


def whole_records(block: bytes, separator: str) -> int:
    """How many bytes of a block are whole records: up to the last line end that is not within quotation marks.

    The block begins with a record, and more may follow it. 0 where no record ends in it.
    """
    if b'"' not in block:
        return whole_lines(block, len(block))
    quotes = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == _QUOTE)
    if not _all_open_or_close(block, quotes, separator):
        return _read_as_csv(block, separator)
    end = whole_lines(block, len(block))
    while end and (before := int(np.searchsorted(quotes, end))) % 2:
        end = whole_lines(block, int(quotes[before - 1]))  # the quotation mark that opens the cell around it
    return end


def whole_lines(block: bytes, stop: int) -> int:
    """How many of the first `stop` bytes are whole lines. A return at the block's end may have its line feed behind."""
    return block.rfind(b"\n", 0, stop) + 1 or block.rfind(b"\r", 0, min(stop, len(block) - 1)) + 1


def line_ends(block: bytes) -> int:
    """How many lines end in a block."""
    feeds, returns = block.count(b"\n"), block.count(b"\r")
    return feeds + returns - block.count(b"\r\n") if returns else feeds


def within_lines(block: bytes, most: int) -> int:
    """How many of the first bytes of a block hold at most so many line ends."""
    if line_ends(block) <= most:
        return len(block)
    content = np.frombuffer(block + b" ", dtype=np.uint8)
    ends = content[:-1] == _FEED
    if b"\r" in block:
        ends |= (content[:-1] == _RETURN) & (content[1:] != _FEED)
    return int(np.flatnonzero(ends)[most - 1]) + 1


def _all_open_or_close(block: bytes, quotes: NDArray[np.intp], separator: str) -> bool:
    """Whether of all quotation marks the first, third, ... open a cell, or a second one within a cell.

    Then there is none that stands for itself within a cell that is not quoted, and those before a line end tell by
    their number whether it is within a cell.
    """
    content = np.frombuffer(b"\n" + block, dtype=np.uint8)  # what is before the quotation mark i is at quotes[i]
    before = quotes[::2].copy()
    for _ in range(_MOST_SPACES):
        spaced = content[before] == ord(" ")
        if not spaced.any():
            break
        before -= spaced  # the first byte of `content` is no space
    opens = np.isin(content[before], np.frombuffer(f"{separator}\r\n".encode(), dtype=np.uint8))
    again = content[quotes[::2]] == _QUOTE
    return bool((opens | again).all())


def _read_as_csv(block: bytes, separator: str) -> int:
    """The same by reading every cell: what means anything to CSV is one byte in all our encodings."""
    lines = io.StringIO(block[: whole_lines(block, len(block))].decode("latin-1"), newline="").readlines()
    # A line of its own behind the last one tells by its absorption that a cell is still open.
    reader = csv_reader([*lines, "\n"], separator)
    whole = 0
    for _ in reader:
        whole = reader.line_num if reader.line_num <= len(lines) else whole
    return sum(map(len, lines[:whole]))
