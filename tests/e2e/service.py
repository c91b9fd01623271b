"""The real `tasador` in processes of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import httpx

from entrypoints.cli.main import main
from tests.cli.command import Ran, run
from tests.fork_server import FORK_SERVER

HOME = {
    "type": "departamento",
    "sector": "Ñuñoa",
    "net_usable_area": 80,
    "net_area": 90,
    "n_rooms": 3,
    "n_bathroom": 2,
    "latitude": -33.456,
    "longitude": -70.597,
}
REPOSITORY = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
_SECONDS_TO_START = 60
_SECONDS_BETWEEN_LOOKS = 0.02


@dataclass(frozen=True)
class Finished:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def tasador(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
    """Runs a command in `folder` to its end."""
    done = subprocess.run(
        [*_COMMAND, *arguments],
        cwd=folder,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def ordered(folder: Path, *words: str) -> Ran:
    """What came of a command about the Tasador of `folder`, run in this process: a start of its own takes seconds."""
    return run(*words, "--config", folder / "tasador.toml")


def a_key(folder: Path, *more: str) -> str:
    """The token of a new key; `more` are further words of the command."""
    return str(ordered(folder, "keys", "create", "--label", "test", *more, "--json").json["token"])


class Process:
    """`tasador` in a process of its own, forked from one that has imported it: a start from nothing takes seconds."""

    def __init__(self, folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
        receiver, sender = FORK_SERVER.Pipe(duplex=False)
        with receiver, sender:
            self._process = FORK_SERVER.Process(target=_run, args=(folder, words, environment, sender))
            self._process.start()
            self.stdout = os.fdopen(os.dup(receiver.fileno()))
        assert self._process.pid
        self.pid = self._process.pid

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises AssertionError where it has not ended by then."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "it has not ended"
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)


def _run(folder: Path, words: Sequence[str], environment: Mapping[str, str], output: Connection) -> None:
    """What the process does: it is what Python would make of `_COMMAND` with all output going to one pipe."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["-c", *words]
    main()


class Service:
    """A serving process, what it has printed so far, and a client of it."""

    def __init__(self, process: "Process | subprocess.Popen[str]") -> None:
        self.process = process
        self.address = ""
        self._lines: list[str] = []
        self._printed = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Reads all the time: a process whose output nobody takes comes to a halt."""
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                with self._printed:
                    self._lines.append(line)
                    self._printed.notify_all()

    def wait_for(self, pattern: str) -> "re.Match[str]":
        """The first match of `pattern` in what it has printed; waits for it for a minute."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found.extend(re.finditer(pattern, "".join(self._lines)))
            return bool(found) or not self._reader.is_alive()

        with self._printed:
            self._printed.wait_for(seen, _SECONDS_TO_START)
        assert found, f"{pattern} never came: {''.join(self._lines)}"
        return found[0]

    def all_printed(self) -> str:
        """Everything that it printed until it ended."""
        self.process.wait(timeout=_SECONDS_TO_START)
        self._reader.join()
        return "".join(self._lines)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=30)

    def post(self, path: str, key: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        return httpx.post(f"{self.address}{path}", headers={"X-API-Key": key}, json=body, timeout=30)

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def connect(self) -> socket.socket:
        """A connection of one's own, to say on it what one likes."""
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return socket.create_connection((host, int(port)), timeout=_SECONDS_TO_START)

    def wait_until(self, path: str, status: int) -> httpx.Response:
        """Asks until the answer has this status; fails after a minute."""
        return self.wait_for_answer(path, lambda answer: answer.status_code == status)

    def wait_for_answer(self, path: str, is_it: Callable[[httpx.Response], bool]) -> httpx.Response:
        """Asks, leaving the processor to the service in between, until the answer is right; fails after a minute."""
        transport = httpx.HTTPTransport(retries=3)
        deadline = time.monotonic() + _SECONDS_TO_START
        with httpx.Client(transport=transport, timeout=30) as client:
            while not is_it(answer := client.get(f"{self.address}{path}")):
                assert time.monotonic() < deadline, f"{path} never came to it, last: {answer.text}"
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        return answer


@contextmanager
def serving(
    folder: Path,
    *arguments: str,
    port: str = "0",
    environment: Mapping[str, str] | None = None,
    from_nothing: bool = False,
) -> Iterator[Service]:
    """`tasador serve` (or another command that serves) on a free port, until the block is left.

    from_nothing: started by Python itself, as users do, rather than forked.
    """
    words = [*(arguments or ("serve",)), "--port", port]
    process: Process | subprocess.Popen[str]
    if from_nothing:
        process = subprocess.Popen(
            [*_COMMAND, *words],
            cwd=folder,
            env=_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    else:
        process = Process(folder, words, _environment(environment))
    service = Service(process)
    try:
        service.address = service.wait_for(r"(?:serving on|Console) +(http://[\d.]+:\d+)")[1]
        yield service
    finally:
        process.kill()
        service.all_printed()


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TASADOR_")}
    given = {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "TASADOR_HTTP__RATE_LIMIT": "off"}
    return kept | given | dict(more or {})
