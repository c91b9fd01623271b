"""The registry of models over HTTP, and what it does to the values."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from application.ports.model_trainer import TrainedModel
from domain.api_key import Scope
from domain.errors import ModelRefused
from domain.model_version import ModelCard
from entrypoints.http.schemas import ModelCardAnswer
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import a_card, a_trained_model
from tests.http.service import HOME, Service, two_models


def models(service: Service) -> InMemoryModelRepository:
    assert isinstance(service.models, InMemoryModelRepository)
    return service.models


def test_the_stored_models_are_listed_with_all_that_is_known_of_them(asked: Service) -> None:
    answer = asked.client.get("/v1/models", headers=asked.key(Scope.MODELS_READ))
    assert answer.status_code == 200
    first, second = answer.json()["models"]
    assert (first["version"], first["serving"], first["refused"]) == ("v1", True, None)
    assert (second["version"], second["serving"], second["promotions"]) == ("v2", False, [])
    assert second["card"]["recipe"] == "forest"
    assert first["card"]["metrics"]["rmse"] == 21_000.5
    assert first["promotions"] == [
        {
            "version": "v1",
            "action": "promote",
            "at": "2026-11-22T12:00:00Z",
            "by": "a test",
            "reason": "",
            "number": 1,
            "clock_behind": False,
        }
    ]
    assert len(first["artifact"]["sha256"]) == 64


def test_the_card_is_told_whole(asked: Service) -> None:
    told = asked.client.get("/v1/models/v1", headers=asked.key()).json()["card"]
    assert told == msgspec.json.decode(msgspec.json.encode(a_card()))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("/srv/data/2026/sales.csv", "sales.csv"),
        ("sales@home.csv", "sales@home.csv"),
        ("postgresql://reader:hidden@db.internal:5432/sales?options=/a/b", "sales"),
        ("postgresql://reader:hidden@db.internal", "db.internal"),
    ],
)
def test_where_the_sales_are_kept_is_not_told(tmp_path: Path, source: str, told: str) -> None:
    repository = InMemoryModelRepository()
    repository.store(a_trained_model(), a_card(data=replace(a_card().data, source=source)))
    with Service(tmp_path, models=repository).running() as service:
        answer = service.client.get("/v1/models/v1", headers=service.key())
        assert answer.json()["card"]["data"]["source"] == told
        assert "hidden" not in answer.text


def names(kind: Any) -> dict[str, Any]:
    """The names of the fields of a dataclass or a Struct, and theirs."""
    kind = kind.__origin__ if hasattr(kind, "__metadata__") else kind
    if is_dataclass(kind):
        return {field.name: names(field.type) for field in fields(kind)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {field.name: names(field.type) for field in msgspec.structs.fields(kind)}
    return {}


def test_the_wire_has_every_field_of_a_card() -> None:
    assert names(ModelCardAnswer) == names(ModelCard)


def test_the_served_model_can_be_asked_for(asked: Service) -> None:
    key = asked.key(Scope.MODELS_READ)
    current = asked.client.get("/v1/models/current", headers=key)
    assert current.json()["version"] == "v1"
    assert current.json() == asked.client.get("/v1/models/v1", headers=key).json()


@pytest.mark.parametrize("version", ["v9", "v0", "1", "..", "%2e%2e", "v1%00", "x" * 5000])
def test_a_version_that_is_not_stored_is_a_404(asked: Service, version: str) -> None:
    for method, path in (("GET", f"/v1/models/{version}"), ("POST", f"/v1/models/{version}/promote")):
        answer = asked.client.request(method, path, headers=asked.key())
        assert answer.status_code in {404, 405}
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_promotion_switches_the_values_by_the_time_of_its_answer(service: Service) -> None:
    key = service.key(Scope.MODELS_WRITE)
    answer = service.client.post("/v1/models/v2/promote", headers=key)
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["serving"]) == ("v2", True)
    [promotion] = answer.json()["promotions"]
    assert (promotion["action"], promotion["by"]) == ("promote", key["X-API-Key"].split("_")[1])
    assert service.post("/predict", HOME).text == "240000.0"
    assert service.post("/v1/valuations", HOME).json()["model"]["version"] == "v2"


def test_a_rollback_serves_the_version_before_again(service: Service) -> None:
    service.client.post("/v1/models/v2/promote", headers=service.key())
    answer = service.client.post("/v1/models/rollback", headers=service.key(Scope.MODELS_WRITE))
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["serving"]) == ("v1", True)
    assert service.post("/predict", HOME).text == "160000.0"


def test_a_reason_may_be_given_and_is_recorded(service: Service) -> None:
    key = service.key(Scope.MODELS_WRITE)
    for path, reason in (("v2/promote", "lower COD, ¡por fin!"), ("rollback", "x" * 200)):
        answer = service.client.post(f"/v1/models/{path}", headers=key, json={"reason": reason})
        assert answer.json()["promotions"][-1]["reason"] == reason
    for nothing in ({}, {"reason": ""}):
        answer = service.client.post("/v1/models/v2/promote", headers=key, json=nothing)
        assert answer.json()["promotions"][-1]["reason"] == ""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"reason": 1}', "must be one line of text"),
        (b'{"reason": "a\\nb"}', "must be one line of text"),
        (b'{"reason": "%s"}' % (b"x" * 201), "at most 200 characters"),
        (b'{"raison": "x"}', "raison: is not known here"),
        (b"[]", "must be a JSON object"),
        (b"{", "cannot be read as JSON"),
    ],
)
def test_a_reason_that_cannot_be_recorded_is_a_400_and_changes_nothing(asked: Service, body: bytes, told: str) -> None:
    headers = {**asked.key(), "Content-Type": "application/json"}
    answer = asked.client.post("/v1/models/v2/promote", headers=headers, content=body)
    assert answer.status_code == 400
    assert told in answer.json()["detail"]
    assert asked.post("/predict", HOME).text == "160000.0"


def test_where_no_version_was_served_before_there_is_nothing_to_roll_back(service: Service) -> None:
    answer = service.client.post("/v1/models/rollback", headers=service.key())
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/nothing-to-roll-back"
    assert service.post("/predict", HOME).text == "160000.0"


def test_an_altered_model_is_listed_as_it_was_for_a_list_reads_no_bytes(service: Service) -> None:
    models(service).damage("v2")
    _, second = service.client.get("/v1/models", headers=service.key()).json()["models"]
    assert second["refused"] is None


def test_an_altered_model_is_not_promoted_and_the_served_one_stays(service: Service) -> None:
    models(service).damage("v2")
    answer = service.client.post("/v1/models/v2/promote", headers=service.key())
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/model-refused"
    assert "v2" in answer.json()["detail"]
    assert service.post("/predict", HOME).text == "160000.0"


class WithUnloadableV2(InMemoryModelRepository):
    """Whose v2 is stored unaltered and yet cannot be loaded, as with other versions of the libraries."""

    def load(self, version: str) -> TrainedModel:
        if version == "v2":
            raise ModelRefused("Model version v2 is refused: it was stored with another scikit-learn.")
        return super().load(version)


@pytest.mark.parametrize("place", ["/srv/models/versions/v2", "s3://bucket/models/versions/v2"])
def test_where_the_models_are_kept_is_not_told(tmp_path: Path, place: str) -> None:
    class WithForeignV2(InMemoryModelRepository):
        def verify(self, version: str) -> None:
            if version == "v2":
                raise ModelRefused(f"Model version v2 is refused: {place}/manifest.json was altered.")

    repository = WithForeignV2()
    repository.store(a_trained_model(2000.0), a_card())
    with Service(tmp_path, models=repository).running() as service:
        answer = service.client.post("/v1/models/v2/promote", headers=service.key())
        assert answer.json()["detail"] == "Model version v2 is refused: manifest.json was altered."


def test_a_promoted_model_that_cannot_be_loaded_is_told_and_the_served_one_stays(tmp_path: Path) -> None:
    repository = WithUnloadableV2()
    repository.store(a_trained_model(2000.0), a_card())
    repository.store(a_trained_model(3000.0), a_card())
    repository.promote("v1", FixedClock().now(), "a test")
    with Service(tmp_path, models=repository).running() as service:
        answer = service.client.post("/v1/models/v2/promote", headers=service.key())
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Model version v2 is refused: it was stored with another scikit-learn."
        assert service.post("/predict", HOME).text == "160000.0"
        [first, second] = service.client.get("/v1/models", headers=service.key()).json()["models"]
        assert (first["serving"], second["serving"]) == (True, False)
        assert service.client.get("/v1/models/current", headers=service.key()).json()["version"] == "v1"


def test_a_refused_version_is_listed_with_its_reason(tmp_path: Path) -> None:
    class WithNonsense(InMemoryModelRepository):
        def describe(self, version: str) -> Any:
            if version == "v2":
                raise ModelRefused("Model version v2 is refused: its manifest is no JSON.")
            return super().describe(version)

    repository = WithNonsense()
    repository.store(a_trained_model(), a_card())
    repository.store(a_trained_model(), a_card())
    with Service(tmp_path, models=repository).running() as service:
        first, second = service.client.get("/v1/models", headers=service.key()).json()["models"]
        assert first["refused"] is None
        assert second["refused"] == "Model version v2 is refused: its manifest is no JSON."
        assert second["card"] is None


def test_a_repository_that_is_down_is_a_503_while_values_go_on(service: Service) -> None:
    key = service.key()
    models(service).go_down()
    for method, path in (
        ("GET", "/v1/models"),
        ("GET", "/v1/models/v1"),
        ("GET", "/v1/models/current"),
        ("POST", "/v1/models/v2/promote"),
        ("POST", "/v1/models/rollback"),
    ):
        answer = service.client.request(method, path, headers=key)
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"]
        assert answer.json()["type"] == "/problems/models-unavailable"
        assert "in memory" not in answer.text
        assert "in memory" in service.log()[-1]["error"]
    assert service.client.post("/predict", json=HOME, headers=key).text == "160000.0"


def test_two_models_is_what_the_tests_say_it_is() -> None:
    assert two_models(FixedClock()).versions() == ["v1", "v2"]
