"""Whole valuations over HTTP: how sure, why, compared with which sales, and when there is none."""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.equity import EquityCalibration
from tests.fakes.models import TRADED, a_level_index, a_trained_model
from tests.http.service import ERRORS, FAR_AWAY, HOME, Service, fields, serving, with_extras

REQUESTED = st.fixed_dictionaries(
    {
        "net_usable_area": st.floats(20, 180),
        "sector": st.sampled_from(["Ñuñoa", "Vitacura"]),
        "valuation_date": st.dates(date(2021, 3, 1), date(2026, 11, 30)).map(str),
    }
).map(lambda changes: HOME | {"net_area": 200.0} | changes)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose values follow a rising market and go through an equity calibration."""
    equity = EquityCalibration(1.1, 150_000.0, 0.99, reached=True, before=TRADED, after=TRADED)
    trained = a_trained_model(log_ratios=ERRORS, index=a_level_index(0.4), equity=equity)
    with Service(tmp_path_factory.mktemp("moving"), models=serving(trained)).running() as service:
        yield service


@pytest.fixture(scope="module")
def key(moving: Service) -> dict[str, str]:
    """One key for many requests."""
    return moving.key()


def test_a_valuation_tells_its_figures_and_where_they_come_from(asked: Service) -> None:
    answer = asked.post("/v1/valuations", {**HOME, "client_ref": "file 2026-118"}).json()
    assert answer.pop("valuation_id")
    low, high = answer.pop("value_low"), answer.pop("value_high")
    assert math.isclose(low, 160_000 * math.exp(-0.2))
    assert math.isclose(high, 160_000 * math.exp(0.2))
    percentiles = answer.pop("percentiles")
    assert list(percentiles) == ["5", "10", "25", "50", "75", "90", "95"]
    assert list(percentiles.values()) == sorted(percentiles.values())
    assert (percentiles["5"], percentiles["95"]) == pytest.approx((low, high))
    assert answer == {
        "client_ref": "file 2026-118",
        "status": "valued",
        "reason": None,
        "reason_detail": None,
        "currency": "USD",
        "valuation_date": "2026-11-22",
        "value": 160_000.0,
        "interval_level": 0.9,
        "fsd": 0.1,
        "confidence_score": 90,
        "confidence_level": "high",
        "limiting_factors": [],
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


@pytest.mark.parametrize("route", ["/v1/valuations", "/v1/valuations/batch"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        *((f"explain={value}", "must be true or false") for value in ("", "yes", "2", "nan", "tru")),
        *(
            (f"comparables={value}", "must be a whole number from 0 to 50")
            for value in ("", "-1", "51", "1.5", "five", "9" * 400, "nan", "1e3")
        ),
        ("level=0.5&level=0.5", "must be given only once"),
        ("level=0.5&level=0.6", "must be given only once"),
        ("explain=true&explain=true", "must be given only once"),
        ("comparables=1&explain=true&comparables=2", "must be given only once"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused_by_name(
    asked: Service, route: str, query: str, message: str
) -> None:
    answer = asked.post(f"{route}?{query}", {"properties": [HOME]} if route.endswith("batch") else HOME)
    assert fields(answer) == {query.partition("=")[0]: message}
    assert answer.json()["type"] == "/problems/invalid-parameter"


def test_bad_parameters_are_named_together(asked: Service) -> None:
    answer = asked.post("/v1/valuations?level=2&comparables=x&explain=maybe", HOME)
    assert set(fields(answer)) == {"level", "comparables", "explain"}


def test_query_parameters_that_nothing_reads_are_refused_by_name(asked: Service) -> None:
    answer = asked.post("/v1/valuations?Level=0.5&foo=1&foo=2&level=0.8&explain=true&explain=true&comparables", HOME)
    assert fields(answer) == {
        "Level": "is not known here",
        "foo": "is not known here",
        "explain": "must be given only once",
    }


def test_a_query_of_rubbish_makes_no_endless_or_broken_answer(asked: Service) -> None:
    token = asked.token()
    answer = asked.post(
        f"/v1/valuations?a%0Ab=1&%E2%80%A8=2&{token}=3&" + "&".join(f"{'x' * 50}{n}=1" for n in range(200)), HOME
    )
    named = [each["field"] for each in answer.json()["errors"]]
    assert len(named) == 100
    assert named[:2] == ["a\\nb", "\\u2028"]
    assert named[2] == "tsd_" + token.split("_")[1] + "_***"
    assert named[3] == "x" * 40


def test_what_was_not_asked_for_is_not_told(asked: Service) -> None:
    for query in ("", "?explain=false&comparables=0"):
        assert not {"explanation", "comparables", "errors"} & asked.post(f"/v1/valuations{query}", HOME).json().keys()


def test_what_a_value_is_made_of_may_be_asked_for(asked: Service) -> None:
    answer = asked.post("/v1/valuations?explain=true", HOME).json()
    assert "comparables" not in answer
    explanation = answer["explanation"]
    assert explanation["method"] == "shap"
    first = explanation["contributions"][0]
    assert first == {"feature": "net_usable_area", "effect": pytest.approx(-40_000)}
    assert explanation["base_value"] == pytest.approx(200_000)


@given(home=REQUESTED)
@settings(max_examples=25)
def test_base_value_and_effects_add_up_to_the_value(moving: Service, key: dict[str, str], home: dict[str, Any]) -> None:
    answer = moving.client.post("/v1/valuations?explain=true", json=home, headers=key).json()
    effects = [each["effect"] for each in answer["explanation"]["contributions"]]
    assert math.fsum([answer["explanation"]["base_value"], *effects]) == pytest.approx(answer["value"], rel=1e-12)
    assert [abs(effect) for effect in effects] == sorted((abs(effect) for effect in effects), reverse=True)


@given(home=REQUESTED)
@settings(max_examples=25)
def test_a_comparable_leads_to_the_value_of_the_home(
    moving: Service, key: dict[str, str], home: dict[str, Any]
) -> None:
    answer = moving.client.post("/v1/valuations?comparables=5", json=home, headers=key).json()
    assert answer["comparables"]
    for sale in answer["comparables"]:
        adjustments = sale["adjustments"].values()
        assert math.fsum([sale["price"], *adjustments]) == pytest.approx(sale["adjusted_price"], rel=1e-12)
        assert math.fsum([sale["predicted_value"], *adjustments]) == pytest.approx(answer["value"], rel=1e-9)


def test_comparables_are_other_homes_the_most_alike_first(asked: Service) -> None:
    answer = asked.post("/v1/valuations?comparables=50", HOME).json()
    assert "explanation" not in answer
    told = answer["comparables"]
    assert [sale["similarity"] for sale in told] == sorted((sale["similarity"] for sale in told), reverse=True)
    assert "s6" not in {sale["id"] for sale in told}  # the home itself, sold a month ago
    first = told[0]
    assert first.pop("distance_m") == pytest.approx(144.8, abs=0.1)
    assert 0 < first.pop("similarity") < 1
    assert first.pop("latitude") == pytest.approx(-33.449)
    assert first.pop("longitude") == pytest.approx(-70.599)
    assert first.pop("adjustments") == {"net_usable_area": pytest.approx(10_000)}
    assert first == {
        "id": "s1",
        "price": 151_000.0,
        "adjusted_price": pytest.approx(161_000),
        "predicted_value": 150_000.0,
        "sold_on": "2026-08-14",
        "type": "Departamento",
        "sector": "Ñuñoa",
        "net_usable_area": 75.0,
        "net_area": 82.5,
        "n_rooms": 3.0,
        "n_bathroom": 2.0,
        "extras": {},
    }


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_comparables_come_than_were_asked_for(asked: Service, count: int) -> None:
    assert len(asked.post(f"/v1/valuations?comparables={count}", HOME).json()["comparables"]) == count


def test_the_value_is_the_same_whatever_else_is_asked_for(moving: Service) -> None:
    home = HOME | {"net_usable_area": 77.7}
    plain, full = (moving.post(f"/v1/valuations{query}", home).json() for query in ("", "?explain=1&comparables=9"))
    for name in ("value", "value_low", "value_high", "percentiles", "fsd"):
        assert plain[name] == full[name]
    assert moving.post("/predict", home).json() == plain["value"]


@pytest.mark.parametrize("query", ["", "?explain=true&comparables=5"])
def test_a_refused_home_has_no_figures_and_a_reason(asked: Service, query: str) -> None:
    answer = asked.post(f"/v1/valuations{query}", FAR_AWAY | {"client_ref": "file 7"})
    assert answer.status_code == 200
    refused = answer.json()
    assert (refused["status"], refused["reason"], refused["client_ref"]) == ("refused", "outside_market", "file 7")
    for name in ("value", "value_low", "value_high", "interval_level", "percentiles", "fsd"):
        assert refused[name] is None, name
    assert refused["confidence_score"] is None
    assert refused["confidence_level"] is None
    assert refused["warnings"][0] == refused["reason_detail"]
    assert "km away" in refused["reason_detail"]
    assert refused["valuation_id"]
    assert refused["model"]["version"] == "v1"


def test_what_limits_a_value_is_named_and_told_in_words(asked: Service) -> None:
    answer = asked.post("/v1/valuations", HOME | {"type": "Castle"}).json()
    assert answer["status"] == "valued"
    assert answer["limiting_factors"] == ["unknown_type"]
    assert any("Castle" in warning for warning in answer["warnings"])


def test_further_features_are_among_the_contributions(tmp_path: Path) -> None:
    with Service(tmp_path, models=with_extras()).running() as service:
        answer = service.post("/v1/valuations?explain=true", HOME | {"year_built": 1987, "heating": "gas"}).json()
        told = {each["feature"] for each in answer["explanation"]["contributions"]}
        assert {"year_built", "heating", "location"} <= told
        assert not {"latitude", "longitude"} & told
