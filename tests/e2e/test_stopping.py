"""A service that is told to stop finishes what has begun, and nobody who came is turned away."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.service import HOME, Service, a_key, serving

BODY = json.dumps(HOME).encode()
WAITING = 20
MANY = 10_000
DRAINING_LONG = {"TASADOR_HTTP__DRAIN_SECONDS": "300"}

one_and_two_workers = pytest.mark.parametrize("workers", ["1", "2"])


def head(key: str, *more: str) -> bytes:
    lines = (
        "POST /predict HTTP/1.1",
        "Host: tasador",
        f"X-API-Key: {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(BODY)}",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode()


def answer(connection: socket.socket) -> tuple[int, bool]:
    """The status of an answer, and whether it says that it is the connection's last."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += _more(connection)
    top, _, body = said.partition(b"\r\n\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in top.splitlines()[1:])}
    while len(body) < int(fields[b"content-length"]):
        body += _more(connection)
    return int(top.split()[1]), fields.get(b"connection") == b"close"


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    assert received, "the connection ended without an answer"
    return received


def begun(connection: socket.socket, key: str) -> None:
    """A request of which the service has read the head, and waits for the body."""
    connection.sendall(head(key, "Expect: 100-continue"))
    assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"


@contextmanager
def stopping(folder: Path, workers: str, **more: str) -> Iterator[tuple[Service, str]]:
    """A service that is ready, and a key."""
    key = a_key(folder)
    with serving(folder, "serve", "--workers", workers, environment=more) as service:
        service.wait_until("/health/ready", 200)
        yield service, key


@one_and_two_workers
def test_what_has_begun_and_whoever_waits_to_be_let_in_is_answered(folder: Path, workers: str) -> None:
    with stopping(folder, workers) as (service, key), ExitStack() as connections:
        asked, asking = (connections.enter_context(service.connect()) for _ in range(2))
        begun(asked, key)
        asking.sendall(head(key)[:40])
        processes = [service.process.pid, *service.workers()]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        waiting = [connections.enter_context(service.connect()) for _ in range(WAITING)]
        for connection in waiting:
            connection.sendall(head(key) + BODY)
        service.process.send_signal(signal.SIGTERM)
        for process in processes:
            os.kill(process, signal.SIGCONT)
        assert {answer(connection)[0] for connection in waiting} == {200}
        unready = service.wait_until("/health/ready", 503).json()
        assert unready["checks"]["workers"] == "stopping"
        asked.sendall(BODY)
        assert answer(asked) == (200, True)
        asking.sendall(head(key)[40:] + BODY)
        assert answer(asking) == (200, True)
        assert service.process.wait(timeout=30) == 0


def test_a_kept_connection_is_told_that_its_answer_is_the_last(folder: Path) -> None:
    with stopping(folder, "1") as (service, key), service.connect() as kept:
        kept.sendall(head(key) + BODY)
        assert answer(kept) == (200, False)
        service.process.send_signal(signal.SIGTERM)
        for _ in range(MANY):
            kept.sendall(head(key) + BODY)
            status, last = answer(kept)
            assert status == 200
            if last:
                break
        assert kept.recv(1) == b""
        assert service.process.wait(timeout=30) == 0


@one_and_two_workers
def test_balancers_are_given_their_time_to_notice(folder: Path, workers: str) -> None:
    with stopping(folder, workers, **DRAINING_LONG) as (service, key):
        service.process.send_signal(signal.SIGTERM)
        service.wait_until("/health/ready", 503)
        with pytest.raises(AssertionError, match="not ended"):
            service.process.wait(timeout=1)  # nobody comes, and it waits on
        with service.connect() as newcomer:
            newcomer.sendall(head(key) + BODY)
            assert answer(newcomer) == (200, True)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0


@one_and_two_workers
def test_a_second_signal_ends_it_at_once(folder: Path, workers: str) -> None:
    with stopping(folder, workers, **DRAINING_LONG) as (service, key), service.connect() as asked:
        begun(asked, key)
        service.process.send_signal(signal.SIGTERM)
        service.wait_until("/health/ready", 503)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0
        with pytest.raises((ConnectionError, AssertionError)):
            answer(asked)


@one_and_two_workers
def test_a_request_that_never_ends_is_cut(folder: Path, workers: str) -> None:
    with stopping(folder, workers) as (service, key), service.connect() as asked:
        begun(asked, key)
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(timeout=60) == 0
