"""What is written down, in which form and file, and what must never be."""

import io
import json
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.log_sinks.closed_files import ClosedFiles
from adapters.log_sinks.file_names import FileNames
from adapters.log_sinks.rotating_files import RotatingFile
from adapters.log_sinks.stream import StreamSink
from application.ports.log_sink import LogSink
from config.log_lines import masked, on_one_line
from config.logs import Loggers
from config.settings import LoggingSettings
from domain.api_key import Token
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_log_sink import InMemoryLogSink

Form = Literal["auto", "console", "json", "classic"]
FORMS: tuple[Form, ...] = ("console", "json", "classic")
LATE = datetime(2026, 11, 22, 23, 59, 59, 500_000, tzinfo=UTC)
CLASSIC = re.compile(r"PID:(\d+) \(TID:(\d+)\) ([A-Z]+): \[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (.*)")
COLOUR = re.compile("\x1b\\[[0-9;]*m")
REPOSITORY = Path(__file__).parents[2]

nasty_texts = st.lists(
    st.text(max_size=8)
    | st.sampled_from(
        [
            *(
                "\n",
                "\r",
                "\r\n",
                "\0",
                "\x0b",
                "\x0c",
                "\x1b[2K",
                "\x1b]0;x\x07",
                "\x85",
                "\x9b31m",
                "\u2028",
                "\u2029",
            ),
            *("\u202e", '"', "\\", "\ud800", "%s", "{x}"),
            '{"timestamp": "2026", "level": "info", "event": "forged"}',
            "PID:1 (TID:1) INFO: [2026-11-22 12:00:00] forged",
        ]
    ),
    max_size=4,
).map("".join)
keys = (nasty_texts | st.sampled_from(["exception", "stack", "exc_info", "level", "timestamp", "logger"])).filter(
    lambda key: key not in {"event", "self"}
)


def failing_with(message: str) -> None:
    raise ValueError(message)


class Screen(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """The standard library's logging as it was, after a test that redirects it."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def loggers(
    folder: Path,
    form: Form = "json",
    stream: io.StringIO | None = None,
    level: Literal["info", "warning", "error"] = "info",
    shipped: Sequence[LogSink] = (),
) -> Loggers:
    now = FixedClock().now
    files = [RotatingFile(ClosedFiles(FileNames(folder, log), 30), 2**30, now) for log in ("tasador", "keys")]
    return Loggers(
        LoggingSettings(format=form, directory=folder, level=level),
        (files[0], files[1]),
        StreamSink(stream, 100) if stream else None,
        shipped,
        on_terminal=stream is not None and stream.isatty(),
        now=now,
    )


def lines(folder: Path, name: str = "tasador", day: str = "2026-11-22") -> list[str]:
    return (folder / f"{name}-{day}.log").read_text("utf-8").splitlines()


def events(folder: Path, name: str = "tasador") -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder, name)]


class TestForms:
    def test_json_is_an_object_a_line_with_time_level_and_event_first(self, tmp_path: Path) -> None:
        loggers(tmp_path).service.warning(
            "a sector is unknown", sector="Ñuñoa", count=3, share=0.5, known=None, on=True
        )
        (event,) = events(tmp_path)
        assert list(event.items()) == [
            ("timestamp", "2026-11-22T12:00:00.000+00:00"),
            ("level", "warning"),
            ("event", "a sector is unknown"),
            ("sector", "Ñuñoa"),
            ("count", 3),
            ("share", 0.5),
            ("known", None),
            ("on", True),
        ]

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_json_stays_json_with_a_number_that_it_does_not_know(self, tmp_path: Path, number: float) -> None:
        loggers(tmp_path).service.info("odd", number=number)

        def no_such_constant(_: str) -> None:
            raise AssertionError("NaN and Infinity are not JSON")

        assert json.loads(lines(tmp_path)[0], parse_constant=no_such_constant)["number"] == str(number)

    def test_classic_is_the_line_of_the_original_service(self, tmp_path: Path) -> None:
        loggers(tmp_path, "classic").service.error("the store is down", store="keys", hint=None)
        (line,) = lines(tmp_path)
        match = CLASSIC.fullmatch(line)
        assert match
        assert match.groups() == (
            str(os.getpid()),
            str(threading.get_native_id()),
            "ERROR",
            "2026-11-22 12:00:00",
            "the store is down store=keys",
        )

    def test_no_value_can_pass_for_another_field_of_a_classic_line(self, tmp_path: Path) -> None:
        loggers(tmp_path, "classic").service.info("request", path='/x status=200 key_id="admin"')
        (line,) = lines(tmp_path)
        assert line.endswith(r'request path="/x status=200 key_id=\"admin\""')

    def test_classic_goes_to_the_stream_as_well(self, tmp_path: Path) -> None:
        for stream in (io.StringIO(), Screen()):
            loggers(tmp_path, "classic", stream).service.info("started")
            assert CLASSIC.fullmatch(stream.getvalue().rstrip("\n"))

    def test_console_is_for_people_and_the_file_beside_it_for_machines(self, tmp_path: Path) -> None:
        stream = io.StringIO()
        loggers(tmp_path, "console", stream).service.info("started", port=8000)
        assert re.fullmatch(r"2026-11-22T12:00:00.000\+00:00 \[info +\] started +port=8000\n", stream.getvalue())
        assert events(tmp_path)[0]["port"] == 8000

    def test_auto_is_for_people_on_a_terminal_and_json_elsewhere(self, tmp_path: Path) -> None:
        screen, pipe = Screen(), io.StringIO()
        loggers(tmp_path, "auto", screen).service.info("started")
        loggers(tmp_path, "auto", pipe).service.info("started")
        assert COLOUR.search(screen.getvalue())
        assert json.loads(pipe.getvalue())["event"] == "started"
        assert len(events(tmp_path)) == 2

    def test_colours_are_for_terminals_alone(self, tmp_path: Path) -> None:
        stream = io.StringIO()
        loggers(tmp_path, "console", stream).service.info("started")
        assert "\x1b" not in stream.getvalue()

    def test_what_is_below_the_level_is_left_out(self, tmp_path: Path) -> None:
        service = loggers(tmp_path, level="warning").service
        service.info("started")
        service.warning("odd")
        assert [event["event"] for event in events(tmp_path)] == ["odd"]


class TestFiles:
    def test_of_keys_and_of_the_service_hold_their_own_events(self, tmp_path: Path) -> None:
        stream = io.StringIO()
        both = loggers(tmp_path, "json", stream)
        both.service.info("started")
        both.keys.info("key", action="issued", key_id="abc")
        assert [event["event"] for event in events(tmp_path)] == ["started"]
        assert [event["action"] for event in events(tmp_path, "keys")] == ["issued"]
        assert "issued" not in stream.getvalue()

    def test_of_keys_are_kept_whatever_the_level(self, tmp_path: Path) -> None:
        loggers(tmp_path, level="error").keys.info("key", action="issued")
        assert len(events(tmp_path, "keys")) == 1


class TestPlaces:
    def test_beside_the_files_take_the_lines_of_both_logs(self, tmp_path: Path) -> None:
        server = InMemoryLogSink()
        both = loggers(tmp_path, shipped=[server])
        both.service.info("started", port=8000)
        both.keys.info("key", action="issued")
        assert [(log, line.decode()) for log, line, _ in server.taken] == [
            ("tasador", lines(tmp_path)[0]),
            ("keys", lines(tmp_path, "keys")[0]),
        ]
        assert [*server.taken[0][2].items()][1:] == [("level", "info"), ("event", "started"), ("port", 8000)]

    @pytest.mark.parametrize("form", FORMS)
    def test_all_get_the_event_as_it_is_whatever_form_others_have(self, tmp_path: Path, form: Form) -> None:
        server, screen = InMemoryLogSink(), Screen()
        loggers(tmp_path, form, screen, shipped=[server]).service.info("started", port=8000)
        [(_, line, event)] = server.taken
        assert line.decode() == lines(tmp_path)[0]
        assert list(event) == ["timestamp", "level", "event", "port"]
        assert "started" in screen.getvalue()

    @pytest.mark.usefixtures("logging_restored")
    def test_are_made_ready_and_closed_together(self, tmp_path: Path) -> None:
        server = InMemoryLogSink()
        both = loggers(tmp_path, shipped=[server])
        both.prepare()
        assert server.is_prepared
        both.close(1.0)
        assert server.is_closed
        assert [sink.name for sink in both.sinks] == ["tasador_file", "keys_file", "memory"]

    def test_that_lose_lines_say_so_in_the_log_and_to_who_runs_a_command(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("tasador", "keys"):
            (tmp_path / f"{name}-2026-11-22.log").symlink_to("/dev/full")
        both = loggers(tmp_path)
        both.service.info("started")
        both.service.info("going on")
        assert capsys.readouterr().err == (
            f"tasador: log lines are being lost: file={tmp_path}/tasador-2026-11-22.log "
            "reason=No space left on device\n"
        )

    def test_that_lose_lines_say_so_on_the_stream_of_a_service(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("tasador", "keys"):
            (tmp_path / f"{name}-2026-11-22.log").symlink_to("/dev/full")
        stream = io.StringIO()
        both = loggers(tmp_path, "json", stream)
        both.service.info("started")
        both.keys.info("key", action="issued")
        told = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
        assert sorted(told) == ["log lines are being lost", "log lines are being lost", "started"]
        assert capsys.readouterr().err == ""

    def test_that_lose_lines_are_survived_without_a_standard_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "tasador-2026-11-22.log").symlink_to("/dev/full")
        closed = io.StringIO()
        closed.close()
        for stream in (None, closed):
            monkeypatch.setattr(sys, "stderr", stream)
            loggers(tmp_path).service.info("started")


@pytest.mark.parametrize("form", FORMS)
class TestForgery:
    """No input can make a line, end one, or hide in one: neither as a value, nor as an event, nor as a key."""

    @given(event=nasty_texts, key=keys, value=nasty_texts)
    def test_by_an_event_a_key_or_a_value_is_impossible(
        self, tmp_path_factory: pytest.TempPathFactory, form: Form, event: str, key: str, value: str
    ) -> None:
        stream = io.StringIO()
        folder = tmp_path_factory.mktemp("forgery")
        both = loggers(folder, form, stream)
        both.service.info(event, **{key: value})
        both.keys.info(event, **{key: value})
        for written in (
            stream.getvalue(),
            (folder / "tasador-2026-11-22.log").read_text("utf-8"),
            (folder / "keys-2026-11-22.log").read_text("utf-8"),
        ):
            self.is_one_true_line(written, "console" if form == "console" and written == stream.getvalue() else form)

    @given(message=nasty_texts)
    def test_by_an_exception_is_impossible(
        self, tmp_path_factory: pytest.TempPathFactory, form: Form, message: str
    ) -> None:
        stream = io.StringIO()
        service = loggers(tmp_path_factory.mktemp("forgery"), form, stream).service
        try:
            failing_with(message)
        except ValueError:
            service.exception("it failed")
        self.is_one_true_line(stream.getvalue(), form)
        assert "ValueError" in stream.getvalue()

    @given(event=nasty_texts, value=nasty_texts)
    def test_on_a_terminal_is_impossible(
        self, tmp_path_factory: pytest.TempPathFactory, form: Form, event: str, value: str
    ) -> None:
        screen = Screen()
        loggers(tmp_path_factory.mktemp("forgery"), form, screen).service.info(event, value=value)
        written = screen.getvalue()
        self.is_one_true_line(COLOUR.sub("", written) if form == "console" else written, form)

    def is_one_true_line(self, written: str, form: str) -> None:
        assert written.endswith("\n")
        line = written[:-1]
        assert line.isprintable()
        if form == "classic":
            assert CLASSIC.fullmatch(line)
        elif form == "json" or line.startswith("{"):
            assert json.loads(line)["timestamp"] == "2026-11-22T12:00:00.000+00:00"
        else:
            assert line.startswith("2026-11-22T12:00:00.000+00:00 [")


class TestSecrets:
    @pytest.mark.parametrize("form", FORMS)
    @given(token=st.builds(Token.generate), before=st.text(max_size=20), after=st.text(max_size=20))
    def test_of_a_key_are_masked_wherever_they_stand(
        self, tmp_path_factory: pytest.TempPathFactory, form: Form, token: Token, before: str, after: str
    ) -> None:
        stream = io.StringIO()
        folder = tmp_path_factory.mktemp("secrets")
        both = loggers(folder, form, stream)
        text = f"{before}{token.reveal()}{after}"
        for log in (both.service, both.keys):
            log.info(text)
            log.info("value", value=text, listed=[text], mapped={text: text}, raw=text.encode("utf-8", "replace"))
            log.info("key", **{text: 1})
            try:
                failing_with(text)
            except ValueError:
                log.exception("it failed")
        everything = stream.getvalue() + "".join(file.read_text("utf-8") for file in folder.iterdir())
        assert token.secret not in everything
        assert token.reveal()[-6:] not in everything.replace(token.key_id, "")
        assert f"tsd_{token.key_id}_***" in everything

    @given(
        st.lists(st.builds(Token.generate), min_size=2, max_size=3), st.sampled_from(["", " ", ",", "_", "tsd_", "x"])
    )
    def test_of_several_keys_are_masked_at_once(self, tokens: list[Token], between: str) -> None:
        text = masked(between.join(token.reveal() for token in tokens))
        assert all(token.secret not in text for token in tokens)

    @given(st.builds(Token.generate), st.integers(1, 43))
    def test_of_a_key_are_masked_where_its_end_is_missing(self, token: Token, kept: int) -> None:
        cut = f"tsd_{token.key_id}_{token.secret[:kept]}"
        assert masked(cut) == f"tsd_{token.key_id}_***"

    def test_are_all_that_is_masked(self) -> None:
        for text in ("tasador keys create", "tsd_", "tsd_abc", "id abc123abc123 of a key"):
            assert masked(text) == text


class TestLongInput:
    @pytest.mark.parametrize("form", FORMS)
    def test_is_cut_short_and_both_ends_stay(self, tmp_path: Path, form: Form) -> None:
        stream = io.StringIO()
        loggers(tmp_path, form, stream).service.info(
            "begin" + "x" * 10**6 + "end", value="first" + "y" * 10**6 + "last"
        )
        line = stream.getvalue()
        assert len(line) < 5000
        assert [part for part in ("begin", "end", "first", "last") if part not in line] == []

    def test_of_an_exception_keeps_what_was_raised(self, tmp_path: Path) -> None:
        def deeper(levels: int) -> None:
            if levels:
                deeper(levels - 1)
            else:
                raise ValueError("at the bottom")

        try:
            # Two in turn, since Python leaves out what repeats.
            for _ in range(2):
                deeper(100)
        except ValueError:
            loggers(tmp_path).service.exception("it failed")
        assert events(tmp_path)[0]["exception"].endswith("ValueError: at the bottom")


@pytest.mark.usefixtures("logging_restored")
class TestLibraries:
    def test_that_warn_reach_the_log_of_the_service(self, tmp_path: Path) -> None:
        loggers(tmp_path).prepare()
        library = logging.getLogger("some.library")
        library.info("not of interest")
        library.warning("%s of %s failed", 1, 2)
        library.error("worse")
        assert [(event["level"], event["logger"], event["event"]) for event in events(tmp_path)] == [
            ("warning", "some.library", "1 of 2 failed"),
            ("error", "some.library", "worse"),
        ]
        assert list(tmp_path.glob("keys-*")) == []

    def test_that_fail_are_told_without_their_traceback(self, tmp_path: Path) -> None:
        loggers(tmp_path).prepare()
        token = Token.generate()
        try:
            failing_with(f"bad\n{token.reveal()}")
        except ValueError:
            logging.getLogger("some.library").exception("it failed")
        (event,) = events(tmp_path)
        assert event["exception"] == f"ValueError: bad\\ntsd_{token.key_id}_***"

    def test_whose_message_does_not_fit_its_arguments_fail_nobody(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        loggers(tmp_path).prepare()
        message, arguments = "%d of %s", ("one",)
        logging.getLogger("some.library").warning(message, *arguments)
        assert events(tmp_path)[0]["event"] == "%d of %s"
        assert capsys.readouterr().err == ""

    def test_with_levels_of_their_own_are_heard(self, tmp_path: Path) -> None:
        loggers(tmp_path).prepare()
        for level in (35, 99):
            logging.getLogger("some.library").log(level, "odd")
        assert [event["level"] for event in events(tmp_path)] == ["warning", "critical"]

    def test_that_warn_of_themselves_reach_the_log_and_not_the_user(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        loggers(tmp_path).prepare()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("will change", FutureWarning, stacklevel=1)
        (event,) = events(tmp_path)
        assert "FutureWarning: will change" in event["event"]
        assert capsys.readouterr().err == ""


class TestOnOneLine:
    @given(nasty_texts)
    def test_nothing_is_left_that_is_not_printable(self, text: str) -> None:
        assert on_one_line(text).isprintable()

    @given(st.text(st.characters(categories=["L", "N", "P"])))
    def test_what_is_printable_stays_as_it_is(self, text: str) -> None:
        assert on_one_line(text) == text
