"""Workers that die, hang or cannot start, and what is said of it meanwhile."""

import os
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
from tests.e2e.service import HOME, a_key, serving


def test_a_killed_worker_is_replaced_and_readiness_tells_of_it(folder: Path) -> None:
    with serving(folder, "serve", "--workers", "2") as service:
        service.wait_until("/health/ready", 200)
        killed, other = service.workers()
        os.kill(killed, signal.SIGKILL)
        unready = service.wait_until("/health/ready", 503).json()
        assert unready["workers"]["wanted"] == 2
        assert unready["checks"]["workers"] == "1 of 2 serve"
        ready = service.wait_until("/health/ready", 200).json()
        assert ready["workers"] == {"wanted": 2, "alive": 2, "serving": {"v2": 2}}
        assert other in service.workers()
        assert killed not in service.workers()
        assert service.wait_for(r'"worker ended".*SIGKILL')


def test_a_worker_that_hangs_is_replaced(folder: Path) -> None:
    with serving(folder, "serve", "--workers", "2") as service:
        service.wait_until("/health/ready", 200)
        hung = service.workers()[0]
        os.kill(hung, signal.SIGSTOP)
        service.wait_for(rf'"worker killed".*"pid": ?{hung}, ?"reason": ?"it hangs"')
        service.wait_until("/health/ready", 200)
        assert hung not in service.workers()


def test_what_workers_counted_adds_up_and_outlives_them(folder: Path) -> None:
    key = a_key(folder)
    with serving(folder, "serve", "--workers", "2") as service:
        service.wait_until("/health/ready", 200)
        for _ in range(20):
            service.post("/predict", key, HOME)
        counted = 'tasador_http_requests_total{route="/predict",status="200"} 20.0'
        assert counted in service.get("/metrics").text
        for worker in service.workers():
            os.kill(worker, signal.SIGKILL)
            service.wait_until("/health/ready", 503)
            service.wait_until("/health/ready", 200)
        told = service.get("/metrics").text
        assert counted in told
        assert "tasador_worker_restarts_total 2.0" in told


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
