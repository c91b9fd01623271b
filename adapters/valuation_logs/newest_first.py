"""Lines of many files, the newest first, of which few are open at once."""

from bisect import insort
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from adapters.valuation_logs.lines_in_time import STILL, Damaged, Line, LinesInTime, tell
from adapters.valuation_logs.whole_lines import lines_in, opened
from application.ports.valuation_log import LogPlace

_Placed = tuple[LogPlace, Line]


def newest_first(files: Sequence[LinesInTime], before: LogPlace | None, damaged: Damaged = None) -> Iterator[_Placed]:
    """The lines of all files that stand before a place (None: all), and their own places, which none shares.

    A file is opened when it is its turn: what comes before all of what was asked for is not. One that cannot be read is
    told and passed over. Raises ValuationLogUnavailable and OSError where nobody is to be told.
    """
    waiting = sorted(files, key=lambda each: each.end)
    heads: list[tuple[LogPlace, Line, Iterator[_Placed]]] = []  # the newest last
    while heads or waiting:
        while waiting and (not heads or waiting[-1].end >= heads[-1][0].at):
            _put_back(heads, _readable(waiting.pop(), before, damaged))
        if heads:
            place, line, lines = heads.pop()
            yield place, line
            _put_back(heads, lines)


def _put_back(heads: list[tuple[LogPlace, Line, Iterator[_Placed]]], lines: Iterator[_Placed]) -> None:
    if following := next(lines, None):
        insort(heads, (*following, lines), key=itemgetter(0))


def _readable(file: LinesInTime, before: LogPlace | None, damaged: Damaged) -> Iterator[_Placed]:
    """Its lines; where they cannot be read any further, that is told."""
    try:
        yield from _newest_first(file, before, damaged)
    except OSError:
        if damaged is None:
            raise
        damaged(str(file.path))


def _newest_first(file: LinesInTime, before: LogPlace | None, damaged: Damaged) -> Iterator[_Placed]:
    """Its lines; of a file that is gone, what is there instead.

    They have to be looked through first, but for the texts: threads that record at the same time overtake each other.
    """
    try:
        lines = opened(file.path)
    except FileNotFoundError:
        yield from newest_first(file.instead(), before, damaged)
        return
    with lines:
        places, offset, segment = [], 0, file.path.stem
        end = (before.at, before.segment, before.number) if before else (STILL,)
        for number, text in enumerate(lines_in(lines), start=1):
            if text is None:
                tell(Line(b"", file.path, number), damaged)
                offset = lines.tell()
                continue
            # Without an end, it is what a killed process has left, and nobody was told of it.
            if number > file.skip and text.endswith(b"\n"):
                at = _at_of(file, text, number, damaged)
                if at and (at, segment, number) < end:
                    places.append((at, number, offset))
            offset += len(text)
        places.sort()
        while places:
            at, number, offset = places.pop()
            lines.seek(offset)
            yield LogPlace(at, segment, number), Line(lines.readline(), file.path, number)


def _at_of(file: LinesInTime, text: bytes, number: int, damaged: Damaged) -> datetime | None:
    try:
        at = file.at_of(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        tell(Line(text, file.path, number), damaged)
        return None
    return at
