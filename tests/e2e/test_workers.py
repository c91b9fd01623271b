"""Workers that die, hang or cannot start, and what is said of it meanwhile."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import CapturingLogger

from config.settings import HttpSettings, LoggingSettings, Settings
from entrypoints.http.worker import settings_from
from entrypoints.http.workers import CannotServe, Workers
from tests.e2e.service import HOME, Service, a_key, serving


@pytest.fixture(scope="module")
def key(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder and a key."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("workers") / "client"))
    return folder, a_key(folder)


@pytest.fixture(scope="module")
def both(key: tuple[Path, str]) -> Iterator[Service]:
    """A service of two workers, which start slowly, and so are shared by the tests."""
    with serving(key[0], "serve", "--workers", "2") as service:
        yield service


@pytest.fixture
def service(both: Service) -> Service:
    """It, when both of its workers serve."""
    both.wait_until("/health/ready", 200)
    return both


def test_workers_that_are_killed_or_hang_are_replaced_readiness_tells_of_it_and_what_they_counted_outlives_them(
    service: Service, key: tuple[Path, str]
) -> None:
    for _ in range(20):
        service.post("/predict", key[1], HOME)
    counted = 'tasador_http_requests_total{route="/predict",status="200"} 20.0'
    assert counted in service.get("/metrics").text
    first, second = service.workers()
    os.kill(first, signal.SIGKILL)
    _is_replaced(service)
    assert first not in service.workers()
    assert second in service.workers()
    assert service.wait_for(r'"worker ended".*SIGKILL')
    os.kill(second, signal.SIGSTOP)
    service.wait_for(rf'"worker killed".*"pid": ?{second}, ?"reason": ?"it hangs"')
    _is_replaced(service)
    assert second not in service.workers()
    told = service.get("/metrics").text
    assert counted in told
    assert "tasador_worker_restarts_total 2.0" in told
    assert service.post("/predict", key[1], HOME).status_code == 200


def _is_replaced(service: Service) -> None:
    unready = service.wait_until("/health/ready", 503).json()
    assert unready["workers"]["wanted"] == 2
    assert unready["checks"]["workers"] == "1 of 2 serve"
    ready = service.wait_until("/health/ready", 200).json()
    assert ready["workers"] == {"wanted": 2, "alive": 2, "serving": {"v2": 2}}


def test_one_worker_that_is_told_to_stop_leaves_the_other_to_answer(service: Service, key: tuple[Path, str]) -> None:
    os.kill(service.workers()[0], signal.SIGTERM)
    service.wait_for('"worker ended".*exit code 0')
    assert service.wait_until("/health/ready", 200).json()["workers"]["alive"] == 2
    assert service.post("/predict", key[1], HOME).status_code == 200


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening socket; the signals are handled afterwards as they were."""
    handlers = {sort: signal.getsignal(sort) for sort in (signal.SIGTERM, signal.SIGINT)}
    with socket.create_server(("127.0.0.1", 0)) as created:
        yield created
    for sort, handler in handlers.items():
        signal.signal(sort, handler)


def test_a_service_of_which_no_worker_can_start_ends_and_says_why(listener: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    settings = Settings(http=HttpSettings(workers=2), logging=LoggingSettings(directory=tmp_path / "logs"))
    with pytest.raises(CannotServe, match=r"no worker could be started: the logs cannot be written") as failed:
        Workers(settings, listener, CapturingLogger()).run()
    assert "\n" not in str(failed.value)


def test_settings_reach_a_worker_whole() -> None:
    settings = Settings(logging=LoggingSettings(directory=Path("/somewhere")))
    assert settings_from(msgspec.json.encode(settings, enc_hook=str)) == settings
