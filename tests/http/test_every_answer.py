"""What every answer has in common, whoever made it; and the line of each request in the log."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ConstantPricePerArea, a_card, a_trained_model
from tests.http.service import HOME, Service

REQUESTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "POST", "/predict", {"json": HOME}),
    (200, "GET", "/health/live", {}),
    (200, "HEAD", "/health/live", {}),
    (200, "GET", "/docs", {}),
    (204, "OPTIONS", "/predict", {}),
    (400, "POST", "/predict", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    (404, "GET", "/nothing", {}),
    (404, "POST", "/v1/nothing", {"json": {}}),
    (404, "HEAD", "/nothing", {}),
    (404, "OPTIONS", "/nothing", {}),
    (404, "GET", "/docs/nothing.js", {}),
    (405, "GET", "/predict", {}),
    (405, "HEAD", "/predict", {}),
    (405, "DELETE", "/v1/models", {}),
    (405, "PROPFIND", "/docs", {}),
    (413, "POST", "/predict", {"content": b" " * 10_000, "headers": {"Content-Type": "application/json"}}),
    (415, "POST", "/predict", {"content": b"{}"}),
    (400, "GET", "/health/live", {"headers": {"Host": "a b"}}),
    (200, "GET", "/v1/monitoring/coverage", {}),
    (200, "GET", "/v1/market", {}),
    (200, "GET", "/v1/market/sales", {}),
    (200, "GET", "/v1/keys/current", {}),
    (405, "DELETE", "/v1/keys/current", {}),
    (200, "POST", "/v1/outcomes", {"json": {"outcomes": [{}]}}),
    (400, "POST", "/v1/outcomes", {"json": {}}),
    (404, "GET", "/v1/valuations/nobody", {}),
    (404, "POST", "/v1/valuations/nobody/override", {"json": {"value": 1, "reason": "r", "valuer": "v"}}),
]


@pytest.mark.parametrize(("status", "method", "path", "request_"), REQUESTS)
def test_every_answer_carries_the_id_of_its_request(
    asked: Service, status: int, method: str, path: str, request_: dict[str, Any]
) -> None:
    headers = {**asked.key(), "X-Request-ID": "visit_7.a-B", **request_.get("headers", {})}
    answer = asked.client.request(method, path, **{**request_, "headers": headers})
    assert answer.status_code == status
    assert answer.headers["X-Request-ID"] == "visit_7.a-B"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        if method != "HEAD":
            problem = answer.json()
            assert (problem["status"], problem["instance"]) == (status, path)
            assert problem["type"]
            assert problem["title"]
            assert problem["detail"]
    if method == "HEAD":
        assert answer.content == b""


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a;b", "ä", "a\tb"])
def test_an_id_that_is_not_well_formed_is_replaced(asked: Service, given: str) -> None:
    answers = [asked.client.get("/health/live", headers={b"X-Request-ID": given.encode()}) for _ in range(2)]
    ids = {answer.headers["X-Request-ID"] for answer in answers}
    assert len(ids) == 2
    assert given not in ids


def test_what_a_route_takes_is_told_with_a_405_and_to_who_asks(asked: Service) -> None:
    for answer in (asked.client.delete("/health/live"), asked.client.options("/health/live")):
        assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]
    assert "HEAD" not in asked.client.get("/predict").headers["Allow"]


@pytest.mark.parametrize("path", ["/predict", "/health/live", "/v1/models/v1"])
def test_what_a_route_takes_is_told_in_words_too(asked: Service, path: str) -> None:
    answer = asked.client.delete(path)
    assert answer.json()["detail"].endswith(f"; it takes {answer.headers['Allow']}.")


def test_a_request_has_one_line_in_the_log(service: Service) -> None:
    key = service.key()
    service.client.post("/predict?", json=HOME, headers=key | {"X-Request-ID": "visit-1"})
    [line] = service.log()
    assert line.pop("timestamp")
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "client": "testclient",
        "request_id": "visit-1",
        "key_id": key["X-API-Key"].split("_")[1],
        "model_version": "v1",
    }


@pytest.mark.parametrize(("status", "method", "path", "request_"), REQUESTS)
def test_every_request_is_logged_whatever_became_of_it(
    asked: Service, status: int, method: str, path: str, request_: dict[str, Any]
) -> None:
    headers = asked.key() | request_.get("headers", {})
    before = len(asked.log())
    asked.client.request(method, path, **{**request_, "headers": headers})
    [line] = asked.log()[before:]
    assert (line["status"], line["method"], line["path"].rstrip("/")) == (status, method, path.rstrip("/"))


def test_a_key_is_in_the_line_of_its_own_requests_alone(service: Service) -> None:
    service.post("/predict", HOME)
    service.client.get("/health/live")
    with_key, without = service.log()
    assert "key_id" in with_key
    assert "key_id" not in without


def test_a_line_break_in_a_path_forges_no_line(service: Service) -> None:
    service.client.get("/nothing%0A%7B%22event%22:%22request%22%7D%0D%E2%80%A8")
    [line] = service.log()
    assert line["status"] == 404


def test_nothing_of_a_body_is_logged(service: Service) -> None:
    service.post("/predict", {**HOME, "sector": "hidden-sector", "net_area": -987.125})
    service.post("/v1/valuations", {**HOME, "sector": "hidden-sector", "client_ref": "hidden-ref"})
    written = service.everything_written()
    assert "hidden" not in written
    assert "987.125" not in written


class Faulty(ConstantPricePerArea):
    """A model with a fault, whose message repeats what it was given; it values what it is tried with."""

    def value(self, properties: Any) -> NDArray[np.float64]:
        if [home.type for home in properties] == ["departamento"]:
            return np.ones(1)
        raise ValueError(f"could not value {properties}")


@pytest.fixture
def faulty(tmp_path: Path) -> Service:
    models = InMemoryModelRepository()
    models.store(a_trained_model(model=Faulty(1.0)), a_card())
    models.promote("v1", NOON, "a test")
    return Service(tmp_path, models=models)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/predict", HOME),
        ("/predict_batch", {"data": [HOME]}),
        ("/v1/valuations", HOME),
        ("/v1/valuations?explain=true&comparables=5", HOME),
        ("/v1/valuations/batch", {"properties": [HOME]}),
        ("/v1/valuations/what-if", {"property": HOME, "changes": {}}),
    ],
)
def test_a_fault_of_ours_is_told_without_its_insides(faulty: Service, route: str, body: object) -> None:
    with faulty.running() as service:
        answer = service.post(route, body, {"X-Request-ID": "visit-1"})
        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-ID"] == "visit-1"
        assert answer.json().keys() == {"type", "title", "status", "detail", "instance"}
        assert "ValueError" not in answer.text
        assert "could not" not in answer.text


def test_a_fault_of_ours_is_logged_once_with_its_place_and_without_values(faulty: Service) -> None:
    with faulty.running() as service:
        service.post("/predict", HOME)
        [line] = service.log()
        assert (line["level"], line["status"], line["error"]) == ("error", 500, "ValueError")
        assert line["stack"].startswith("test_every_answer.py:")
        assert "value_property.py:" in line["stack"]
        written = service.everything_written()
        assert written.count("ValueError") == 2  # in the file and on the screen
        assert "Departamento" not in written


def test_an_answer_is_json_encoded_once(asked: Service) -> None:
    for answer in (
        asked.post("/predict", HOME),
        asked.post("/predict_batch", {"data": [HOME]}),
        asked.post("/v1/valuations", HOME),
        asked.client.get("/nothing"),
    ):
        assert not isinstance(json.loads(answer.text), str)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"])
def test_what_needs_no_key_takes_any_parameter(asked: Service, path: str) -> None:
    assert asked.client.get(f"{path}?cache=1&cache=2").status_code == 200
