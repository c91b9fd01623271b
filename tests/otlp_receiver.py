"""A collector of OpenTelemetry: takes OTLP over HTTP and decodes it with the official protobuf package."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_SECONDS = 10.0


@dataclass(frozen=True)
class Received:
    """A log record or a span, with the attributes of the process and the name of the scope that it is from."""

    resource: dict[str, Any]
    scope: str
    item: Any
    attributes: dict[str, Any]


class OtlpReceiver:
    """Receives until it is closed, and answers with `statuses`, one after the other, and then with 200."""

    def __init__(self, port: int = 0) -> None:
        self._changed = threading.Condition()
        self.logs: list[Received] = []
        self.spans: list[Received] = []
        self.requests: list[dict[str, str]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """What is answered to a request."""
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with self._changed:
            self.requests.append(headers)
            self._changed.notify_all()
            if self.statuses:
                return self.statuses.pop(0)
            if path == "/v1/logs":
                self.logs += _logs(ExportLogsServiceRequest.FromString(body))
            elif path == "/v1/traces":
                self.spans += _spans(ExportTraceServiceRequest.FromString(body))
            else:
                return 404
            return 200

    def await_logs(self, count: int) -> list[Received]:
        """The logs, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.logs) >= count, _SECONDS), self.logs
        return self.logs

    def await_spans(self, count: int) -> list[Received]:
        """The spans, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.spans) >= count, _SECONDS), self.spans
        return self.spans

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def collecting(port: int = 0) -> Iterator[OtlpReceiver]:
    """A receiver, closed at the end."""
    receiver = OtlpReceiver(port)
    try:
        yield receiver
    finally:
        receiver.close()


def _logs(request: ExportLogsServiceRequest) -> Iterator[Received]:
    for of_process in request.resource_logs:
        for of_scope in of_process.scope_logs:
            resource = _plain(of_process.resource.attributes)
            for record in of_scope.log_records:
                yield _received(resource, of_scope.scope.name, record)


def _spans(request: ExportTraceServiceRequest) -> Iterator[Received]:
    for of_process in request.resource_spans:
        for of_scope in of_process.scope_spans:
            resource = _plain(of_process.resource.attributes)
            for span in of_scope.spans:
                yield _received(resource, of_scope.scope.name, span)


def _received(resource: dict[str, Any], scope: str, item: LogRecord | Span) -> Received:
    return Received(resource, scope, item, _plain(item.attributes))


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes if isinstance(each, KeyValue)}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)
