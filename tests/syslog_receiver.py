"""A syslog server over TCP or TLS that takes nothing which is not as RFC 5424, RFC 6587 and RFC 5425 have it."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

_NAME = rb"[!#-<>-\\^-~]{1,32}"
_VALUE = rb'(?:[^"\\\]]|\\["\\\]])*'
_PARAM = rb" (?P<name>" + _NAME + rb')="(?P<value>' + _VALUE + rb')"'
_MESSAGE = re.compile(
    rb"<(?P<priority>0|[1-9][0-9]{0,2})>1"
    rb" (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2}))"
    rb" (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<kind>[!-~]{1,32})"
    rb" (?P<data>-|(?:\[" + _NAME + rb"(?: " + _NAME + rb'="' + _VALUE + rb'")*\])+)'
    rb"(?: (?P<text>.*))?",
    re.DOTALL,
)
_ELEMENT = re.compile(rb"\[(?P<id>" + _NAME + rb")(?P<params>(?: " + _NAME + rb'="' + _VALUE + rb'")*)\]')
_LENGTH = re.compile(rb"([1-9][0-9]{0,8}) ")
_LONGEST_LENGTH = 10
_SECONDS = 10.0


@dataclass(frozen=True)
class Received:
    """A message."""

    facility: int
    severity: int
    at: datetime
    host: str
    app: str
    process: str
    kind: str
    data: dict[str, dict[str, str]]
    text: str


def parsed(message: bytes) -> Received:
    """A message, as the grammar of RFC 5424 reads it. Raises ValueError where it is none."""
    found = _MESSAGE.fullmatch(message)
    if not found or int(found["priority"]) > 191:
        raise ValueError(f"this is no syslog message: {message!r}")
    data: dict[str, dict[str, str]] = {}
    for element in _ELEMENT.finditer(found["data"]):
        params = {
            each["name"].decode(): re.sub(r'\\(["\\\]])', r"\1", each["value"].decode())
            for each in re.finditer(_PARAM, element["params"])
        }
        if element["id"].decode() in data:
            raise ValueError("an element of structured data comes twice")
        data[element["id"].decode()] = params
    facility, severity = divmod(int(found["priority"]), 8)
    host, app, process, kind = (found[name].decode() for name in ("host", "app", "process", "kind"))
    at = datetime.fromisoformat(found["at"].decode())
    return Received(facility, severity, at, host, app, process, kind, data, (found["text"] or b"").decode())


def unframed(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages at the beginning of what was sent, and the rest. Raises ValueError where it is no frames."""
    messages = []
    while data:
        found = _LENGTH.match(data)
        if not found:
            if len(data) >= _LONGEST_LENGTH or not data.isdigit():
                raise ValueError(f"this is no frame: {data[:80]!r}")
            break
        end = found.end() + int(found[1])
        if len(data) < end:
            break
        messages.append(data[found.end() : end])
        data = data[end:]
    return messages, data


class SyslogReceiver:
    """Receives until it is closed; it can be stopped from reading, and its connections cut."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0, *, buffer: int | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port))
        if buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.port: int = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()
        self._connections: list[socket.socket] = []
        self.received: list[Received] = []
        self.faults: list[Exception] = []
        self.connected = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def await_lines(self, count: int) -> list[Received]:
        """What was received, once it is so much."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count or self.faults, _SECONDS), self.received
        assert not self.faults
        return self.received

    def await_connections(self, count: int) -> None:
        """Returns once so many have connected."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.connected >= count, _SECONDS)

    def stall(self) -> None:
        """Reads nothing more for now."""
        self._reads.clear()

    def go_on(self) -> None:
        """Reads again."""
        self._reads.set()

    def cut(self) -> None:
        """Ends the connections that there are."""
        with self._changed:
            connections, self._connections = self._connections, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reads.set()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._changed:
                self._connections.append(connection)
                self.connected += 1
                self._changed.notify_all()
            with connection:
                self._read(connection)
        except OSError:
            return

    def _read(self, connection: socket.socket) -> None:
        rest = b""
        while self._reads.wait():
            data = connection.recv(65536)
            if not data:
                return
            try:
                messages, rest = unframed(rest + data)
                received = [parsed(message) for message in messages]
            except ValueError as error:
                self.faults.append(error)
                return
            with self._changed:
                self.received += received
                self._changed.notify_all()


@contextmanager
def receiving(
    tls: ssl.SSLContext | None = None, port: int = 0, *, buffer: int | None = None
) -> Iterator[SyslogReceiver]:
    """A receiver, closed at the end."""
    receiver = SyslogReceiver(tls, port, buffer=buffer)
    try:
        yield receiver
    finally:
        receiver.close()
