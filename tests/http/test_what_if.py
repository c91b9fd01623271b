"""What a home would be worth, were it another: over HTTP."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.models import a_level_index, a_trained_model
from tests.http.service import ERRORS, FAR_AWAY, HOME, Service, fields, serving, with_extras

ROUTE = "/v1/valuations/what-if"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose values follow a rising market."""
    trained = a_trained_model(log_ratios=ERRORS, index=a_level_index(0.4))
    with Service(tmp_path_factory.mktemp("moving"), models=serving(trained)).running() as service:
        yield service


def what_if(service: Service, changes: dict[str, Any], home: dict[str, Any] = HOME, query: str = "") -> dict[str, Any]:
    answer = service.post(ROUTE + query, {"property": home, "changes": changes})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_both_values_and_what_lies_between_them_are_told(asked: Service) -> None:
    told = what_if(asked, {"net_usable_area": 100, "n_rooms": 4}, HOME | {"client_ref": "file 7"})
    assert told.keys() == {"before", "after", "difference", "difference_share", "effects"}
    assert (told["before"]["value"], told["after"]["value"]) == (160_000, 200_000)
    assert (told["difference"], told["difference_share"]) == (40_000, 0.25)
    assert told["effects"] == [
        {"feature": "net_usable_area", "effect": pytest.approx(40_000)},
        {"feature": "n_rooms", "effect": 0.0},
    ]
    assert (told["before"]["client_ref"], told["after"]["client_ref"]) == ("file 7", "file 7")
    alone = asked.post("/v1/valuations", HOME | {"client_ref": "file 7"}).json()
    assert told["before"] | {"valuation_id": alone["valuation_id"]} == alone


@pytest.mark.parametrize(
    "changes", [{}, {"net_usable_area": 80}, {"type": "DEPARTAMENTO", "sector": " nunoa "}, {"valuation_date": None}]
)
def test_where_nothing_is_different_there_is_no_difference(asked: Service, changes: dict[str, Any]) -> None:
    told = what_if(asked, changes)
    assert (told["difference"], told["difference_share"], told["effects"]) == (0, 0, [])


def test_the_effects_of_all_that_changed_add_up_to_the_difference(moving: Service) -> None:
    changes = {
        "net_usable_area": 120.5,
        "sector": "Vitacura",
        "latitude": -33.44,
        "longitude": -70.59,
        "valuation_date": "2023-05-06",
    }
    told = what_if(moving, changes)
    effects = {each["feature"]: each["effect"] for each in told["effects"]}
    assert effects.keys() == {"net_usable_area", "sector", "location", "valuation_date"}
    assert effects["net_usable_area"] > 0 > effects["valuation_date"]
    assert math.fsum(effects.values()) == pytest.approx(told["difference"], rel=1e-9)
    assert told["after"]["value"] == moving.post("/v1/valuations", HOME | changes).json()["value"]


def test_another_day_alone_is_a_change(moving: Service) -> None:
    told = what_if(moving, {"valuation_date": "2024-01-31"}, HOME | {"valuation_date": "2022-01-31"})
    assert told["effects"] == [{"feature": "valuation_date", "effect": pytest.approx(told["difference"])}]
    assert told["difference"] > 0
    assert (told["before"]["valuation_date"], told["after"]["valuation_date"]) == ("2022-01-31", "2024-01-31")


def test_further_features_may_be_changed(tmp_path: Path) -> None:
    with Service(tmp_path, models=with_extras()).running() as service:
        told = what_if(service, {"year_built": 1999, "heating": "wood"}, HOME | {"year_built": 1987, "heating": "gas"})
        assert {each["feature"] for each in told["effects"]} == {"year_built", "heating"}
        named = service.post(
            ROUTE, {"property": HOME | {"year_built": "old"}, "changes": {"year_built": 1990, "heating": 3}}
        )
        assert set(fields(named)) == {"property.year_built", "changes.heating"}


@pytest.mark.parametrize(("home", "changes"), [(HOME, FAR_AWAY), (FAR_AWAY, HOME)])
def test_where_either_is_refused_there_is_no_difference(
    asked: Service, home: dict[str, Any], changes: dict[str, Any]
) -> None:
    told = what_if(asked, {name: changes[name] for name in ("latitude", "longitude")}, home)
    assert {told["before"]["status"], told["after"]["status"]} == {"valued", "refused"}
    assert (told["difference"], told["difference_share"], told["effects"]) == (None, None, [])


def test_the_level_of_both_intervals_may_be_asked_for(asked: Service) -> None:
    told = what_if(asked, {"n_rooms": 4}, query="?level=0.5")
    assert (told["before"]["interval_level"], told["after"]["interval_level"]) == (0.5, 0.5)


@pytest.mark.parametrize("name", ["garden", "price", "sold_on", "id", "client_ref", "location", "year_built", ""])
def test_a_change_of_what_the_model_does_not_know_is_named(asked: Service, name: str) -> None:
    answer = asked.post(ROUTE, {"property": HOME, "changes": {"n_rooms": 4, name: "x"}})
    assert fields(answer) == {f"changes.{name}": "is not a field that the served model values from"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"property", "changes"}),
        ({"property": HOME}, {"changes"}),
        ({"changes": {}}, {"property"}),
        ({"property": [HOME], "changes": None}, {"property", "changes"}),
        (HOME, {"property", "changes"}),
        (
            {"property": HOME | {"net_area": -1}, "changes": {"n_rooms": "4", "type": None, "latitude": 91}},
            {"property.net_area", "changes.n_rooms", "changes.type", "changes.latitude"},
        ),
        ({"property": HOME, "changes": {"valuation_date": "soon"}}, {"changes.valuation_date"}),
        ({"property": HOME, "changes": {"n_rooms": None}}, {"changes.n_rooms"}),
        (
            {"property": HOME, "changes": {"net_usable_area": 0, "sector": " "}},
            {"changes.net_usable_area", "changes.sector"},
        ),
        ({"property": HOME | {"client_ref": 7}, "changes": {}}, {"property.client_ref"}),
    ],
)
def test_every_bad_field_is_named_at_once_with_its_part(asked: Service, body: object, named: set[str]) -> None:
    assert set(fields(asked.post(ROUTE, body))) == named
