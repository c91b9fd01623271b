"""Replicas of one Tasador, each a process with a home, and where asked a network, of its own; Redis; the balancer."""

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from load.processes import ROOT, TASADOR, CannotRun, environment, family, free_port

CONFIGURATION = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 60.0
_SECONDS_BETWEEN_LOOKS = 0.02
_NETWORK = "10.231"


@dataclass
class Network:
    """Where a replica lives: on loopback, or in a network namespace whose only way out is a cable to this machine."""

    own: str = "127.0.0.1"
    others: str = "127.0.0.1"
    """The address under which it finds the stores and the balancer."""
    command: Sequence[str] = ()


@contextmanager
def network_of_its_own(number: int) -> Iterator[Network]:
    """A namespace with an address, ended after the block. Needs root. Raises CannotRun."""
    name, here = f"tasador-{os.getpid()}-{number}", f"tas{os.getpid() % 10_000}h{number}"
    there, own, others = here.replace("h", "n"), f"{_NETWORK}.{number}.2", f"{_NETWORK}.{number}.1"
    inside = ("ip", "netns", "exec", name)
    try:
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        _run("ip", "link", "set", there, "netns", name)
        _run("ip", "addr", "add", f"{others}/30", "dev", here)
        _run("ip", "link", "set", here, "up")
        _run(*inside, "ip", "addr", "add", f"{own}/30", "dev", there)
        _run(*inside, "ip", "link", "set", there, "up")
        _run(*inside, "ip", "link", "set", "lo", "up")
        yield Network(own, others, inside)
    finally:
        for words in (("link", "del", here), ("netns", "del", name)):
            with suppress(CannotRun):
                _run("ip", *words)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotRun(f"{' '.join(command)}: {done.stderr.strip()}")


@dataclass
class Replica:
    """`tasador serve`, which can be stopped, killed and started again at the same address."""

    name: str
    home: Path
    network: Network
    settings: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def place(self) -> str:
        """host:port."""
        return f"{self.network.own}:{self.port}"

    @property
    def address(self) -> str:
        """Its own, past the balancer."""
        return f"http://{self.place}"

    def start(self) -> None:
        """Starts it; `wait_for` it."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "out.log").open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                [*self.network.command, *TASADOR, "serve", "--host", self.network.own, "--port", str(self.port)],
                cwd=self.home,
                env=environment(self.home, **self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        """Its log."""
        return (self.home / "out.log").read_text("utf-8", "replace")

    def wait_for(self, status: int = 200) -> float:
        """Waits until its readiness has this status; the time when it did."""
        wait_until(lambda: self.ready() == status, f"{self.name} to be ready: {self.said()[-300:]}")
        return time.time()

    def ready(self) -> int:
        """The status of its readiness, 0 where it does not answer."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/health/ready", timeout=5).status_code
        return 0

    def serves(self) -> str | None:
        """The version that it serves now."""
        with suppress(httpx.HTTPError):
            told: str | None = httpx.get(f"{self.address}/health/ready", timeout=5).json()["serving"]
            return told
        return None

    def stop(self) -> int:
        """Stops it as its operator would; its exit code."""
        assert self.process  # noqa: S101
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_SECONDS_TO_STOP)

    def kill(self) -> tuple[float, float]:
        """Ends all its processes at once (-9); the times between which they died."""
        assert self.process  # noqa: S101
        pids = family(self.process.pid)
        before = time.time()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        return before, time.time()


class Balancer:
    """HAProxy with the repository's own configuration, run as nobody where it can be."""

    def __init__(self, folder: Path, replicas: Sequence[Replica]) -> None:
        program = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise CannotRun("haproxy is not installed: apt-get install haproxy (Debian, Ubuntu)")
        folder.mkdir()
        self.authority = folder / "authority.pem"
        _certificate(folder, self.authority)
        self._inside, front = free_port(), free_port()
        self.place = f"localhost:{front}"
        self._log = folder / "haproxy.log"
        self._environment = {
            "TLS_PEM": str(folder / "tls.pem"),
            "FRONT": f"127.0.0.1:{front}",
            "INSIDE": f"127.0.0.1:{self._inside}",
            **{f"REPLICA_{number}": each.place for number, each in enumerate(replicas, 1)},
        }
        drop = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--no-new-privs")
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603
                [*(drop if os.geteuid() == 0 else ()), program, "-db", "-f", str(CONFIGURATION)],
                env=self._environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def up(self) -> frozenset[str]:
        """The replicas that it sends callers to."""
        with suppress(httpx.HTTPError):
            told = httpx.get(f"http://127.0.0.1:{self._inside}/;csv", timeout=5).text.removeprefix("# ")
            rows = csv.DictReader(io.StringIO(told))
            return frozenset(
                row["svname"]
                for row in rows
                if row["pxname"] == "ready" and row["svname"].startswith("replica-") and row["status"].startswith("UP")
            )
        return frozenset()

    def wait_for(self, *names: str) -> float:
        """Waits until it sends callers to these and no others; the time when it did."""
        wait_until(lambda: self.up() == set(names), f"the balancer to know {names}: {self.said()[-300:]}")
        return time.time()

    def said(self) -> str:
        """Its log."""
        return self._log.read_text("utf-8", "replace")

    def end(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(_SECONDS_TO_STOP)


class Redis:
    """A redis-server that can be killed and started again, with nothing left."""

    def __init__(self, folder: Path, addresses: Sequence[str]) -> None:
        self._folder, self.port, self._addresses = folder, free_port(), addresses
        folder.mkdir()
        self.start()

    def start(self) -> None:
        """Starts it, and returns once it listens."""
        command = ["redis-server", "--port", str(self.port), "--bind", *self._addresses, "--protected-mode", "no"]
        with (self._folder / "redis.log").open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                [*command, "--save", "", "--dir", str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        log = self._folder / "redis.log"
        wait_until(lambda: "Ready to accept" in log.read_text("utf-8", "replace"), "redis-server")

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait()


def redis(running: ExitStack, folder: Path, addresses: Sequence[str]) -> Redis | None:
    """A server for as long as what is `running` runs; None where none is installed."""
    if shutil.which("redis-server") is None:
        sys.stderr.write("redis-server is not installed: limits are counted by each replica for itself\n")
        return None
    server = Redis(folder, addresses)
    running.callback(server.kill)
    return server


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Returns once it is. Raises CannotRun where that takes two minutes."""
    until = time.monotonic() + _SECONDS_TO_START
    while not true():
        if time.monotonic() > until:
            raise CannotRun(f"waited {_SECONDS_TO_START:.0f} s for {what}")
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _certificate(folder: Path, authority: Path) -> None:
    """A certificate of localhost that vouches for itself, and with its key in tls.pem."""
    key = folder / "key.pem"
    kind = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    _run("openssl", *kind, *names, "-keyout", str(key), "-out", str(authority))
    both = folder / "tls.pem"
    both.write_bytes(authority.read_bytes() + key.read_bytes())
    if os.geteuid() == 0:
        os.chown(both, 65534, 65534)
    both.chmod(0o400)
