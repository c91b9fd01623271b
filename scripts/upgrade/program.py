"""A Tasador of some commit at work on a data folder: its commands, and its service."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

_START = "from entrypoints.cli.main import main; main()"
_SECONDS_TO_START = 120


class DoesNotHold(Exception):
    """What was not as it should be, in one line."""


@dataclass(frozen=True, slots=True)
class Program:
    """The code in `folder`, run by `python`, on the data in `home`; `settings` are variables of its configuration."""

    name: str
    folder: Path
    python: str
    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def build_kernel(self) -> None:
        """Compiles the native kernel where the folder has none."""
        if not list(self.folder.glob("adapters/valuation_models/kernel/*.so")):
            subprocess.run([self.python, "hatch_build.py"], cwd=self.folder, check=True)  # noqa: S603

    def runs(self, *words: str) -> Any:
        """The JSON document that a command prints. Raises DoesNotHold with what it says where it fails."""
        done = subprocess.run(  # noqa: S603
            self._command(*words, "--json"),
            cwd=self.home,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
            raise DoesNotHold(f"`tasador {' '.join(words)}` ends with {done.returncode}: {said}")
        return json.loads(done.stdout)

    @contextmanager
    def serves(self) -> Iterator["Service"]:
        """The running service, once it is ready. Raises DoesNotHold where it does not start."""
        with TemporaryFile("w+") as log:
            process = subprocess.Popen(  # noqa: S603
                self._command("serve", "--port", "0"), cwd=self.home, env=self._environment(), stdout=log, stderr=log
            )
            try:
                yield self._ready(process, log)
            finally:
                process.terminate()
                process.wait(30)

    def _ready(self, process: "subprocess.Popen[bytes]", log: Any) -> "Service":
        until = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < until and process.poll() is None:
            log.seek(0)
            if said := re.search(r"serving on http://([\d.]+):(\d+)", log.read()):
                service = Service(said[1], int(said[2]))
                if service.asks("GET", "/health/ready")[0] == 200:
                    return service
            time.sleep(0.1)
        log.seek(0)
        said_last = (log.read().strip() or "it says nothing").splitlines()[-1]
        raise DoesNotHold(f"`tasador serve` is not ready: {said_last}")

    def _command(self, *words: str) -> list[str]:
        return [self.python, "-c", _START, *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TASADOR_", "PYTHON"))}
        return kept | {
            **self.settings,
            "PYTHONPATH": str(self.folder),
            "OMP_NUM_THREADS": "1",
            "TASADOR_CONFIG": str(self.folder / "tasador.toml"),
            "TASADOR_HOME": str(self.home),
        }


@dataclass(frozen=True, slots=True)
class Service:
    """Where it answers."""

    host: str
    port: int

    def asks(self, method: str, path: str, key: str = "", body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """The status and the JSON document of an answer; status 0 where there is none."""
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json"} | ({"X-API-Key": key} if key else {})
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except OSError:
            return 0, None
        finally:
            connection.close()
