"""Values over HTTP: one home, many homes, whole valuations."""

import math
from pathlib import Path
from typing import Any

import pytest

from domain.model_version import FeatureSchema
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import SCHEMA, a_card, a_trained_model
from tests.http.service import ERRORS, HOME, Service, fields


def test_the_value_of_a_home_is_one_bare_json_number(asked: Service) -> None:
    answer = asked.post("/predict", HOME)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text == "160000.0"
    assert type(answer.json()) is float  # the original encoded its answers twice: a text with a number in it


def test_the_values_of_many_homes_come_in_their_order(asked: Service) -> None:
    homes = [{**HOME, "net_usable_area": area} for area in (80, 30.5, 200)]
    answer = asked.post("/predict_batch", {"data": homes})
    assert answer.status_code == 200
    assert answer.json() == [160_000.0, 61_000.0, 400_000.0]


def test_no_homes_have_no_values(asked: Service) -> None:
    assert asked.post("/predict_batch", {"data": []}).json() == []


def test_no_homes_have_no_values_even_before_a_model_is_served(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        assert service.post("/predict_batch", {"data": []}).json() == []


def test_all_routes_agree_on_a_value_to_the_last_digit(asked: Service) -> None:
    home = {**HOME, "net_usable_area": 77.70000000000003}
    alone = asked.post("/predict", home).text
    [among_others] = asked.post("/predict_batch", {"data": [home]}).text[1:-1].split(",")
    assert alone == among_others == str(asked.post("/v1/valuations", home).json()["value"])


def test_a_valuation_tells_its_figures_and_where_they_come_from(asked: Service) -> None:
    answer = asked.post("/v1/valuations", {**HOME, "client_ref": "file 2026-118"}).json()
    assert answer.pop("valuation_id")
    low, high = answer.pop("value_low"), answer.pop("value_high")
    assert math.isclose(low, 160_000 * math.exp(-0.2))
    assert math.isclose(high, 160_000 * math.exp(0.2))
    assert answer == {
        "client_ref": "file 2026-118",
        "status": "valued",
        "reason": None,
        "currency": "USD",
        "valuation_date": "2026-11-22",
        "value": 160_000.0,
        "interval_level": 0.9,
        "model": {"version": "v1", "recipe": "boosted", "trained_at": "2026-11-22T09:30:15.250000Z"},
        "warnings": [],
    }


def test_every_valuation_has_an_id_of_its_own(asked: Service) -> None:
    assert len({asked.post("/v1/valuations", HOME).json()["valuation_id"] for _ in range(3)}) == 3


def test_the_level_of_the_interval_may_be_asked_for(asked: Service) -> None:
    wide, narrow = (asked.post(f"/v1/valuations?level={level}", HOME).json() for level in (0.8, 0.3))
    assert (wide["interval_level"], narrow["interval_level"]) == (0.8, 0.3)
    assert wide["value_low"] < narrow["value_low"] < narrow["value"] < narrow["value_high"] < wide["value_high"]


@pytest.mark.parametrize("level", ["0", "1", "-0.5", "1.5", "nan", "inf", "1e-400", "abc", "", "90%25"])
def test_a_level_that_is_no_share_is_refused_by_name(asked: Service, level: str) -> None:
    answer = asked.post(f"/v1/valuations?level={level}", HOME)
    assert fields(answer) == {"level": "must be greater than 0 and less than 1"}
    assert answer.json()["type"] == "/problems/invalid-parameter"


@pytest.mark.parametrize("query", ["level=0.5&level=0.5", "level=0.5&other=1&level=0.6"])
def test_a_level_given_twice_is_refused_by_name(asked: Service, query: str) -> None:
    answer = asked.post(f"/v1/valuations?{query}", HOME)
    assert fields(answer) == {"level": "must be given only once"}
    assert answer.json()["type"] == "/problems/invalid-parameter"


def test_query_parameters_that_nothing_reads_are_warned_of(asked: Service) -> None:
    answer = asked.post("/v1/valuations?Level=0.5&foo=1&foo=2&level=0.8", HOME)
    assert answer.json()["interval_level"] == 0.8
    assert answer.json()["warnings"] == [
        "query parameter 'Level' is not known and was ignored",
        "query parameter 'foo' is not known and was ignored",
    ]


def test_a_query_of_rubbish_makes_no_endless_or_broken_warnings(asked: Service) -> None:
    answer = asked.post("/v1/valuations?a%0Ab=1&%E2%80%A8=2&" + "&".join(f"{'x' * 50}{n}=1" for n in range(9)), HOME)
    warnings = answer.json()["warnings"]
    assert len(warnings) == 5
    assert "'a\\nb'" in warnings[0]
    assert "'\\u2028'" in warnings[1]
    assert f"'{'x' * 40}'" in warnings[2]


def test_a_valuation_may_be_as_of_a_day(asked: Service) -> None:
    for day, warnings in (("2025-02-28", 0), ("2019-02-28", 1)):  # the sales of the model begin in 2021
        answer = asked.post("/v1/valuations", {**HOME, "valuation_date": day}).json()
        assert answer["valuation_date"] == day
        assert len(answer["warnings"]) == warnings


def test_a_row_of_a_sales_table_may_be_sent_as_it_is(asked: Service) -> None:
    row = {**HOME, "price": "a secret", "sold_on": "2024-01-05", "id": 17}
    assert asked.post("/predict", row).text == "160000.0"
    assert asked.post("/v1/valuations", row).json()["warnings"] == []


def test_fields_that_the_model_does_not_know_are_ignored_with_a_warning(asked: Service) -> None:
    answer = asked.post("/v1/valuations", {**HOME, "pool": True, "view": "sea", "floor": 3, "garden": None})
    assert answer.status_code == 200
    assert len(answer.json()["warnings"]) == 4


@pytest.fixture
def with_extras(tmp_path: Path) -> Service:
    """A service whose model was trained with further features."""
    models = InMemoryModelRepository()
    schema = FeatureSchema(("year_built",), ("heating",), SCHEMA.types, SCHEMA.sectors)
    models.store(a_trained_model(log_ratios=ERRORS), a_card(features=schema))
    models.promote("v1", NOON, "a test")
    return Service(tmp_path, models=models)


def test_further_features_of_the_model_are_fields_like_the_others(with_extras: Service) -> None:
    with with_extras.running() as service:
        answer = service.post("/v1/valuations", {**HOME, "year_built": 1987, "heating": "gas"})
        assert answer.json()["warnings"] == []


def test_a_further_feature_of_the_wrong_kind_is_named_in_a_batch_with_its_place(with_extras: Service) -> None:
    rows: list[dict[str, Any]] = [
        {**HOME, "year_built": 1987},
        {**HOME, "year_built": "old"},
        {**HOME, "heating": 3},
        {**HOME, "year_built": False},
    ]
    with with_extras.running() as service:
        assert set(fields(service.post("/predict", rows[1]))) == {"year_built"}
        assert set(fields(service.post("/predict_batch", {"data": rows}))) == {
            "data[1].year_built",
            "data[2].heating",
            "data[3].year_built",
        }


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.tasador+json"],
)
def test_json_may_go_by_its_other_names(asked: Service, media_type: str) -> None:
    assert asked.post("/predict", HOME, {"Content-Type": media_type}).status_code == 200


def test_a_slash_at_the_end_changes_nothing(asked: Service) -> None:
    assert asked.post("/predict/", HOME).text == asked.post("/predict", HOME).text
