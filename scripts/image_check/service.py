"""What serves in an image, as its callers and its machine see it."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.image_check.commands import Wrong, told

PATIENCE = 90.0
_PROGRAM = b"/opt/tasador/bin/tasador"
_BETWEEN_LOOKS = 0.005


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of the service's processes: `resident` counts shared pages whole, `proportional` by their share."""

    resident: float
    proportional: float

    def __str__(self) -> str:
        return f"RSS {self.resident:5.0f} MB, PSS {self.proportional:5.0f} MB"


class Service:
    """One start of it: `tasador serve` by `command`, listening on `port`."""

    def __init__(self, command: list[str], port: int, log: Path, token: str = "", *, tls: bool = False) -> None:
        self.port, self.log = port, log
        self._token, self._tls = token, tls
        told(command)
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 (our own command)
        self._own = 0
        self._wait(self._has_begun, "has not begun")
        begun = time.monotonic()
        self._wait(self._is_ready, "is not ready")
        self.seconds_to_ready = time.monotonic() - begun

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
        """The status and the body of an answer. Raises OSError."""
        unverified = ssl._create_unverified_context() if self._tls else None  # noqa: S323, SLF001 (it signed itself)
        connection = (
            http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=unverified)
            if self._tls
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        )
        headers = {"X-API-Key": self._token, "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wanted(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """The body of an answer that is a 200 or a 201. Raises Wrong."""
        status, content = self.ask(method, path, body)
        if status not in {200, 201}:
            raise Wrong(f"{method} {path} was answered with {status}: {content[:500]!r}\n{self.last_words()}")
        return content

    def memory(self) -> Memory:
        """What it holds now, by /proc."""
        text = Path("/proc", str(self._own), "smaps_rollup").read_text("ascii")
        found = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in text.splitlines()[1:]}
        return Memory(found["Rss"], found["Pss"])

    def stop(self) -> float:
        """Ends it by SIGTERM; seconds that took. Raises Wrong where the program does not end with 0."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{PATIENCE:.0f} s after SIGTERM it goes on. {self.last_words()}") from None
        if code:
            raise Wrong(f"stopped by SIGTERM, the service ended with {code}. {self.last_words()}")
        return time.monotonic() - begun

    def end(self) -> None:
        """However it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def last_words(self) -> str:
        """The end of what it wrote."""
        return f"The service said last: {self.log.read_text('utf-8', 'replace')[-2000:]}"

    def _wait(self, come: Callable[[], bool], fault: str) -> None:
        until = time.monotonic() + PATIENCE
        while not come():
            if time.monotonic() > until or self.process.poll() is not None:
                self.end()
                raise Wrong(f"the service {fault}; exit code {self.process.poll()}. {self.last_words()}")
            time.sleep(_BETWEEN_LOOKS)

    def _has_begun(self) -> bool:
        """Once the program itself runs, which the engine and the namespaces came before."""
        port = f"TASADOR_HTTP__PORT={self.port}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if words[1:3] == [_PROGRAM, b"serve"] and port in (folder / "environ").read_bytes().split(b"\0"):
                    self._own = int(folder.name)
                    return True
            except OSError:  # it has ended
                continue
        return False

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/health/ready")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


class Caller:
    """Values without a pause beside what else is done; `versions` are those of the answers, in their order."""

    def __init__(self, service: Service, home: Mapping[str, Any]) -> None:
        self.versions: list[str] = []
        self._service, self._home = service, home
        self._fault: Exception | None = None
        self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._call)
        self._thread.start()

    def wait_for(self, version: str, count: int) -> None:
        """Until so many answers are by this version. Raises Wrong where any was none."""
        with self._news:
            come = self._news.wait_for(lambda: self._fault or self.versions.count(version) >= count, PATIENCE)
        if self._fault or not come:
            raise Wrong(
                f"valuations by {version}, {self.versions.count(version)} of {count}: {self._fault or 'no more'}"
            )

    def end(self) -> None:
        """No more of them. Raises Wrong where one failed."""
        self._ended = True
        self._thread.join(PATIENCE)
        if self._fault:
            raise Wrong(f"valuation {len(self.versions) + 1}: {self._fault}")

    def _call(self) -> None:
        while not self._ended and not self._fault:
            try:
                version = json.loads(self._service.wanted("POST", "/v1/valuations", self._home))["model"]["version"]
            except Exception as error:
                with self._news:
                    self._fault = error
                    self._news.notify_all()
                return
            with self._news:
                self.versions.append(version)
                self._news.notify_all()


def may_look() -> None:
    """Raises Wrong where another user's processes are not shown to this one."""
    if os.geteuid():
        raise Wrong("this looks into processes of the image's user: run it as root")
