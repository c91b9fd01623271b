"""The forward test over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.api_key import Scope
from domain.follow_up import Outcome
from tests.fakes.fixed_clock import NOON
from tests.fakes.records import PLACE, a_record
from tests.http.service import Service, fields

COVERAGE = "/v1/monitoring/coverage"


@pytest.fixture(scope="module")
def watched(asked: Service) -> Service:
    """A service with 30 homes valued at 100 before noon and sold for 111 an hour later: beyond every interval."""
    for number in range(30):
        home = replace(PLACE, net_area=100.0 + number)
        version = "v1" if number < 25 else "v2"
        asked.valuations.record([a_record(f"{number}", at=NOON - timedelta(hours=1), home=home, version=version)])
        asked.valuations.follow_up([Outcome(f"{number}", 111.0, NOON.date(), NOON)])
    return asked


def test_the_study_is_told_with_its_intervals_and_its_shortfalls(watched: Service) -> None:
    answer = watched.client.get(COVERAGE, headers=watched.key(Scope.MONITOR_READ))
    assert answer.status_code == 200
    study = answer.json()
    assert (study["valuations"], study["with_outcome"], study["since"]) == (30, 30, None)
    figures = study["overall"]["figures"]
    assert figures["mdape"]["value"] == pytest.approx(11 / 111)
    assert figures["intervals"] == [
        {
            "promised": 0.9,
            "held": {"hits": 0, "count": 30, "share": 0.0, "low": 0.0, "high": pytest.approx(0.1135, abs=1e-4)},
        }
    ]
    assert figures["ratio_study"]["median"] == pytest.approx(100 / 111)
    assert study["by"]["version"]["v2"] == {"valued": 5, "refused": 0, "figures": None}
    assert study["sentences"][0].startswith("Overall, the 90 % interval held 0.0 % of 30 prices")
    assert {each["way"] for each in study["shortfalls"]} == {"overall", "version", "month", "sector", "confidence"}


@pytest.mark.parametrize(
    ("query", "valuations"),
    [
        ("version=v2", 5),
        ("version=v2&until=2026-11-22", 0),
        ("since=2026-11-22", 30),
        ("since=2026-11-22T11:00:01Z", 0),
        ("until=2026-11-22T11:00:00", 0),
        ("since=2026-11-22T12:00:00%2B01:00&until=2026-11-23", 30),
    ],
)
def test_a_period_and_a_version_can_be_chosen(watched: Service, query: str, valuations: int) -> None:
    answer = watched.client.get(f"{COVERAGE}?{query}", headers=watched.key(Scope.MONITOR_READ))
    assert answer.json()["valuations"] == valuations


@pytest.mark.parametrize("name", ["since", "until"])
def test_what_is_no_moment_is_told(watched: Service, name: str) -> None:
    answer = watched.client.get(COVERAGE, params={name: "2026-13-01"}, headers=watched.key())
    assert fields(answer) == {name: "must be a day like 2026-11-22, or a time like 2026-11-22T09:30:00Z"}


@pytest.mark.parametrize(
    ("query", "bad"),
    [
        (
            "since=2026-11-22&until=2026-11-22",
            {"since": "must lie before until, which is 2026-11-22T00:00:00+00:00"},
        ),
        ("since=2027-01-01", {"since": "must lie before until, which is 2026-11-22T12:00:00+00:00"}),
        ("version=", {"version": "must be the name of a version, such as v3"}),
    ],
)
def test_a_mistake_is_not_taken_for_an_answer(watched: Service, query: str, bad: dict[str, str]) -> None:
    answer = watched.client.get(f"{COVERAGE}?{query}", headers=watched.key(Scope.MONITOR_READ))
    assert (answer.json()["type"], fields(answer)) == ("/problems/invalid-parameter", bad)


def test_a_version_that_nobody_knows_is_named(watched: Service) -> None:
    answer = watched.client.get(f"{COVERAGE}?version=v9", headers=watched.key(Scope.MONITOR_READ))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/model-not-found")
    assert "'v9'" in answer.json()["detail"]


def test_without_the_record_there_is_no_study(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.valuations, "follow_ups", lambda **_: service.valuations.check())
    service.valuations.full = True
    answer = service.client.get(COVERAGE, headers=service.key())
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/log-unavailable")
