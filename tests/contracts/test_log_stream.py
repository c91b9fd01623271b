"""Standard error as a place for lines: whoever reads it, or does not, holds up nobody."""

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

import pytest

from adapters.log_sinks.stream import StreamSink
from tests.contracts.test_log_sinks import Reports

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = 10.0


class Pipe:
    """A pipe as standard error, the sink that writes to it, and what has come out of it."""

    def __init__(self, most_waiting: int = 1000) -> None:
        self.reader, writer = os.pipe()
        self.stream: TextIO = os.fdopen(writer, "w")
        self.reports = Reports()
        self.sink = StreamSink(self.stream, most_waiting)
        self.sink.reports_to(self.reports)

    def write(self, *lines: str) -> None:
        for line in lines:
            self.sink.take("tasador", "info", AT, line.encode(), {})

    def read(self, lines: int) -> list[str]:
        content = b""
        while content.count(b"\n") < lines:
            content += os.read(self.reader, 65_536)
        return content.decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe(most_waiting=100)
    yield pipe
    with suppress(OSError):
        os.close(pipe.reader)
    with suppress(OSError):
        pipe.stream.close()


def test_every_line_comes_out_in_order(pipe: Pipe) -> None:
    pipe.write("first", "second")
    assert pipe.read(2) == ["first", "second"]
    pipe.write("third")
    assert pipe.read(1) == ["third"]
    pipe.sink.close(SECONDS)
    assert (pipe.sink.waiting, pipe.sink.lost) == (0, 0)


def test_lines_written_just_before_the_end_still_come_out(pipe: Pipe) -> None:
    pipe.write(*map(str, range(50)))
    pipe.sink.close(SECONDS)
    assert pipe.read(50) == [*map(str, range(50))]


def test_what_nobody_reads_holds_up_nobody_and_is_counted_and_told_of(pipe: Pipe) -> None:
    written = [f"{number} {'x' * 500}" for number in range(500)]
    pipe.write(*written)
    assert pipe.sink.waiting <= 101  # of which one may be half in the pipe
    lost = pipe.sink.lost
    assert lost > 200
    assert pipe.reports.await_some(1) == [
        ("log lines are being lost", {"place": "stderr", "reason": "it is not read"}),
    ]
    assert pipe.read(500 - lost) == written[: 500 - lost]
    assert pipe.reports.await_some(2)[1:] == [("log lines were lost", {"place": "stderr", "lines": lost})]
    pipe.write("and on")
    assert pipe.read(1) == ["and on"]


def test_the_end_does_not_wait_for_who_never_reads_and_tells_what_was_lost(pipe: Pipe) -> None:
    pipe.write(*("x" * 4000 for _ in range(150)))
    pipe.sink.close(0.01)
    assert pipe.sink.waiting > 0
    assert pipe.reports.told[-1] == ("log lines were lost", {"place": "stderr", "lines": pipe.sink.lost})


def test_a_line_longer_than_a_pipe_takes_at_once_comes_out_whole(pipe: Pipe) -> None:
    long = "x" * 200_000
    pipe.write("before", long, "after")
    assert pipe.read(3) == ["before", long, "after"]


@pytest.mark.parametrize("closed", ["reader", "stream"])
def test_who_has_gone_is_told_of_once_and_holds_up_nobody(pipe: Pipe, closed: str) -> None:
    if closed == "reader":
        os.close(pipe.reader)
    else:
        pipe.stream.close()
    pipe.write("first")
    [(what, details)] = pipe.reports.await_some(1)
    assert (what, details["place"]) == ("log lines are being lost", "stderr")
    pipe.write("second")
    pipe.sink.close(SECONDS)
    assert pipe.sink.lost == 2
    assert [what for what, _ in pipe.reports.told] == ["log lines are being lost", "log lines were lost"]


def test_a_stream_in_memory_is_written_to_at_once() -> None:
    stream = io.StringIO()
    sink = StreamSink(stream, 1)
    sink.take("tasador", "info", AT, b"line", {})
    assert stream.getvalue() == "line\n"
    stream.close()
    sink.take("tasador", "info", AT, b"lost", {})
    assert (sink.waiting, sink.lost) == (0, 1)
