"""Starting, being ready, and following promotions that were made elsewhere."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from structlog.testing import CapturingLogger

from application.served_model import ServedModel
from entrypoints.http import shared_readiness
from entrypoints.http.app import make_app
from entrypoints.http.refreshing import ModelRefresher
from entrypoints.http.roster import Roster, State
from entrypoints.http.shared_memory import SharedMemory
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import a_card, a_trained_model
from tests.http.service import HOME, Breakable, Service, two_models

MANY = 10_000


def test_a_service_with_a_model_is_live_and_ready(asked: Service) -> None:
    assert asked.client.get("/health/live").json() == {"status": "live"}
    answer = asked.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {"model": "ok", "key_store": "ok", "model_repository": "ok", "valuation_log": "ok", "workers": "ok"},
        "serving": "v1",
        "workers": {"wanted": 1, "alive": 1, "serving": {"v1": 1}},
        "warnings": [],
    }


def test_what_the_server_warns_of_is_told_and_no_reason_not_to_be_ready(service: Service) -> None:
    service.app.notices.add(lambda: ["the TLS certificate expires in 3 days"])
    answer = service.client.get("/health/ready")
    assert (answer.status_code, answer.json()["warnings"]) == (200, ["the TLS certificate expires in 3 days"])


def test_without_a_model_the_service_lives_and_says_what_to_do(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        assert service.client.get("/health/live").status_code == 200
        ready = service.client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.headers["Content-Type"] == "application/json"
        assert ready.headers["Retry-After"]
        assert "tasador train" in ready.json()["checks"]["model"]
        for answer in (
            service.post("/predict", HOME),
            service.post("/predict_batch", {"data": [HOME]}),
            service.post("/v1/valuations", HOME),
            service.client.get("/v1/models/current", headers=service.key()),
        ):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert answer.json()["type"] == "/problems/no-model-served"
            assert "tasador train" in answer.json()["detail"]


def test_a_start_without_a_model_is_warned_of_once(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository(), refresh_seconds=0.001).running() as service:
        service.client.get("/health/live")
    [warning] = service.log("no model is served yet")
    assert warning["level"] == "warning"
    assert "tasador train" in warning["hint"]


def test_a_start_without_the_stored_models_is_not_taken_for_a_first_one(tmp_path: Path) -> None:
    repository = InMemoryModelRepository()
    repository.go_down()
    with Service(tmp_path, models=repository).running() as service:
        [warning] = service.log("no model is served yet")
    assert "tasador train" not in warning["hint"]


def test_start_and_stop_are_logged(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with service.running():
        assert len(service.log("service started")) == 1
        assert service.log("no model is served yet") == []
        assert service.log("service stopped") == []
    [stopped] = service.log("service stopped")
    assert stopped["level"] == "info"


def test_a_model_promoted_elsewhere_is_soon_served(tmp_path: Path) -> None:
    repository = InMemoryModelRepository()
    with Service(tmp_path, models=repository, refresh_seconds=0.001).running() as service:
        assert service.client.get("/health/ready").status_code == 503
        repository.store(a_trained_model(), a_card())
        repository.promote("v1", NOON, "the command line")
        assert any(service.client.get("/health/ready").status_code == 200 for _ in range(MANY))
        assert service.post("/predict", HOME).text == "160000.0"
        assert [line["version"] for line in service.log("model served")] == ["v1"]


def test_a_repository_that_is_down_at_the_start_is_no_crash(tmp_path: Path) -> None:
    repository = two_models(Service(tmp_path / "other").clock)
    repository.go_down()
    with Service(tmp_path, models=repository, refresh_seconds=0.001).running() as service:
        assert service.post("/predict", HOME).status_code == 503
        assert service.client.get("/health/ready").json()["checks"]["model_repository"] == "unreachable: see the log"
        repository.come_back()
        assert any(service.client.get("/health/ready").status_code == 200 for _ in range(MANY))


def test_readiness_names_no_places_to_those_without_a_key(service: Service) -> None:
    assert isinstance(service.keys, Breakable)
    service.keys.down = True
    answer = service.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "model": "ok",
        "key_store": "unreachable: see the log",
        "model_repository": "ok",
        "valuation_log": "ok",
        "workers": "ok",
    }
    assert "keys.internal" in service.log()[-1]["error"]


def test_where_nothing_can_be_recorded_and_so_nothing_is_valued_the_service_is_not_ready(service: Service) -> None:
    service.valuations.full = True
    assert service.post("/predict", HOME).status_code == 503
    answer = service.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["checks"]["valuation_log"] == "unreachable: see the log"
    assert answer.json()["warnings"] == []
    assert "/srv/records" not in answer.text
    assert "/srv/records" in service.log()[-1]["error"]
    service.valuations.full = False
    assert service.client.get("/health/ready").status_code == 200
    assert service.valuations.kept == []


def test_where_valuations_are_answered_without_a_record_that_is_a_warning(tmp_path: Path) -> None:
    with Service(tmp_path, may_lose_records=True).running() as service:
        service.valuations.full = True
        for lost in (0, 2):
            answer = service.client.get("/health/ready")
            assert answer.status_code == 200
            assert answer.json()["checks"]["valuation_log"] == "unreachable: see the log"
            [warning] = answer.json()["warnings"]
            assert warning.startswith(f"valuations are answered without a record, {lost} since this process started")
            assert service.post("/predict_batch", {"data": [HOME, HOME]}).status_code == 200
        service.valuations.full = False
        answer = service.client.get("/health/ready")
        assert answer.json()["checks"]["valuation_log"] == "ok"
        assert answer.json()["warnings"][0].startswith("4 valuations were answered without a record")


class Frozen(InMemoryValuationLog):
    """A log on a database that answers nobody until it `thaws`."""

    def __init__(self) -> None:
        super().__init__()
        self.thaws = threading.Event()
        self.asked = 0

    def check(self) -> None:
        self.asked += 1
        if not self.thaws.wait(30):
            raise AssertionError("it was waited for")


@pytest.mark.parametrize(("may_lose_records", "status"), [(False, 503), (True, 200)])
def test_a_log_that_hangs_is_named_alone_asked_once_and_holds_up_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may_lose_records: bool, status: int
) -> None:
    monkeypatch.setattr(shared_readiness, "SECONDS_TO_ANSWER", 0.1)
    log = Frozen()
    with (
        Service(tmp_path, valuations=log, may_lose_records=may_lose_records).running() as service,
        ThreadPoolExecutor(12) as probes,
    ):
        for answer in probes.map(service.client.get, ["/health/ready"] * 12):
            assert answer.json()["checks"]["valuation_log"] == "unreachable: see the log"
        assert "valuation_log: has not answered in 0.1 s" in service.log()[-1]["error"]
        # From now on only the log is late: on a busy machine any part may be, within a tenth of a second.
        monkeypatch.setattr(shared_readiness, "SECONDS_TO_ANSWER", 30)
        ok = dict.fromkeys(("model", "key_store", "model_repository", "workers"), "ok")
        alone = ok | {"valuation_log": "unreachable: see the log"}
        answers = (service.client.get("/health/ready") for _ in range(MANY))
        assert next(answer for answer in answers if answer.json()["checks"] == alone).status_code == status
        assert service.client.get("/v1/models", headers=service.key()).status_code == 200
        assert service.client.get("/v1/keys", headers=service.key()).status_code == 200
        assert log.asked == 1
        log.thaws.set()
        answers = (service.client.get("/health/ready") for _ in range(MANY))
        assert any(set(answer.json()["checks"].values()) == {"ok"} for answer in answers)
        service.client.get("/health/ready")  # the answer that came late is not taken for the present one
        assert log.asked > 1


def test_an_altered_model_at_the_start_gives_way_to_the_one_before(tmp_path: Path) -> None:
    repository = two_models(Service(tmp_path / "other").clock)
    repository.promote("v2", NOON, "a test")
    repository.damage("v2")
    with Service(tmp_path, models=repository).running() as service:
        assert service.post("/predict", HOME).text == "160000.0"
        ready = service.client.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["serving"] == "v1"
        assert ready.json()["warnings"] == ["version v2 is not served: see the log"]
        [refused] = service.log("model refused")
        assert refused["version"] == "v2"
        assert "altered" in refused["reason"]


def told(log: CapturingLogger) -> list[str]:
    """The events in a log, since it was last asked."""
    events = [str(call.args[0]) for call in log.calls]
    log.calls.clear()
    return events


def test_each_change_is_logged_once() -> None:
    repository, log = InMemoryModelRepository(), CapturingLogger()
    served = ServedModel(repository)
    refresher = ModelRefresher(served, log, 3600, Roster.alone())

    def refresh_twice() -> list[str]:
        asyncio.run(refresher.refresh())
        asyncio.run(refresher.refresh())
        return told(log)

    assert refresh_twice() == []
    repository.store(a_trained_model(), a_card())
    repository.promote("v1", NOON, "a test")
    assert refresh_twice() == ["model served"]
    repository.go_down()
    assert refresh_twice() == ["models cannot be looked up"]
    repository.come_back()
    assert refresh_twice() == ["models can be looked up again"]
    repository.store(a_trained_model(), a_card())
    repository.promote("v2", NOON, "a test")
    repository.damage("v2")
    assert refresh_twice() == ["model refused"]
    assert served.current().description.version == "v1"


def test_a_fault_while_refreshing_does_not_end_it() -> None:
    class Faulty(InMemoryModelRepository):
        def promotions(self) -> list[object]:  # type: ignore[override]
            raise ZeroDivisionError

    log = CapturingLogger()
    refresher = ModelRefresher(ServedModel(Faulty()), log, 3600, Roster.alone())
    asyncio.run(refresher.refresh())
    assert told(log) == ["models cannot be looked up"]


class Crew:
    """A service of two workers, of which this process is the first; the other is only on the list."""

    def __init__(self, folder: Path) -> None:
        memory = SharedMemory(2)
        self.parent, self.other, self.own = Roster(memory), Roster(memory, 1), Roster(memory)
        self.parent.want(2)
        self.other.tell_state(State.SERVING)
        self.other.tell_version("v1")
        self.app = make_app(Service(folder).container, roster=self.own)

    @contextmanager
    def asked(self) -> Iterator["Crew"]:
        with TestClient(self.app) as self.client:
            yield self

    def ready(self) -> tuple[int, dict[str, Any]]:
        answer = self.client.get("/health/ready")
        return answer.status_code, answer.json()


def test_a_worker_is_ready_where_all_are(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        status, told = crew.ready()
    assert (status, told["checks"]["workers"]) == (200, "ok")
    assert told["workers"] == {"wanted": 2, "alive": 2, "serving": {"v1": 2}}


def test_any_worker_tells_of_a_dead_one_until_it_is_replaced(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        crew.parent.gone(1)
        status, told = crew.ready()
        assert (status, told["ready"], told["checks"]["workers"]) == (503, False, "1 of 2 serve")
        assert told["workers"] == {"wanted": 2, "alive": 1, "serving": {"v1": 1}}
        crew.parent.starts(1, again=True)
        assert crew.ready()[0] == 503
        crew.other.tell_state(State.SERVING)
        assert crew.ready()[0] == 200


def test_any_worker_tells_of_one_that_gives_no_sign_of_life(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        crew.parent.tell_silent(1, silent=True)
        assert crew.ready()[0] == 503
        crew.parent.tell_silent(1, silent=False)
        assert crew.ready()[0] == 200


def test_a_service_that_stops_is_not_ready_whichever_worker_is_asked(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        crew.parent.stop_all()
        status, told = crew.ready()
    assert (status, told["checks"]["workers"]) == (503, "stopping")


def test_workers_that_serve_different_versions_are_warned_of(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        crew.other.tell_version("v2")
        status, told = crew.ready()
    assert (status, told["workers"]["serving"]) == (200, {"v1": 1, "v2": 1})
    assert "different versions" in told["warnings"][0]


def test_a_worker_without_a_model_makes_all_unready(tmp_path: Path) -> None:
    with Crew(tmp_path).asked() as crew:
        crew.other.tell_version(None)
        status, told = crew.ready()
    assert (status, told["checks"]["workers"]) == (503, "1 of 2 have no model")
