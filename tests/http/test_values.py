"""Values over HTTP: one home, many homes, whole valuations."""

from pathlib import Path
from typing import Any

import pytest

from entrypoints.http.bodies import MOST_PROBLEMS
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.http.service import FAR_AWAY, HOME, Service, fields, with_extras


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


def test_further_features_of_the_model_are_fields_like_the_others(tmp_path: Path) -> None:
    with Service(tmp_path, models=with_extras()).running() as service:
        answer = service.post("/v1/valuations", {**HOME, "year_built": 1987, "heating": "gas"})
        assert answer.json()["warnings"] == []


def test_a_further_feature_of_the_wrong_kind_is_named_in_a_batch_with_its_place(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {**HOME, "year_built": 1987},
        {**HOME, "year_built": "old"},
        {**HOME, "heating": 3},
        {**HOME, "year_built": False},
    ]
    with Service(tmp_path, models=with_extras()).running() as service:
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


def test_a_refused_home_is_no_number_but_a_problem_that_says_why(asked: Service) -> None:
    refused = asked.post("/v1/valuations", FAR_AWAY).json()
    answer = asked.post("/predict", FAR_AWAY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "reason"}
    assert (problem["type"], problem["reason"]) == ("/problems/refused-property", "outside_market")
    assert problem["detail"] == refused["reason_detail"]


def test_refused_homes_of_a_batch_are_named_by_their_places(asked: Service) -> None:
    huge = HOME | {"net_usable_area": 1e6, "net_area": 1e6}
    answer = asked.post("/predict_batch", {"data": [HOME, FAR_AWAY, HOME, huge]})
    assert set(fields(answer)) == {"data[1]", "data[3]"}
    problem = answer.json()
    assert (problem["type"], problem["reason"]) == ("/problems/refused-property", "outside_market")
    assert [each["reason"] for each in problem["errors"]] == ["outside_market", "implausible_property"]
    assert "2 homes are refused" in problem["detail"]
    [alone] = asked.post("/predict_batch", {"data": [FAR_AWAY]}).json()["errors"]
    assert alone["message"] == asked.post("/predict", FAR_AWAY).json()["detail"]


def test_bad_fields_are_told_before_refusals(asked: Service) -> None:
    answer = asked.post("/predict_batch", {"data": [FAR_AWAY, {**HOME, "net_area": 0}]})
    assert fields(answer) == {"data[1].net_area": "must be greater than 0"}


def test_a_batch_of_refused_homes_does_not_make_an_endless_answer(tmp_path: Path) -> None:
    with Service(tmp_path, max_batch_kb=64).running() as service:
        answer = service.post("/predict_batch", {"data": [FAR_AWAY] * (MOST_PROBLEMS + 50)})
        assert len(fields(answer)) == MOST_PROBLEMS
        assert answer.json()["detail"] == "150 homes are refused, the first of them named in errors."
