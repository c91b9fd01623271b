"""Every answered valuation is on record before its answer, and every answer names the version that computed it."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.market_extent import OUTSIDE_MARKET
from domain.valuation_record import ValuationRecord
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.http.service import FAR_AWAY, HOME, Service, with_extras

WHAT_IF = {"property": HOME, "changes": {"net_usable_area": 100}}
ANSWERED: list[tuple[str, Any, int]] = [
    ("/predict", HOME, 1),
    ("/predict_batch", {"data": [HOME, HOME]}, 2),
    ("/v1/valuations", HOME, 1),
    ("/v1/valuations?explain=true&comparables=2", HOME, 1),
    ("/v1/valuations", FAR_AWAY, 1),
    ("/v1/valuations/what-if", WHAT_IF, 2),
    ("/v1/valuations/what-if", {"property": HOME, "changes": {"latitude": 40.0}}, 2),
    ("/v1/valuations/batch", {"properties": [HOME, FAR_AWAY, {}, HOME]}, 3),
]


def recorded(service: Service) -> list[ValuationRecord]:
    """The records of one request, taken from the log."""
    records = service.valuations.kept
    service.valuations.forget()
    return records


@pytest.fixture(scope="module")
def of_v2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("v2")).running() as service:
        assert service.client.post("/v1/models/v2/promote", headers=service.key()).status_code == 200
        yield service


@pytest.fixture
def promoted(of_v2: Service) -> Service:
    """A service whose v2 is served, and no valuation on record."""
    of_v2.valuations.forget()
    return of_v2


@pytest.mark.parametrize(("path", "body", "count"), ANSWERED)
def test_every_answer_is_on_record_and_names_its_version(promoted: Service, path: str, body: Any, count: int) -> None:
    answer = promoted.post(path, body, {"X-Request-ID": "visit-1"})
    assert answer.status_code == 200
    assert answer.headers["X-Model-Version"] == "v2"
    records = recorded(promoted)
    assert len(records) == count
    for record in records:
        assert (record.request_id, record.model_version, record.currency) == ("visit-1", "v2", "USD")
        assert record.artifact_sha256 == promoted.models.describe("v2").artifact.sha256
        assert record.at == promoted.clock.now()
        assert record.seconds > 0


def test_a_record_holds_what_was_asked_and_what_was_answered(service: Service) -> None:
    key = service.key()
    asked = HOME | {"client_ref": "file 7", "valuation_date": "2025-02-28", "pool": True, "price": 5}
    answer = service.client.post("/v1/valuations?level=0.8&explain=true&comparables=2", json=asked, headers=key).json()
    [record] = recorded(service)
    assert record.id == answer["valuation_id"]
    assert record.key_id == key["X-API-Key"].split("_")[1]
    assert record.client_ref == "file 7"
    assert (str(record.asked_date), record.asked_level) == ("2025-02-28", 0.8)
    home = record.property
    assert (home.type, home.sector, home.net_usable_area, home.extras) == (
        "Departamento",
        "Ñuñoa",
        80.0,
        {"pool": "true"},
    )
    assert record.value == answer["value"]
    assert record.interval
    assert (record.interval.low, record.interval.high, record.interval.level) == (
        answer["value_low"],
        answer["value_high"],
        answer["interval_level"],
    )
    assert {str(share): price for share, price in record.percentiles.items()} == answer["percentiles"]
    assert record.confidence
    assert (record.confidence.fsd, record.confidence.score) == (answer["fsd"], answer["confidence_score"])
    assert list(record.warnings) == answer["warnings"]
    assert record.explanation
    assert [each.effect for each in record.explanation.contributions] == [
        each["effect"] for each in answer["explanation"]["contributions"]
    ]
    assert record.comparables
    assert [each.similar.id for each in record.comparables] == [each["id"] for each in answer["comparables"]]


def test_values_alone_are_on_record_whole(service: Service) -> None:
    number = service.post("/predict", HOME).json()
    [record] = recorded(service)
    assert record.value == number
    assert record.interval
    assert record.confidence


def test_a_refusal_is_on_record(service: Service) -> None:
    assert service.post("/predict", FAR_AWAY).status_code == 400
    [record] = recorded(service)
    assert (record.value, record.interval) == (None, None)
    assert record.refusal
    assert record.refusal.reason == OUTSIDE_MARKET


@pytest.mark.parametrize(("path", "body"), [("/predict", FAR_AWAY), ("/predict_batch", {"data": [HOME, FAR_AWAY]})])
def test_a_refusal_names_the_version_that_refused(promoted: Service, path: str, body: Any) -> None:
    answer = promoted.post(path, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/refused-property")
    assert answer.headers["X-Model-Version"] == "v2"
    assert [record.model_version for record in recorded(promoted)] == ["v2"]


def test_a_body_that_cannot_be_read_names_no_version(service: Service) -> None:
    assert "X-Model-Version" not in service.post("/predict", {}).headers


def test_of_a_batch_that_is_refused_what_is_told_is_on_record(service: Service) -> None:
    assert service.post("/predict_batch", {"data": [HOME, FAR_AWAY, HOME]}).status_code == 400
    assert [record.property.latitude for record in recorded(service)] == [FAR_AWAY["latitude"]]


def test_both_valuations_of_a_what_if_are_on_record_with_their_homes(service: Service) -> None:
    answer = service.post("/v1/valuations/what-if", WHAT_IF).json()
    records = recorded(service)
    assert [record.id for record in records] == [answer[part]["valuation_id"] for part in ("before", "after")]
    assert [record.property.net_usable_area for record in records] == [80.0, 100.0]


def test_the_homes_of_a_batch_are_on_record_each_with_its_own(tmp_path: Path) -> None:
    rows = [HOME | {"client_ref": "a"}, HOME | {"year_built": "old"}, HOME | {"n_rooms": 5, "client_ref": "b"}]
    with Service(tmp_path, models=with_extras()).running() as service:
        answer = service.post("/v1/valuations/batch", {"properties": rows}).json()
        records = recorded(service)
    assert [(record.client_ref, record.property.n_rooms) for record in records] == [("a", 3.0), ("b", 5.0)]
    assert [record.id for record in records] == [
        each["valuation_id"] for each in answer["valuations"] if each["valuation_id"]
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {}),
        ("/predict_batch", {"data": [HOME, {}]}),
        ("/predict_batch", {"data": []}),
        ("/v1/valuations", {}),
        ("/v1/valuations?level=2", HOME),
        ("/v1/valuations/what-if", {}),
        ("/v1/valuations/batch", {"properties": []}),
        ("/v1/valuations/batch", {"properties": [{}]}),
    ],
)
def test_what_is_no_valuation_is_not_on_record(service: Service, path: str, body: Any) -> None:
    service.post(path, body)
    service.client.post(path, json=body)
    assert recorded(service) == []


@pytest.mark.parametrize(("path", "body", "count"), [*ANSWERED, ("/predict", FAR_AWAY, 1)])
def test_without_a_record_there_is_no_answer(service: Service, path: str, body: Any, count: int) -> None:
    service.valuations.full = True
    answer = service.post(path, body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "X-Model-Version" not in answer.headers
    problem = answer.json()
    assert problem["type"] == "/problems/log-unavailable"
    assert "valuation_id" not in answer.text
    assert "/srv/records" not in answer.text
    assert "/srv/records" in service.log()[-1]["error"]
    service.valuations.full = False
    assert service.post(path, body).status_code in {200, 400}


def test_no_homes_name_no_version(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        for path, part in (("/predict_batch", "data"), ("/v1/valuations/batch", "properties")):
            answer = service.post(path, {part: []})
            assert answer.status_code == 200
            assert "X-Model-Version" not in answer.headers


class Waited(InMemoryValuationLog):
    """A log that takes its time, and notes in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()

    @property
    def is_slow(self) -> bool:
        return True

    def record(self, records: Sequence[ValuationRecord]) -> None:
        self.threads.add(threading.current_thread().name.partition("_")[0])
        super().record(records)


def test_a_disk_that_is_waited_for_holds_up_nobody_else(tmp_path: Path) -> None:
    log = Waited()
    service = Service(tmp_path, valuations=log)
    with service.running():
        for path, body, _ in ANSWERED:
            assert service.post(path, body).status_code == 200
    assert log.threads == {"records"}
