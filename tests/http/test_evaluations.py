"""The evaluation of a stored model over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.api_key import Scope
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import a_card, a_trained_model
from tests.fakes.pictures import a_picture
from tests.http.service import ERRORS, Service


def two_versions() -> InMemoryModelRepository:
    """v1 is served, with a picture; v2 was stored without one."""
    models = InMemoryModelRepository()
    models.store(a_trained_model(log_ratios=ERRORS), a_card(currency="UF"), "ana", a_picture())
    models.store(a_trained_model(3000.0, log_ratios=ERRORS), a_card())
    models.promote("v1", NOON, "a test")
    return models


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """For tests that change nothing of it."""
    with Service(tmp_path_factory.mktemp("asked"), models=two_versions()).running() as service:
        yield service


@pytest.fixture
def models() -> InMemoryModelRepository:
    return two_versions()


@pytest.fixture
def service(tmp_path: Path, models: InMemoryModelRepository) -> Iterator[Service]:
    with Service(tmp_path, models=models).running() as service:
        yield service


def test_the_evaluation_is_told_as_it_was_kept(asked: Service) -> None:
    answer = asked.client.get("/v1/models/v1/evaluation", headers=asked.key(Scope.MODELS_READ))
    assert answer.status_code == 200
    told = answer.json()
    kept = msgspec.to_builtins(a_picture())
    for group in (*kept["by_sector"], *kept["by_type"]):
        assert (group.pop("low"), group.pop("high")) == (None, None)
    assert told == msgspec.json.decode(msgspec.json.encode({"version": "v1", "currency": "UF", **kept}))


def test_that_of_the_served_model_can_be_asked_for(asked: Service) -> None:
    key = asked.key(Scope.MODELS_READ)
    current = asked.client.get("/v1/models/current/evaluation", headers=key)
    assert current.content == asked.client.get("/v1/models/v1/evaluation", headers=key).content


def test_a_version_that_was_stored_without_one_says_what_to_do(
    service: Service, models: InMemoryModelRepository
) -> None:
    models.promote("v2", NOON, "a test")
    service.container.served_model().refresh()
    for name in ("v2", "current"):
        answer = service.client.get(f"/v1/models/{name}/evaluation", headers=service.key())
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/evaluation-not-kept"
        assert "train again" in answer.json()["detail"]


@pytest.mark.parametrize("version", ["v9", "v0", "..", "v1%00"])
def test_that_of_a_version_that_is_not_stored_is_a_404(asked: Service, version: str) -> None:
    answer = asked.client.get(f"/v1/models/{version}/evaluation", headers=asked.key())
    assert answer.status_code == 404
    assert answer.json()["type"] in {"/problems/model-not-found", "about:blank"}


def test_an_altered_one_is_refused_while_the_model_serves_on(service: Service, models: InMemoryModelRepository) -> None:
    models.damage_picture("v1")
    answer = service.client.get("/v1/models/v1/evaluation", headers=service.key())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/evaluation-refused")
    assert service.client.get("/v1/models/current", headers=service.key()).status_code == 200


def test_the_list_of_models_holds_no_single_sale(asked: Service) -> None:
    answer = asked.client.get("/v1/models", headers=asked.key())
    assert not {"picture", "points", "worst"} & answer.json()["models"][0].keys()
    assert "151000.5" not in answer.text


def test_a_repository_that_is_down_is_a_503(service: Service, models: InMemoryModelRepository) -> None:
    key = service.key()
    models.go_down()
    for name in ("v1", "current"):
        answer = service.client.get(f"/v1/models/{name}/evaluation", headers=key)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/models-unavailable")
