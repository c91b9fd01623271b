"""An OpenTelemetry collector that takes traces."""

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Tracer

from adapters.otlp_exports import SECONDS_TO_GATHER, Collector, endpoint, resource_of
from adapters.shipping import Shipping
from application.ports.log_sink import Report
from application.ports.span_exporter import SpanExporter

_NAME = "traces"
_PLACES = 5_000


class OtlpTraces(SpanExporter[Tracer]):
    """A tracer whose spans go to the collector at `url`: the share of them, and those that their callers want traced.

    At most 5000 finished spans wait; more are dropped. `report` is told when that begins and ends.
    """

    def __init__(self, url: str, share: float, version: str, report: Report) -> None:
        place = endpoint(url, "traces")
        collector: Collector[ReadableSpan] = Collector(
            lambda session: OTLPSpanExporter(endpoint=place, session=session)
        )
        self._shipping: Shipping[ReadableSpan] = Shipping(_NAME, collector, _PLACES, report, gather=SECONDS_TO_GATHER)
        provider = TracerProvider(ParentBased(TraceIdRatioBased(share)), resource_of(version), shutdown_on_exit=False)
        provider.add_span_processor(_Taking(self._shipping))
        self._tracer = provider.get_tracer("tasador", version)

    @property
    def name(self) -> str:
        """`traces`."""
        return _NAME

    @property
    def tracer(self) -> Tracer:
        """One that samples by its share."""
        return self._tracer

    @property
    def waiting(self) -> int:
        """How many spans wait."""
        return self._shipping.waiting

    @property
    def lost(self) -> int:
        """How many were dropped."""
        return self._shipping.lost

    def close(self, seconds: float) -> None:
        """Sends what waits, for so many seconds at most."""
        self._shipping.close(seconds)


class _Taking(SpanProcessor):
    """Hands finished spans over."""

    def __init__(self, shipping: Shipping[ReadableSpan]) -> None:
        self._shipping = shipping

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Only its end matters."""

    def on_end(self, span: ReadableSpan) -> None:
        """Takes it, where it is to be kept."""
        if span.context is not None and span.context.trace_flags.sampled:
            self._shipping.take(span)
