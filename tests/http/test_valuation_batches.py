"""Valuations of many homes over HTTP: one bad row never fails the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from application.served_model import ServedModel
from domain.property import Property
from entrypoints.http.schemas import ValuationAnswer
from entrypoints.http.valuations import MOST_DETAILS, MOST_ROWS
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ConstantPricePerArea, a_card, a_trained_model
from tests.http.service import ERRORS, FAR_AWAY, HOME, Service, fields, serving, with_extras

ROUTE = "/v1/valuations/batch"


def valuations(service: Service, rows: list[Any], query: str = "") -> list[dict[str, Any]]:
    answer = service.post(ROUTE + query, {"properties": rows})
    assert answer.status_code == 200
    assert answer.json().keys() == {"valuations"}
    told: list[dict[str, Any]] = answer.json()["valuations"]
    return told


def test_every_home_is_valued_in_its_place_as_it_is_alone(asked: Service) -> None:
    homes = [{**HOME, "net_usable_area": area, "client_ref": f"file {area}"} for area in (80, 30.5, 120)]
    together = valuations(asked, homes)
    for home, told in zip(homes, together, strict=True):
        alone = asked.post("/v1/valuations", home).json()
        assert told.pop("valuation_id") != alone.pop("valuation_id")
        assert told == alone


def test_homes_are_valued_as_of_their_own_days(asked: Service) -> None:
    days = ["2025-02-28", "2023-01-01"]
    told = valuations(asked, [{**HOME, "valuation_date": day} for day in days])
    assert [each["valuation_date"] for each in told] == days


def test_no_homes_are_no_valuations_even_before_a_model_is_served(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        assert valuations(service, []) == []
        for rows in ([HOME], [3]):
            assert service.post(ROUTE, {"properties": rows}).status_code == 503


def test_a_bad_row_is_answered_in_its_place_and_fails_no_other(asked: Service) -> None:
    bad = {**HOME, "net_area": 0, "type": None, "client_ref": "file 3"}
    rows = [HOME, bad, 3, FAR_AWAY, HOME | {"valuation_date": "soon", "client_ref": 9}, HOME]
    told = valuations(asked, rows)
    statuses = [(each["status"], each["reason"]) for each in told]
    invalid, fine = ("refused", "invalid_property"), ("valued", None)
    assert statuses == [fine, invalid, invalid, ("refused", "outside_market"), invalid, fine]
    assert {each["field"]: each["message"] for each in told[1]["errors"]} == {
        "properties[1].type": "must be text, not null",
        "properties[1].net_area": "must be greater than 0",
    }
    assert told[2]["errors"] == [{"field": "properties[2]", "message": "must be an object, not a number"}]
    assert {each["field"] for each in told[4]["errors"]} == {
        "properties[4].client_ref",
        "properties[4].valuation_date",
    }
    assert [each["client_ref"] for each in told] == [None, "file 3", None, None, None, None]
    assert "errors" not in told[0] | told[3]


def test_a_row_that_cannot_be_used_has_the_fields_of_every_other_without_figures(asked: Service) -> None:
    valued, unusable = valuations(asked, [HOME, {}])
    assert unusable.keys() == valued.keys() | {"errors"}
    for name in ("valuation_id", "valuation_date", "value", "value_low", "value_high", "percentiles", "fsd"):
        assert unusable[name] is None, name
    assert (unusable["currency"], unusable["model"]) == (valued["currency"], valued["model"])
    assert unusable["warnings"] == [unusable["reason_detail"]]
    assert set(ValuationAnswer.__struct_fields__) >= unusable.keys()


def test_further_features_of_the_wrong_kind_are_found_in_whichever_row(tmp_path: Path) -> None:
    home = HOME | {"year_built": 1987, "heating": "gas"}
    rows = [home] * 5 + [home | {"year_built": "old"}] + [home] * 3 + [home | {"heating": 3, "client_ref": "file 9"}]
    with Service(tmp_path, models=with_extras()).running() as service:
        told = valuations(service, rows, "?explain=true")
        assert [place for place, each in enumerate(told) if each["status"] == "refused"] == [5, 9]
        assert [each["field"] for each in told[5]["errors"]] == ["properties[5].year_built"]
        assert [each["field"] for each in told[9]["errors"]] == ["properties[9].heating"]
        assert told[9]["client_ref"] == "file 9"
        assert all("explanation" in each for each in told if each["status"] == "valued")


def test_a_batch_of_bad_rows_only_is_answered_too(asked: Service) -> None:
    told = valuations(asked, [{}, None, []])
    assert {each["reason"] for each in told} == {"invalid_property"}
    assert told[0]["model"]["version"] == "v1"


def test_explanations_comparables_and_a_level_may_be_asked_for(asked: Service) -> None:
    for told in valuations(asked, [HOME, HOME], "?explain=true&comparables=2&level=0.5"):
        assert told["interval_level"] == 0.5
        assert len(told["comparables"]) == 2
        assert told["explanation"]["contributions"]


def test_query_parameters_that_nothing_reads_are_refused(asked: Service) -> None:
    assert fields(asked.post(ROUTE + "?levle=0.5", {"properties": [HOME]})) == {"levle": "is not known here"}


@pytest.mark.parametrize("body", [{}, {"properties": None}, {"properties": HOME}, {"data": [HOME]}, HOME])
def test_a_batch_without_a_list_is_told_so(asked: Service, body: object) -> None:
    assert set(fields(asked.post(ROUTE, body))) == {"properties"}


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("", MOST_ROWS),
        ("?explain=true", MOST_DETAILS),
        ("?comparables=50", MOST_DETAILS // 50),
        ("?explain=true&comparables=49", MOST_DETAILS // 50),
    ],
)
def test_a_batch_that_asks_for_too_much_is_refused_as_a_whole(tmp_path: Path, query: str, most: int) -> None:
    with Service(tmp_path, max_batch_kb=64).running() as service:
        answer = service.post(ROUTE + query, {"properties": [0] * (most + 1)})
        message = f"must hold at most {most} homes, with what is asked of each, not {most + 1}"
        assert fields(answer) == {"properties": message}
        assert str(MOST_ROWS) in str(service.client.get("/openapi.json").json()["paths"][ROUTE])


def test_a_batch_for_numbers_alone_is_limited_too(tmp_path: Path) -> None:
    with Service(tmp_path, max_batch_kb=64).running() as service:
        answer = service.post("/predict_batch", {"data": [0] * (MOST_ROWS + 1)})
        assert fields(answer) == {"data": f"must hold at most {MOST_ROWS} homes, not {MOST_ROWS + 1}"}
        assert str(MOST_ROWS) in str(service.client.get("/openapi.json").json()["paths"]["/predict_batch"])
        assert str(MOST_DETAILS) in str(service.client.get("/openapi.json").json()["paths"][ROUTE])


class Waiting(ConstantPricePerArea):
    """A model that values many homes only once it may."""

    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        if len(properties) > 1:
            assert MAY_VALUE.wait(60)
        return super().value(properties)


MAY_VALUE = Event()


def test_batches_hold_up_no_other_request(tmp_path: Path) -> None:
    trained = a_trained_model(model=Waiting(2000.0))
    with Service(tmp_path, models=serving(trained)).running() as service, ThreadPoolExecutor(20) as callers:
        batches = [callers.submit(service.post, ROUTE, {"properties": [HOME, HOME]}) for _ in range(20)]
        try:
            assert service.post("/predict", HOME).text == "160000.0"
        finally:
            MAY_VALUE.set()
        assert {batch.result().status_code for batch in batches} == {200}


def test_all_rows_of_an_answer_name_the_model_that_is_served(asked: Service) -> None:
    served: ServedModel = asked.container.served_model()
    version = served.current().description.version
    assert {each["model"]["version"] for each in valuations(asked, [HOME, {}, FAR_AWAY])} == {version}


class Interrupted(ConstantPricePerArea):
    """A model that is busy valuing when something happens."""

    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        for act in MEANWHILE:
            act()
        return super().value(properties)


MEANWHILE: list[Callable[[], object]] = []


def test_a_batch_is_valued_by_one_version_whatever_is_promoted_meanwhile(tmp_path: Path) -> None:
    models = with_extras()
    schema = models.describe("v1").card.features
    for price in (2000.0, 3000.0):
        models.store(a_trained_model(log_ratios=ERRORS, model=Interrupted(price, schema)), a_card(features=schema))
    models.promote("v2", NOON, "a test")
    with Service(tmp_path, models=models).running() as service:
        served: ServedModel = service.container.served_model()

        def switch() -> None:
            MEANWHILE.clear()  # the new version is tried before it serves, which is no request
            models.promote("v3" if served.current().description.version == "v2" else "v2", NOON, "a test")
            served.refresh()
            MEANWHILE.append(switch)

        rows = [HOME, HOME, HOME | {"year_built": "old"}, HOME, HOME]
        MEANWHILE.append(switch)
        try:
            answer = service.post(ROUTE, {"properties": rows})
        finally:
            MEANWHILE.clear()
        told = answer.json()["valuations"]
        assert [each["status"] for each in told] == ["valued", "valued", "refused", "valued", "valued"]
        assert {each["value"] for each in told} == {160_000.0, None}
        assert {each["model"]["version"] for each in told} == {"v2"} == {answer.headers["X-Model-Version"]}
