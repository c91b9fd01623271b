"""Lines of many files in the order of time, of which few are open at once."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, heapreplace, merge
from operator import itemgetter
from pathlib import Path

from adapters.valuation_logs.entry_lines import mark_in
from adapters.valuation_logs.whole_lines import LONGEST_LINE, lines_in, opened
from domain.errors import ValuationLogUnavailable

EVER = datetime.min.replace(tzinfo=UTC)
STILL = datetime.max.replace(tzinfo=UTC)
_EARLIER, _LATER = timedelta(seconds=2), timedelta(seconds=5)
_READ_AT_ONCE = 2**16
_READ_ALL_AT_ONCE = 2**20
Damaged = Callable[[str], None] | None
"""Is told the places that cannot be read, which raise where it is None."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and where it is."""

    text: bytes
    path: Path
    number: int

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.path}, line {self.number}"


@dataclass(frozen=True, slots=True)
class LinesInTime:
    """The lines of a file, none made before `start` or after `end`; `at_of` tells when, and raises ValueError.

    skip: how many lines at its beginning hold nothing. instead: what to read where the file is gone.
    """

    path: Path
    start: datetime
    at_of: Callable[[bytes], datetime]
    skip: int
    instead: "Callable[[], Sequence[LinesInTime]]" = tuple
    end: datetime = STILL

    def between(
        self, since: datetime | None, until: datetime | None, mark: bytes, damaged: Damaged = None
    ) -> Iterator[tuple[datetime, Line]]:
        """Those that hold `mark` and were made from the one to before the other, by time; those of a time in order.

        Of a file that is gone, what is there instead. Raises ValuationLogUnavailable where a line does not tell its
        time, and OSError.
        """
        try:
            file = opened(self.path)
        except FileNotFoundError:
            yield from merge(*(each.between(since, until, mark, damaged) for each in self.instead()), key=itemgetter(0))
            return
        with file:
            places, offset = [], 0
            for number, line in enumerate(lines_in(file), start=1):
                if line is None:
                    if not mark:
                        tell(Line(b"", self.path, number), damaged)
                    offset = file.tell()
                    continue
                # Without an end, it is what a killed process has left, and nobody was told of it.
                if number > self.skip and mark in line and line.endswith(b"\n"):
                    at = self._at_of(Line(line, self.path, number), damaged)
                    if at and (since is None or at >= since) and (until is None or at < until):
                        places.append((at, offset, number))
                offset += len(line)
            places.sort()  # threads that record at the same time may have overtaken each other
            for at, offset, number in places:
                file.seek(offset)
                yield at, Line(file.readline(), self.path, number)

    def about(self, marks: Collection[bytes]) -> Iterator[Line]:
        """Those that begin with one of these marks (`mark_of`): of others no more is looked at. Raises OSError."""
        try:
            file = opened(self.path, _READ_ALL_AT_ONCE)
        except FileNotFoundError:
            for each in self.instead():
                yield from each.about(marks)
            return
        with file:
            for number, line in enumerate(lines_in(file), start=1):
                if line and mark_in(line) in marks and line.endswith(b"\n"):
                    yield Line(line, self.path, number)

    def soon_after(self, moment: datetime, mark: bytes) -> Iterator[bytes]:
        """Those that begin with `mark` and were made soon after `moment`, without reading all of the file.

        Lines stand in the order of time but for threads that overtook each other, and clocks that were set back: what
        is not among these may yet be in the file. Raises OSError.
        """
        with suppress(FileNotFoundError), opened(self.path) as file:
            low, high = 0, os.fstat(file.fileno()).st_size
            while high - low > _READ_AT_ONCE:
                middle = (low + high) // 2
                file.seek(middle)
                file.readline(LONGEST_LINE)
                if self._is_later(file.readline(LONGEST_LINE), moment - _EARLIER):
                    high = middle
                else:
                    low = middle
            file.seek(low)
            for line in lines_in(file):
                if line is None:
                    continue
                if mark_in(line) == mark:
                    yield line
                elif self._is_later(line, moment + _LATER):
                    return

    def _is_later(self, line: bytes, moment: datetime) -> bool:
        try:
            return self.at_of(line) > moment
        except ValueError:  # the header, or the end
            return not line

    def _at_of(self, line: Line, damaged: Damaged) -> datetime | None:
        try:
            return self.at_of(line.text)
        except ValueError:
            tell(line, damaged)
            return None


def merged(
    files: Sequence[LinesInTime],
    since: datetime | None,
    until: datetime | None,
    mark: bytes,
    damaged: Damaged = None,
) -> Iterator[Line]:
    """The lines of all files in the order of time; those of a time in the order of the files.

    A file is opened when it is its turn, and closed at its end.
    """
    waiting = sorted(enumerate(files), key=lambda each: each[1].start, reverse=True)
    heads: list[tuple[datetime, int, Line, Iterator[tuple[datetime, Line]]]] = []
    while heads or waiting:
        while waiting and (not heads or waiting[-1][1].start <= heads[0][0]):
            order, file = waiting.pop()
            lines = file.between(since, until, mark, damaged)
            if first := next(lines, None):
                heappush(heads, (first[0], order, first[1], lines))
        if heads:
            _, order, line, lines = heads[0]
            if following := next(lines, None):
                heapreplace(heads, (following[0], order, following[1], lines))
            else:
                heappop(heads)
            yield line


def tell(line: Line, damaged: Damaged) -> None:
    """Tells of a line that cannot be read. Raises ValuationLogUnavailable where nobody is to be told."""
    if damaged is None:
        raise unreadable(line) from None
    damaged(line.place)


def unreadable(line: Line) -> ValuationLogUnavailable:
    """The error of a line that is none."""
    return ValuationLogUnavailable(
        f"{line.place}, is no record of a valuation: it was altered, or another version of Tasador wrote it. "
        "`tasador audit verify` looks at all of them."
    )
