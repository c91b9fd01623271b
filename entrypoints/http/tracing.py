"""Traces: what happened in a request and how long each part took, as OpenTelemetry has it.

Imported only where traces are wanted.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeVar, cast

from litestar import Litestar
from litestar.types import HTTPScope
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bind_contextvars, get_contextvars

from application.ports.span_exporter import SpanExporter
from config.log_lines import masked, on_one_line

W = TypeVar("W")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
_LONGEST_PATH = 200
_IDS = ("key_id", "model_version")
_SECONDS_TO_CLOSE = 2.0


class Tracing:
    """One span for each request, with one inside for each use case that was made `part` of it."""

    def __init__(self, traces: SpanExporter[Tracer]) -> None:
        self.traces = traces
        self._tracer = traces.tracer
        self._context = TraceContextTextMapPropagator()

    def begin(self, scope: HTTPScope, request_id: str) -> "TracedRequest":
        """The span of a request that has come, in the caller's trace where it names one; in the log lines from now."""
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        span = self._tracer.start_span(
            _name(method),
            self._of_caller(scope),
            SpanKind.SERVER,
            {
                "http.request.method": method,
                "url.scheme": scope["scheme"],
                "url.path": on_one_line(masked(scope["path"]))[:_LONGEST_PATH],
                "tasador.request_id": masked(request_id),
            },
        )
        return TracedRequest(span, method)

    def part(self, name: str, work: W) -> W:
        """`work`, a use case, with a span around each call of it."""
        return cast("W", _Part(self._tracer, name, work))

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Sends the last spans when the service stops."""
        try:
            yield
        finally:
            await asyncio.to_thread(self.traces.close, _SECONDS_TO_CLOSE)

    def _of_caller(self, scope: HTTPScope) -> Context:
        """The context in which a request comes (W3C Trace Context): none where its headers are not as they should."""
        told: dict[str, list[str]] = {"traceparent": [], "tracestate": []}
        for name, value in scope["headers"]:
            if (known := name.decode("latin-1")) in told:
                told[known].append(value.decode("latin-1"))
        if len(told["traceparent"]) != 1:
            return Context()
        carrier = {"traceparent": told["traceparent"][0], "tracestate": ",".join(told["tracestate"])}
        return self._context.extract(carrier, Context())


class TracedRequest:
    """The span of one request, the current one until its end."""

    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method
        self._token = attach(set_span_in_context(span))
        context = span.get_span_context()
        bind_contextvars(trace_id=f"{context.trace_id:032x}", span_id=f"{context.span_id:016x}")

    def end(self, route: str | None, status: int) -> None:
        """It was answered; `route` is the template of its route, None where it has none."""
        detach(self._token)
        span = self._span
        if span.is_recording():
            span.set_attribute("http.response.status_code", status)
            if route is not None:
                span.update_name(f"{_name(self._method)} {route}")
                span.set_attribute("http.route", route)
            known = get_contextvars()
            span.set_attributes({f"tasador.{name}": str(known[name]) for name in _IDS if name in known})
            if status >= 500:
                span.set_status(StatusCode.ERROR)
        span.end()


class _Part:
    """A use case in a span of its own; whatever else it has is as it was."""

    def __init__(self, tracer: Tracer, name: str, work: Any) -> None:
        self._tracer = tracer
        self._name = name
        self._work = work

    def __call__(self, *given: Any, **named: Any) -> Any:
        with self._tracer.start_as_current_span(
            self._name, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                return self._work(*given, **named)
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


def _name(method: str) -> str:
    return method if method in _METHODS else "HTTP"
