"""Logs that go to servers: every line, in order, while there is room and somebody takes them."""

import re
import socket
import ssl
import sys
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from adapters.log_sinks.line import LogLine
from adapters.log_sinks.otlp_collector import OtlpLogs
from adapters.log_sinks.shipped_log import ShippedLog
from adapters.log_sinks.syslog_format import SyslogFormat
from adapters.log_sinks.syslog_server import AuthoritiesUnreadable, SyslogServer
from adapters.shipping import Destination, Shipping, Undelivered, growing_pause
from config.container import Container
from config.settings import LoggingSettings, Settings, TracingSettings
from domain.errors import InstallationIncomplete
from tests.otlp_receiver import OtlpReceiver, collecting
from tests.syslog_receiver import SyslogReceiver, parsed, receiving, unframed

AT = datetime(2026, 11, 23, 12, 30, 15, 123456, timezone(timedelta(hours=-3)))
AUTHORITY = trustme.CA()
SECONDS = 10.0
PLACES = 1000
SDID = "tasador@32473"


class Reports:
    """What a sink says of itself."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.told: list[tuple[str, dict[str, object]]] = []

    def __call__(self, what: str, **details: object) -> None:
        with self._changed:
            self.told.append((what, details))
            self._changed.notify_all()

    def await_some(self, count: int) -> list[tuple[str, dict[str, object]]]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= count, SECONDS), self.told
        return self.told


class Server(Protocol):
    """A server that is on or off, and what it has received."""

    @abstractmethod
    def sink(self, places: int = PLACES) -> ShippedLog: ...

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def lines(self, count: int) -> list[tuple[str, str]]: ...


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass
class Syslog(Server):
    stack: ExitStack
    ca_file: Path | None = None
    name: str = "localhost"
    receiver: SyslogReceiver | None = None

    def __post_init__(self) -> None:
        self.port = free_port()

    def sink(self, places: int = PLACES) -> ShippedLog:
        url = f"tls://localhost:{self.port}" if self.ca_file else f"tcp://127.0.0.1:{self.port}"
        return ShippedLog("syslog", SyslogServer(url, self.ca_file, 0.05), places, soon)

    def begin(self) -> None:
        self.receiver = self.stack.enter_context(receiving(certified(self.name) if self.ca_file else None, self.port))

    def lines(self, count: int) -> list[tuple[str, str]]:
        assert self.receiver
        return [(each.kind.replace("service", "tasador"), each.text) for each in self.receiver.await_lines(count)]


@dataclass
class Otlp(Server):
    stack: ExitStack
    receiver: OtlpReceiver | None = None

    def __post_init__(self) -> None:
        self.port = free_port()

    def sink(self, places: int = PLACES) -> ShippedLog:
        return ShippedLog("otlp", OtlpLogs(f"http://127.0.0.1:{self.port}", "1.0"), places, soon)

    def begin(self) -> None:
        self.receiver = self.stack.enter_context(collecting(self.port))

    def lines(self, count: int) -> list[tuple[str, str]]:
        assert self.receiver
        received = self.receiver.await_logs(count)
        return [
            (each.scope.removeprefix("tasador.").replace("service", "tasador"), each.item.body.string_value)
            for each in received
        ]


def soon(failures: int) -> float:
    return 0.02


def certified(name: str) -> ssl.SSLContext:
    """A server's TLS with a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture(params=["syslog over TCP", "syslog over TLS", "OTLP"])
def server(request: pytest.FixtureRequest, ca_file: Path) -> Iterator[Server]:
    with ExitStack() as stack:
        if request.param == "OTLP":
            yield Otlp(stack)
        else:
            yield Syslog(stack, ca_file if "TLS" in request.param else None)


def write(sink: ShippedLog, numbers: Sequence[int], log: str = "tasador") -> None:
    for number in numbers:
        sink.take(log, "info", AT, b"%d" % number, {"timestamp": "", "level": "info", "event": str(number)})


def test_lines_arrive_in_order_each_in_its_log(server: Server, reports: Reports) -> None:
    server.begin()
    sink = server.sink()
    sink.reports_to(reports)
    write(sink, range(600))
    write(sink, [600], "keys")
    sink.close(SECONDS)
    assert server.lines(601) == [("tasador", str(number)) for number in range(600)] + [("keys", "600")]
    assert (sink.waiting, sink.lost, reports.told) == (0, 0, [])


def test_while_a_server_is_away_lines_wait_and_what_is_too_much_is_counted(server: Server, reports: Reports) -> None:
    sink = server.sink(places=10)
    sink.reports_to(reports)
    write(sink, range(14))
    assert (sink.waiting, sink.lost) == (10, 4)
    [(told, details)] = reports.await_some(1)
    assert (told, details["to"]) == ("shipping fails", sink.name)
    server.begin()
    reports.await_some(2)
    assert reports.told[1] == ("shipping goes on", {"to": sink.name, "dropped": 4})
    write(sink, [14])
    sink.close(SECONDS)
    assert [text for _, text in server.lines(11)] == [*map(str, range(10)), "14"]
    assert (sink.waiting, sink.lost, len(reports.told)) == (0, 4, 2)


def test_a_program_ends_although_the_server_is_away_and_says_what_is_lost(server: Server, reports: Reports) -> None:
    sink = server.sink()
    sink.reports_to(reports)
    write(sink, range(3))
    sink.close(SECONDS)
    write(sink, [3])
    assert (sink.waiting, sink.lost) == (0, 4)
    assert reports.told[-1] == ("lines not shipped before the end", {"to": sink.name, "dropped": 3})


def test_who_writes_nothing_has_no_thread(server: Server) -> None:
    before = threading.active_count()
    sink = server.sink()
    sink.prepare()
    sink.close(SECONDS)
    assert threading.active_count() == before


class TestTheQueue:
    def test_what_follows_something_that_cannot_be_sent_is_sent(self, reports: Reports) -> None:
        class Fussy(Destination[str]):
            def __init__(self) -> None:
                self.sent: list[str] = []

            def send(self, items: Sequence[str]) -> None:
                if "bad" in items:
                    raise ValueError("a slip in the program, with a secret")
                self.sent += items

            def close(self) -> None:
                return

        fussy = Fussy()
        shipping = Shipping[str]("fussy", fussy, 10, reports)
        shipping.take("bad")
        assert reports.await_some(1)[0] == ("shipping fails", {"to": "fussy", "reason": "ValueError in sending"})
        shipping.take("good")
        shipping.close(SECONDS)
        assert (fussy.sent, shipping.lost) == (["good"], 1)

    def test_a_server_that_hangs_holds_up_neither_writers_nor_the_end(self, reports: Reports) -> None:
        hangs, sending = threading.Event(), threading.Event()

        class Hanging(Destination[str]):
            def send(self, items: Sequence[str]) -> None:
                sending.set()
                hangs.wait(SECONDS)

            def close(self) -> None:
                return

        shipping = Shipping[str]("hanging", Hanging(), 10, reports)
        for number in range(12):
            shipping.take(str(number))
        assert sending.wait(SECONDS)
        shipping.close(0.01)
        assert (shipping.waiting, shipping.lost) == (0, 12)
        hangs.set()

    def test_who_reports_may_hand_over_what_it_says(self) -> None:
        """As the service's log does, which is shipped itself."""

        class Away(Destination[str]):
            def send(self, items: Sequence[str]) -> None:
                raise Undelivered("it is away")

            def close(self) -> None:
                return

        told = threading.Event()

        def report(what: str, **details: object) -> None:
            shipping.take(what)
            told.set()

        shipping = Shipping[str]("away", Away(), 2, report, soon)
        shipping.take("a line")
        assert told.wait(SECONDS)
        shipping.close(SECONDS)
        assert shipping.lost == 3

    @pytest.mark.parametrize("failures", [1, 2, 7, 100_000])
    def test_pauses_grow_and_are_never_longer_than_half_a_minute(self, failures: int) -> None:
        longest = (0.5, 1, 2, 4, 8, 16, 30)[min(failures, 7) - 1]
        assert longest / 2 <= growing_pause(failures) <= longest


class TestSyslog:
    def test_a_line_says_all_that_the_protocol_has_room_for(self) -> None:
        event = {"event": "request", "request_id": 'a"b]c\\d', "key_id": "k1", "model_version": "v1", "path": "/x"}
        line = LogLine("tasador", '{"event":"solicitó"}'.encode(), event, "warning", AT)
        [message], rest = unframed(SyslogFormat("values-1", 42).frame(line))
        received = parsed(message)
        assert (received.facility, received.severity, received.kind) == (16, 4, "service")
        assert (received.at, received.host, received.app, received.process) == (AT, "values-1", "tasador", "42")
        assert received.data == {SDID: {"request_id": 'a"b]c\\d', "key_id": "k1", "model_version": "v1"}}
        assert (received.text, rest) == ('{"event":"solicitó"}', b"")

    def test_key_events_have_the_facility_of_who_may_come_in(self) -> None:
        received = parsed(SyslogFormat("h", 1).message(LogLine("keys", b"", {"key_id": None}, "info", AT)))
        assert (received.facility, received.severity, received.kind, received.data) == (10, 6, "keys", {})

    @given(
        host=st.text(max_size=300),
        ids=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3),
        text=st.text(st.characters(exclude_categories=["Cs"])),
    )
    def test_nothing_that_a_line_holds_can_forge_another(self, host: str, ids: list[str], text: str) -> None:
        event = dict(zip(("request_id", "key_id", "model_version"), ids, strict=True))
        line = LogLine("tasador", text.encode(), event, "info", AT)
        messages, rest = unframed(SyslogFormat(host, 1).frame(line) * 2)
        assert (len(messages), rest) == (2, b"")
        received = parsed(messages[0])
        assert received.data[SDID].keys() == event.keys()
        assert all(received.data[SDID][name] == value for name, value in event.items() if value.isprintable())
        assert not re.search(r"[\x00-\x1f\x7f]", messages[0].decode())
        assert received.text == re.sub(r"[\x00-\x1f\x7f]", " ", text)

    @pytest.mark.parametrize("over_tls", [False, True])
    def test_a_server_that_stalls_has_every_line_once_when_it_goes_on(
        self, ca_file: Path, reports: Reports, over_tls: bool
    ) -> None:
        with receiving(certified("localhost") if over_tls else None, buffer=65536) as receiver:
            url = f"{'tls' if over_tls else 'tcp'}://localhost:{receiver.port}"
            sink = ShippedLog("syslog", SyslogServer(url, ca_file if over_tls else None, 0.05), 20_000, soon)
            sink.reports_to(reports)
            write(sink, [0])
            receiver.await_lines(1)
            receiver.stall()
            long = "x" * 1000
            for number in range(1, 1001):
                event = {"event": "", "request_id": str(number)}
                sink.take("tasador", "info", AT, long.encode(), event)
            assert reports.await_some(1)[0][1]["reason"] == "the server takes no more lines"
            receiver.go_on()
            sink.close(SECONDS)
            lines = receiver.await_lines(1001)
            assert [line.data[SDID]["request_id"] for line in lines[1:]] == [str(number) for number in range(1, 1001)]
            assert (receiver.connected, sink.lost) == (1, 0)
            assert reports.await_some(2)[1] == ("shipping goes on", {"to": "syslog", "dropped": 0})

    def test_a_connection_that_was_cut_is_made_anew(self, reports: Reports) -> None:
        with receiving() as receiver:
            sink = ShippedLog("syslog", SyslogServer(f"tcp://127.0.0.1:{receiver.port}"), PLACES, soon)
            sink.reports_to(reports)
            write(sink, [0])
            receiver.await_lines(1)
            receiver.cut()
            write(sink, [1])
            receiver.await_connections(2)
            sink.close(SECONDS)
            texts = [line.text for line in receiver.await_lines(2)]
            assert list(dict.fromkeys(texts)) == ["0", "1"]  # a line may come twice, none is lost
            assert sink.lost == 0

    @pytest.mark.parametrize("name", ["another.example", None])
    def test_a_server_that_cannot_be_trusted_is_told_nothing(
        self, ca_file: Path, reports: Reports, name: str | None
    ) -> None:
        """Its certificate bears another name, or an authority signed it that is not ours."""
        context = certified(name or "localhost")
        if name is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert("localhost").configure_cert(context)
        with receiving(context) as receiver:
            sink = ShippedLog("syslog", SyslogServer(f"tls://localhost:{receiver.port}", ca_file), PLACES, soon)
            sink.reports_to(reports)
            write(sink, [0])
            assert "its certificate cannot be trusted" in str(reports.await_some(1)[0][1]["reason"])
            sink.close(SECONDS)
            assert (receiver.received, sink.lost) == ([], 1)

    def test_authorities_that_cannot_be_read_are_told_by_the_name_of_the_setting(self, tmp_path: Path) -> None:
        (tmp_path / "empty.pem").touch()
        for file, reason in ((tmp_path / "none.pem", "cannot be read"), (tmp_path / "empty.pem", "no certificates")):
            with pytest.raises(AuthoritiesUnreadable, match=f"logging.syslog_ca_file: .*{reason}"):
                SyslogServer("tls://localhost:6514", file)


@pytest.mark.parametrize("section", ["logging", "tracing"])
def test_opentelemetry_needs_its_libraries_where_there_is_a_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    for module in ("adapters.log_sinks.otlp_collector", "adapters.span_exporters.otlp_collector"):
        monkeypatch.setitem(sys.modules, module, None)
    url = "http://127.0.0.1:4318"
    logging = LoggingSettings(directory=tmp_path, otlp_url=url if section == "logging" else None)
    tracing = TracingSettings(otlp_url=url if section == "tracing" else None)
    container = Container(settings=Settings(logging=logging, tracing=tracing))
    with pytest.raises(InstallationIncomplete, match=rf"^{section}\.otlp_url needs .*pip install '\.\[otel\]'"):
        container.traces()


class TestOtlp:
    @pytest.fixture
    def collector(self) -> Iterator[OtlpReceiver]:
        with collecting() as receiver:
            yield receiver

    def shipped(self, collector: OtlpReceiver, reports: Callable[..., object]) -> ShippedLog:
        sink = ShippedLog("otlp", OtlpLogs(collector.url, "1.0"), PLACES, soon)
        sink.reports_to(reports)
        return sink

    def test_a_line_says_all_that_the_protocol_has_room_for(
        self, collector: OtlpReceiver, reports: Reports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=t1")
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=tests")
        sink = self.shipped(collector, reports)
        ids = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}
        details = {"request_id": "r1", "status": 200, "duration_ms": 1.5, "ok": True, "big": 2**63, "client": None}
        event = {"timestamp": "", "level": "error", "event": "request", **details, **ids}
        sink.take("tasador", "error", AT, b"{}", event)
        sink.close(SECONDS)
        [log] = collector.await_logs(1)
        assert (log.item.body.string_value, log.item.severity_text, log.item.severity_number) == (
            "request",
            "ERROR",
            17,
        )
        assert log.item.time_unix_nano == round(AT.timestamp() * 1_000_000) * 1000
        assert (log.item.trace_id.hex(), log.item.span_id.hex()) == (ids["trace_id"], ids["span_id"])
        assert log.attributes == {
            "request_id": "r1", "status": 200, "duration_ms": 1.5, "ok": True, "big": str(2**63)
        }  # fmt: skip
        assert log.resource["service.name"] == "tasador"
        assert log.resource["service.version"] == "1.0"
        assert log.resource["service.instance.id"]
        assert log.resource["deployment.environment"] == "tests"
        assert collector.requests[0]["x-tenant"] == "t1"

    def test_what_is_never_taken_is_dropped_and_counted_and_what_may_be_is_sent_again(
        self, collector: OtlpReceiver, reports: Reports, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sink = self.shipped(collector, reports)
        collector.statuses = [400]
        write(sink, [0])
        assert reports.await_some(1)[0] == ("shipping fails", {"to": "otlp", "reason": "it answers 400"})
        collector.statuses = [503, 429, 401]
        write(sink, [1])
        assert [log.item.body.string_value for log in collector.await_logs(1)] == ["1"]
        assert reports.await_some(2)[1] == ("shipping goes on", {"to": "otlp", "dropped": 1})
        sink.close(SECONDS)
        assert (sink.lost, capsys.readouterr()) == (1, ("", ""))
