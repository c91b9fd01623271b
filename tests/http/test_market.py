"""The market over HTTP: what a form and a map need."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Scope
from domain.property import NUMBER_RULES, PROPERTY_FIELDS
from entrypoints.http.kept_answers import KeptAnswers
from entrypoints.http.slow_threads import SlowThreads
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.models import SCHEMA, a_card, a_trained_model
from tests.fakes.office import Office
from tests.fakes.sales import some_sales
from tests.http.service import ERRORS, Service, fields, serving, with_extras

MARKET, SALES = "/v1/market", "/v1/market/sales"


def told(service: Service, path: str, **parameters: str) -> dict[str, Any]:
    answer = service.client.get(path, params=parameters, headers=service.key(Scope.VALUE))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


class TestTheMarket:
    def test_a_form_finds_all_that_it_needs(self, asked: Service) -> None:
        market = told(asked, MARKET)
        assert (market["version"], market["currency"], market["interval_level"]) == ("v1", "USD", 0.9)
        assert market["valuation_days"] == {"first": "1900-01-01", "last": "2200-12-31"}
        assert market["types"] == [{"name": "casa", "sales": 2}, {"name": "departamento", "sales": 4}]
        assert market["sectors"][2] == {
            "name": "vitacura",
            "sales": 1,
            "latitude": -33.43,
            "longitude": -70.585,
            "price_per_m2": 2025.0,
        }
        assert market["bounds"] == {"south": -33.452, "west": -70.602, "north": -33.43, "east": -70.585}
        assert (market["sales"], market["first_sale"], market["last_sale"]) == (6, "2021-03-01", "2026-10-31")
        assert market["features"] == {"numeric": [], "categorical": []}
        assert market["can_map"] is True

    def test_the_fields_have_the_bounds_of_the_domain(self, asked: Service) -> None:
        told_fields = told(asked, MARKET)["fields"]
        assert [each["name"] for each in told_fields] == list(PROPERTY_FIELDS)
        by_name = {each["name"]: each for each in told_fields}
        for rule in NUMBER_RULES:
            field = by_name[rule.name]
            assert (field["kind"], field["unit"], field["required"]) == ("number", rule.unit, True)
            assert (field["above"], field["at_least"], field["at_most"]) == (rule.above, rule.at_least, rule.at_most)
            assert field["low"] <= field["middle"] <= field["high"]
        assert set(by_name["sector"].values()) == {"sector", "text", True, None}

    def test_the_typical_home_can_be_valued(self, asked: Service) -> None:
        assert asked.post("/v1/valuations", told(asked, MARKET)["typical_home"]).json()["status"] == "valued"

    def test_further_features_are_told(self, tmp_path: Path) -> None:
        with Service(tmp_path, models=with_extras()).running() as service:
            assert told(service, MARKET)["features"] == {
                "numeric": [{"name": "year_built", "low": None, "high": None, "middle": None}],
                "categorical": [{"name": "heating", "values": []}],
            }

    def test_another_version_tells_its_own(self, service: Service) -> None:
        assert told(service, MARKET)["version"] == "v1"
        service.client.post("/v1/models/v2/promote", headers=service.key())
        assert told(service, MARKET)["version"] == told(service, SALES)["version"] == "v2"
        service.client.post("/v1/models/rollback", headers=service.key())
        assert told(service, MARKET)["version"] == "v1"

    @pytest.mark.parametrize("path", [MARKET, SALES])
    def test_without_a_model_there_is_none(self, tmp_path: Path, path: str) -> None:
        with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
            answer = service.client.get(path, headers=service.key())
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/no-model-served")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose model learned from 300 sales, of which a map may show 100."""
    known = InMemoryModelTrainer().comparables(some_sales(300), SCHEMA)
    models = serving(a_trained_model(log_ratios=ERRORS, comparables=known), a_card())
    with Service(tmp_path_factory.mktemp("many"), models=models, map_sales=100).running() as service:
        yield service


class TestTheSales:
    def test_all_are_shown_in_columns(self, asked: Service) -> None:
        shown = told(asked, SALES)
        assert (shown["version"], shown["currency"]) == ("v1", "USD")
        assert (shown["total"], shown["shown"], shown["thinned"]) == (6, 6, False)
        place = shown["sales"]["id"].index("s4")
        assert {name: column[place] for name, column in shown["sales"].items()} == {
            "id": "s4",
            "latitude": -33.44,
            "longitude": -70.59,
            "price": 118_500.0,
            "net_usable_area": 60.0,
            "price_per_m2": 1975.0,
            "type": "departamento",
            "sector": "las condes",
            "sold_on": "2023-05-09",
        }

    def test_those_of_a_sector_and_a_type_are_shown(self, asked: Service) -> None:
        assert told(asked, SALES, sector="Ñuñoa", type=" CASA")["sales"]["id"] == ["s3"]
        nowhere = told(asked, SALES, sector="Atlantis")
        assert (nowhere["total"], nowhere["thinned"], nowhere["sales"]["price"]) == (0, False, [])

    @pytest.mark.parametrize(("limit", "shown"), [({"limit": "40"}, 40), ({"limit": "50000"}, 100), ({}, 100)])
    def test_of_many_some_are_shown_the_same_each_time(self, many: Service, limit: dict[str, str], shown: int) -> None:
        thinned = told(many, SALES, **limit)
        assert (thinned["total"], thinned["shown"], thinned["thinned"]) == (300, shown, True)
        assert {len(column) for column in thinned["sales"].values()} == {shown}
        assert set(thinned["sales"]["sold_on"]) == {None}
        assert thinned == told(many, SALES, **limit)

    def test_where_the_operator_shows_none_nobody_is_shown_any(self, tmp_path: Path) -> None:
        with Service(tmp_path, map_sales=0).running() as service:
            assert told(service, MARKET)["can_map"] is False
            shown = told(service, SALES)
            assert (shown["total"], shown["shown"], shown["thinned"], shown["sales"]["id"]) == (6, 0, True, [])

    @pytest.mark.parametrize(
        ("query", "bad"),
        [
            ("limit=0", {"limit": "must be a whole number from 1 to 50000"}),
            ("limit=50001", {"limit": "must be a whole number from 1 to 50000"}),
            ("limit=all", {"limit": "must be a whole number from 1 to 50000"}),
            ("sector=", {"sector": "must be a name of 1 to 200 characters"}),
            (f"type={'x' * 201}", {"type": "must be a name of 1 to 200 characters"}),
            ("colour=red", {"colour": "is not known here"}),
            ("sector=a&sector=b", {"sector": "must be given only once"}),
        ],
    )
    def test_a_bad_parameter_is_named(self, asked: Service, query: str, bad: dict[str, str]) -> None:
        assert fields(asked.client.get(f"{SALES}?{query}", headers=asked.key())) == bad


def asked_for(*groups: str, most_bytes: int = 1000) -> list[str]:
    """What is worked out where these answers of four bytes each are asked for, a group of them at once."""
    served, kept = Office().served.current(), KeptAnswers(SlowThreads("test", at_once=1), most_bytes)
    worked: list[str] = []

    def work(name: str) -> bytes:
        worked.append(name)
        return 4 * name.encode()

    async def ask() -> None:
        for group in groups:
            asked = [kept.of(served, name, partial(work, name)) for name in group]
            assert await asyncio.gather(*asked) == [4 * name.encode() for name in group]

    asyncio.run(ask())
    return worked


def test_what_many_ask_at_once_is_worked_out_once() -> None:
    assert asked_for("aaaa", "ba") == ["a", "b"]


def test_what_nobody_has_asked_for_the_longest_makes_room() -> None:
    assert asked_for(*"abacab", most_bytes=10) == ["a", "b", "c", "b"]


def test_what_there_is_no_room_for_is_answered_all_the_same() -> None:
    assert asked_for(*"aa", most_bytes=3) == ["a", "a"]
