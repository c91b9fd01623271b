"""What the service tells Prometheus, over all its workers."""

from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from entrypoints.http.app import make_app
from entrypoints.http.metrics import OTHER, Metrics, Traffic
from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster, State
from entrypoints.http.shared_memory import CELLS_FOR_TALLIES, SharedMemory
from tests.http.service import HOME, Service

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def asked(client: TestClient[Observed]) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


def test_requests_are_counted_by_route_and_status_and_need_no_key(service: Service) -> None:
    service.post("/predict", HOME)
    service.post("/predict", HOME)
    service.client.post("/predict", json=HOME)
    found = asked(service.client)
    assert of(found, "tasador_http_requests_total", route="/predict", status="200") == 2
    assert of(found, "tasador_http_requests_total", route="/predict", status="401") == 1
    assert of(found, "tasador_http_request_seconds_count", route="/predict") == 3
    assert (of(found, "tasador_http_request_seconds_sum", route="/predict") or 0) > 0
    assert of(found, "tasador_http_request_seconds_bucket", route="/predict", le="+Inf") == 3


def test_the_request_for_the_metrics_is_the_one_in_flight(service: Service) -> None:
    assert of(asked(service.client), "tasador_http_requests_in_flight") == 1


def test_paths_are_named_by_their_route_and_no_caller_can_add_one(service: Service) -> None:
    for version in ("v1", "v2", "v9"):
        service.client.get(f"/v1/models/{version}", headers=service.key())
    for path in ("/nowhere", "/nor/here", "/predict/x"):
        service.client.get(path)
    service.client.get("/predict")
    found = asked(service.client)
    assert of(found, "tasador_http_requests_total", route="/v1/models/{version}", status="200") == 2
    assert of(found, "tasador_http_requests_total", route="/v1/models/{version}", status="404") == 1
    assert of(found, "tasador_http_requests_total", route=OTHER, status="404") == 3
    routes = {dict(labels)["route"] for name, labels in found if name == "tasador_http_requests_total"}
    assert not [route for route in routes if "nowhere" in route or "v9" in route]


def test_the_served_version_and_the_workers_are_told(service: Service) -> None:
    found = asked(service.client)
    assert of(found, "tasador_model_workers", version="v1") == 1
    assert of(found, "tasador_workers_wanted") == of(found, "tasador_workers_alive") == 1
    assert of(found, "tasador_worker_restarts_total") == 0
    service.client.post("/v1/models/v2/promote", headers=service.key())
    found = asked(service.client)
    assert of(found, "tasador_model_workers", version="v2") == 1
    assert of(found, "tasador_model_workers", version="v1") is None


def traffic(memory: SharedMemory, worker: int) -> tuple[Roster, Metrics, Traffic]:
    roster = Roster(memory, worker)
    roster.tell_state(State.SERVING)
    metrics = Metrics(roster)
    return roster, metrics, Traffic(metrics, ["/predict"])


def test_any_worker_tells_the_sum_of_all() -> None:
    memory = SharedMemory(3)
    crew = [traffic(memory, worker) for worker in range(3)]
    for worker, (_, _, requests) in enumerate(crew):
        for _ in range(worker + 1):
            requests.begins()
            requests.ends("/predict", 200, 0.5)
        requests.begins()
    for _, metrics, _ in crew:
        found = samples(metrics.text())
        assert of(found, "tasador_http_requests_total", route="/predict", status="200") == 6
        assert of(found, "tasador_http_request_seconds_sum", route="/predict") == 3.0
        assert of(found, "tasador_http_requests_in_flight") == 3


def test_what_a_dead_worker_counted_stays_and_its_successor_goes_on_from_there() -> None:
    memory = SharedMemory(2)
    _, _, dead = traffic(memory, 1)
    dead.begins()
    dead.ends("/predict", 200, 0.5)
    dead.begins()  # it dies over this one
    own, metrics, _ = traffic(memory, 0)
    own.gone(1)
    found = samples(metrics.text())
    assert of(found, "tasador_http_requests_total", route="/predict", status="200") == 1
    assert of(found, "tasador_http_requests_in_flight") == 0
    own.starts(1, again=True)
    _, _, successor = traffic(memory, 1)
    successor.begins()
    successor.ends("/predict", 200, 0.5)
    found = samples(metrics.text())
    assert of(found, "tasador_http_requests_total", route="/predict", status="200") == 2
    assert of(found, "tasador_http_requests_in_flight") == 0
    assert of(found, "tasador_worker_restarts_total") == 1


def test_what_is_not_foreseen_is_counted_as_other() -> None:
    _, metrics, requests = traffic(SharedMemory(1), 0)
    requests.begins()
    requests.ends("/unknown", 418, 0.1)
    found = samples(metrics.text())
    assert of(found, "tasador_http_requests_total", route=OTHER, status=OTHER) == 1
    assert of(found, "tasador_http_request_seconds_count", route=OTHER) == 1


def test_more_metrics_than_there_is_room_for_are_a_fault_at_the_start() -> None:
    metrics = Metrics(Roster.alone())
    with pytest.raises(ValueError, match="CELLS_FOR_TALLIES"):
        metrics.counter("tasador_too_many", "Too many.", number=range(CELLS_FOR_TALLIES + 1))


def test_every_route_has_its_place(tmp_path: Path) -> None:
    app: Any = make_app(Service(tmp_path).container).app
    assert {"/predict", "/v1/valuations", "/metrics", "/health/ready"} <= {route.path_format for route in app.routes}


def test_a_long_text_of_a_worker_is_cut_and_an_earlier_one_leaves_nothing() -> None:
    memory = SharedMemory(2)
    memory.write_text(1, "x" * 1000)
    assert memory.text(1) == "x" * 256
    memory.write_text(1, "v2")
    assert (memory.text(0), memory.text(1)) == ("", "v2")
