"""An OpenTelemetry collector that takes logs."""

from collections.abc import Mapping, Sequence

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from adapters.log_sinks.line import LogLine
from adapters.otlp_exports import Collector, endpoint, resource_of
from adapters.shipping import Destination

_SEVERITIES = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_NOT_ATTRIBUTES = frozenset({"timestamp", "level", "event", "trace_id", "span_id"})
_LARGEST_INTEGER = 2**63 - 1
"""OTLP knows none larger."""
_NO_SPAN = Context()


class OtlpLogs(Destination[LogLine]):
    """Sends lines to the collector at `url`: the event as the body, the rest of it as attributes, one scope a log."""

    def __init__(self, url: str, version: str) -> None:
        place = endpoint(url, "logs")
        self._collector: Collector[ReadableLogRecord] = Collector(
            lambda session: OTLPLogExporter(endpoint=place, session=session)
        )
        self._resource = resource_of(version)
        self._scopes = {
            "tasador": InstrumentationScope("tasador.service", version),
            "keys": InstrumentationScope("tasador.keys", version),
        }

    def send(self, items: Sequence[LogLine]) -> None:
        """Sends them. Raises Undelivered or Refused."""
        self._collector.send([self._record(line) for line in items])

    def close(self) -> None:
        """Ends the connections."""
        self._collector.close()

    def _record(self, line: LogLine) -> ReadableLogRecord:
        microseconds = round(line.at.timestamp() * 1_000_000)
        record = LogRecord(
            timestamp=microseconds * 1000,
            context=_context(line.event),
            severity_number=_SEVERITIES.get(line.level, SeverityNumber.INFO),
            severity_text=line.level.upper(),
            body=str(line.event.get("event", "")),
            attributes={
                name: _fitting(value)
                for name, value in line.event.items()
                if value is not None and name not in _NOT_ATTRIBUTES
            },
        )
        return ReadableLogRecord(record, self._resource, self._scopes[line.log])


def _context(event: Mapping[str, object]) -> Context:
    """The span that the event is of, where it is of one."""
    trace_id, span_id = event.get("trace_id"), event.get("span_id")
    if not (isinstance(trace_id, str) and isinstance(span_id, str)):
        return _NO_SPAN
    span = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags.get_default())
    return set_span_in_context(NonRecordingSpan(span), _NO_SPAN)


def _fitting(value: object) -> str | bool | int | float:
    if isinstance(value, bool | float | str):
        return value
    return value if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER else str(value)
