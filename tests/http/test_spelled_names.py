"""Whoever wrote "Ñuñoa" reads "Ñuñoa", wherever names are shown; programs go on comparing normalised forms."""

from collections.abc import Iterator
from typing import Any

import pytest

from application.ports.model_trainer import TrainedModel
from application.replay_valuations import ReplayValuations
from domain.api_key import Scope
from domain.replay import ReplayStatus
from domain.spellings import AS_COMPARED
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.sales import some_sales
from tests.http.service import HOME, Service
from tests.unit.test_train_model import Bench

SECTORS = ["Las Condes", "Ñuñoa", "Puente Alto"]
"""In the order of their normalised forms."""


def as_stored_before(trained: TrainedModel) -> TrainedModel:
    """The model as it comes back from bytes of a program that kept no spellings."""
    before = TrainedModel.__new__(TrainedModel)
    before.__setstate__([getattr(trained, name) for name in TrainedModel.__slots__ if name != "spellings"])
    return before


@pytest.fixture(scope="module")
def models() -> InMemoryModelRepository:
    """v1 was trained on sales of Ñuñoa, mostly so written, and is served; v2 is the same as an older program had it."""
    sales = some_sales(300)
    homes = sales.index[sales["sector"] == "Ñuñoa"]
    sales.loc[homes[:30], "sector"] = "NUNOA"
    sales.loc[homes[30:55], "sector"] = " ñuñoa "
    sales["type"] = sales["type"].str.title()
    bench = Bench(sales)
    card = bench.train(by="ana").stored.card
    bench.models.store(as_stored_before(bench.models.load("v1")), card, "ana", bench.models.picture("v1"))
    return bench.models


@pytest.fixture(scope="module")
def service(models: InMemoryModelRepository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("spelled"), models=models).running() as service:
        yield service


@pytest.fixture
def before(service: Service, models: InMemoryModelRepository) -> Iterator[Service]:
    """The service while it serves the model that was stored before."""
    models.promote("v2", NOON, "ana")
    service.container.served_model().refresh()
    yield service
    models.promote("v1", NOON, "ana")
    service.container.served_model().refresh()


def told(service: Service, path: str) -> Any:
    answer = service.client.get(path, headers=service.key(Scope.VALUE, Scope.MODELS_READ, Scope.AUDIT_READ))
    assert answer.status_code == 200, answer.text
    return answer.json()


def comparables(service: Service) -> dict[str, Any]:
    valuation: dict[str, Any] = service.post("/v1/valuations?comparables=9", HOME).json()
    return valuation


def test_the_market_is_told_by_the_names_that_its_sales_have(service: Service) -> None:
    market = told(service, "/v1/market")
    assert [each["name"] for each in market["types"]] == ["Casa", "Departamento"]
    assert [each["name"] for each in market["sectors"]] == SECTORS
    assert market["typical_home"]["sector"] in SECTORS
    assert service.post("/v1/valuations", market["typical_home"]).json()["limiting_factors"] == []


def test_sales_on_the_map_and_comparables_have_the_names_that_their_source_has(service: Service) -> None:
    sales = told(service, "/v1/market/sales?sector=nunoa&type=CASA")
    assert set(sales["sales"]["sector"]) == {"Ñuñoa"}
    assert set(sales["sales"]["type"]) == {"Casa"}
    shown = comparables(service)["comparables"]
    assert {each["sector"] for each in shown} <= set(SECTORS)
    assert {each["type"] for each in shown} <= {"Casa", "Departamento"}


def test_the_evaluation_is_told_likewise(service: Service) -> None:
    evaluation = told(service, "/v1/models/v1/evaluation")
    assert {each["label"] for each in evaluation["by_sector"]} <= set(SECTORS)
    assert {each["label"] for each in evaluation["by_type"]} == {"Casa", "Departamento"}
    assert set(evaluation["points"]["sector"]) == set(SECTORS)
    assert {each["sector"] for each in evaluation["worst"]} <= set(SECTORS)


def test_programs_find_the_normalised_forms_on_the_card(service: Service) -> None:
    features = told(service, "/v1/models/v1")["card"]["features"]
    assert features["types"] == ["casa", "departamento"]
    assert features["sectors"] == ["las condes", "nunoa", "puente alto"]


def test_a_model_stored_before_shows_normalised_names_and_gives_the_same_figures(before: Service) -> None:
    assert before.container.served_model().current().trained.spellings == AS_COMPARED
    assert [each["name"] for each in told(before, "/v1/market")["sectors"]] == ["las condes", "nunoa", "puente alto"]
    old = comparables(before)
    before.container.model_repository().promote("v1", NOON, "ana")
    before.container.served_model().refresh()
    new = comparables(before)
    names = {"type", "sector"}
    assert old["value"] == new["value"]
    assert [{name: each[name] for name in each if name not in names} for each in old["comparables"]] == [
        {name: each[name] for name in each if name not in names} for each in new["comparables"]
    ]
    assert {each["sector"] for each in old["comparables"]} <= {"las condes", "nunoa", "puente alto"}


def test_valuations_of_either_model_replay_to_the_last_letter(before: Service, models: InMemoryModelRepository) -> None:
    ids = [comparables(before)["valuation_id"]]
    models.promote("v1", NOON, "ana")
    before.container.served_model().refresh()
    ids.append(comparables(before)["valuation_id"])
    replay = ReplayValuations(before.valuations, models)
    assert [(replay.one(each).model_version, replay.one(each).status) for each in ids] == [
        ("v2", ReplayStatus.IDENTICAL),
        ("v1", ReplayStatus.IDENTICAL),
    ]
    shown = [told(before, f"/v1/valuations/{each}") for each in ids]
    assert [{sale["sector"] for sale in each["comparables"]} <= set(SECTORS) for each in shown] == [False, True]
