"""Traces: a span for each request, in its caller's trace, with what it did inside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.http.service import FAR_AWAY, HOME, Breakable, Service
from tests.otlp_receiver import OtlpReceiver, Received, collecting

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECONDS = 10.0
ASKED_TO_TRACE = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "gateway=1"}


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with collecting() as receiver:
        yield receiver


@pytest.fixture
def traced(tmp_path: Path, collector: OtlpReceiver) -> Iterator[Service]:
    """A service whose spans go to the collector."""
    collector.spans.clear()
    with Service(tmp_path, traces_to=collector.url).running() as service:
        yield service


def send(service: Service) -> None:
    """Sends the spans that wait; there are to be no more."""
    traces = service.container.traces()
    assert traces
    traces.close(SECONDS)


def spans_of(service: Service, collector: OtlpReceiver, path: str) -> list[Received]:
    """The spans of the requests for this path, each followed by those inside; there are to be no more."""
    send(service)
    outer = [span for span in collector.spans if span.attributes.get("url.path") == path]
    return [
        span
        for request in outer
        for span in (request, *(each for each in collector.spans if each.item.parent_span_id == request.item.span_id))
    ]


def test_a_request_is_a_span_with_its_parts_inside(traced: Service, collector: OtlpReceiver) -> None:
    answer = traced.post("/v1/valuations?level=0.5", HOME, {"X-Request-Id": "r-1"})
    assert answer.status_code == 200
    request, *parts = spans_of(traced, collector, "/v1/valuations")
    assert request.item.name == "POST /v1/valuations"
    assert request.item.kind == Span.SPAN_KIND_SERVER
    key_id = request.attributes.pop("tasador.key_id")
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/valuations",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/v1/valuations",
        "tasador.request_id": "r-1",
        "tasador.model_version": "v1",
    }
    assert request.resource["service.name"] == "tasador"
    assert [part.item.name for part in parts] == ["value", "record valuations"]
    assert {part.item.trace_id for part in parts} == {request.item.trace_id}
    [line] = [line for line in traced.log() if line["request_id"] == "r-1"]
    assert line["key_id"] == key_id
    assert (line["trace_id"], line["span_id"]) == (request.item.trace_id.hex(), request.item.span_id.hex())


def test_what_is_done_in_a_thread_belongs_to_its_request(traced: Service, collector: OtlpReceiver) -> None:
    assert traced.post("/v1/valuations?explain=true", HOME).status_code == 200
    assert traced.post("/v1/valuations/batch", {"properties": [HOME, FAR_AWAY]}).status_code == 200
    assert traced.post("/v1/valuations/what-if", {"property": HOME, "changes": {"n_rooms": 4}}).status_code == 200
    spans = spans_of(traced, collector, "/v1/valuations")
    assert [span.item.name for span in spans[1:]] == ["value", "record valuations"]
    batch = [each for each in collector.spans if each.item.trace_id != spans[0].item.trace_id]
    assert {span.item.name for span in batch} >= {"value", "value what-if", "record valuations"}
    assert all(span.item.parent_span_id for span in batch if span.item.kind == Span.SPAN_KIND_INTERNAL)


def test_a_request_belongs_to_its_callers_trace(traced: Service, collector: OtlpReceiver) -> None:
    traced.client.get("/health/live", headers=ASKED_TO_TRACE)
    [request] = spans_of(traced, collector, "/health/live")
    assert (request.item.trace_id.hex(), request.item.parent_span_id.hex()) == (TRACE, PARENT)
    assert request.item.trace_state == "gateway=1"


@pytest.mark.parametrize("told", ["rubbish", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "00-é-1-01"])
def test_a_trace_that_cannot_be_is_not_believed(traced: Service, collector: OtlpReceiver, told: str) -> None:
    traced.client.get("/health/live", headers=[(b"traceparent", told.encode())])
    traced.client.get("/health/live", headers=[(b"traceparent", ASKED_TO_TRACE["traceparent"].encode())] * 2)
    requests = spans_of(traced, collector, "/health/live")
    assert [request.item.parent_span_id for request in requests] == [b"", b""]
    assert all(any(request.item.trace_id) for request in requests)


def test_a_caller_that_is_not_traced_is_not_traced_here(traced: Service, collector: OtlpReceiver) -> None:
    traced.client.get("/health/live", headers={"traceparent": f"00-{TRACE}-{PARENT}-00", "X-Request-Id": "quiet"})
    assert spans_of(traced, collector, "/health/live") == []
    [line] = [line for line in traced.log() if line["request_id"] == "quiet"]
    assert line["trace_id"] == TRACE


def test_a_failure_of_the_service_is_an_error_and_a_callers_slip_is_none(
    traced: Service, collector: OtlpReceiver
) -> None:
    key = traced.key()
    assert traced.client.post("/v1/valuations", json={}, headers=key).status_code == 400
    assert isinstance(traced.keys, Breakable)
    traced.keys.down = True
    assert traced.client.get("/v1/keys", headers=key).status_code == 503
    [slip] = spans_of(traced, collector, "/v1/valuations")
    [failure] = [span for span in collector.spans if span.attributes.get("url.path") == "/v1/keys"]
    assert (slip.item.status.code, slip.attributes["http.response.status_code"]) == (Status.STATUS_CODE_UNSET, 400)
    assert (failure.item.status.code, failure.item.name) == (Status.STATUS_CODE_ERROR, "GET /v1/keys")


def test_nothing_that_a_caller_invents_becomes_a_name_and_no_secret_is_told(
    traced: Service, collector: OtlpReceiver
) -> None:
    path = "/tsd_abc123abc123_secretsecretsecret_check0/" + "x" * 500
    traced.client.request("BREW", path)
    traced.client.get("/health/live?api_key=secretsecretsecret", headers={"X-Request-Id": "tsd_abc123abc123_secret"})
    send(traced)
    brewed = next(span for span in collector.spans if span.attributes["http.request.method"] == "_OTHER")
    assert (brewed.item.name, len(brewed.attributes["url.path"])) == ("HTTP", 200)
    assert "http.route" not in brewed.attributes
    assert "secret" not in str(collector.spans)


def test_nobody_waits_for_a_collector_that_is_away(tmp_path: Path) -> None:
    with Service(tmp_path, traces_to="http://127.0.0.1:9").running() as service:
        assert service.post("/v1/valuations", HOME).status_code == 200
    [warning] = service.log("lines not shipped before the end")
    assert (warning["to"], warning["dropped"]) == ("traces", 3)
