"""GET /v1/monitoring/drift."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.api_key import Scope
from domain.errors import ValuationLogUnavailable
from domain.property import Property
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.sales import some_sales
from tests.fakes.valued_homes import a_model_with_reference, homes_from, on_record
from tests.http.service import HOME, Service, fields, serving

ROUTE = "/v1/monitoring/drift"


@pytest.fixture(scope="module")
def callers() -> list[Property]:
    return homes_from(some_sales(150, seed=3))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, callers: list[Property]) -> Iterator[Service]:
    """A service that valued 150 homes, a tenth of them in a new sector, two weeks ago."""
    folder = tmp_path_factory.mktemp("drift")
    with Service(folder, models=serving(a_model_with_reference())).running() as service:
        moved = [home if place % 10 else replace(home, sector="Atlantis") for place, home in enumerate(callers)]
        service.valuations.record(on_record(moved, NOON - timedelta(days=14)))
        yield service


def test_what_has_changed_is_told_of_the_served_version(watched: Service) -> None:
    answer = watched.client.get(ROUTE, headers=watched.key(Scope.MONITOR_READ))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["version"], told["homes"], told["valuations"], told["enough"]) == ("v1", 150, 150, True)
    assert (told["from"], told["until"]) == ("2026-10-23T12:00:00Z", "2026-11-22T12:00:00Z")
    assert told["drifted"] is True
    assert told["sentences"] == ["sector: 10 of 100 homes are in sectors that the model never saw: 'Atlantis' (15)."]
    assert told["method"] == {"level": 0.01, "psi": 0.1, "fewest_homes": 100}
    [unseen] = [each for each in told["shares"] if each["drifted"]]
    assert (unseen["kind"], unseen["feature"], unseen["counts"]) == ("unseen", "sector", {"Atlantis": 15})
    assert unseen["p_value"] <= unseen["p_corrected"] <= 0.01
    [area] = [each for each in told["features"] if each["name"] == "net_usable_area"]
    assert sum(bar["served"] for bar in area["bars"]) == pytest.approx(1)
    assert (area["homes"], area["training_homes"], area["differs"], area["drifted"]) == (150, 800, False, False)
    assert told["currency"] == "USD"


def test_it_is_of_the_days_asked_for_and_anew_each_time(watched: Service) -> None:
    key = watched.key()
    assert watched.client.get(ROUTE, params={"days": 13}, headers=key).json()["homes"] == 0
    watched.post("/predict", HOME)
    watched.clock.advance(timedelta(seconds=1))
    told = watched.client.get(ROUTE, params={"days": 13}, headers=key).json()
    watched.clock.set(NOON)
    assert (told["homes"], told["enough"], told["drifted"], told["features"]) == (1, False, False, [])


@pytest.mark.parametrize("days", ["0", "3651", "1.5", "many", ""])
def test_days_that_make_no_sense_are_refused(watched: Service, days: str) -> None:
    answer = watched.client.get(ROUTE, params={"days": days}, headers=watched.key())
    assert fields(answer) == {"days": "must be a whole number from 1 to 3650"}


def test_another_version_is_not_asked_for_here(watched: Service) -> None:
    assert fields(watched.client.get(ROUTE, params={"version": "v2"}, headers=watched.key())) == {
        "version": "is not known here"
    }


def test_a_version_stored_before_there_was_a_reference_says_so(asked: Service) -> None:
    answer = asked.client.get(ROUTE, headers=asked.key())
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/reference-missing"
    assert "train again" in answer.json()["detail"]


def test_without_a_model_there_is_nothing_to_be_told(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        answer = service.client.get(ROUTE, headers=service.key())
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/no-model-served")


def test_a_record_that_cannot_be_read_is_no_fault_of_the_callers(watched: Service) -> None:
    def unreadable(*_: object, **__: object) -> Iterator[object]:
        raise ValuationLogUnavailable("The recorded valuations in /srv/records cannot be read: input/output error.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watched.valuations, "records", unreadable)
        answer = watched.client.get(ROUTE, headers=watched.key())
    assert answer.status_code == 503
    assert "/srv" not in answer.text
