"""Load by `wrk`: so many connections, each sending the next request as soon as its answer is there."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from load.processes import CannotRun, Served

_SCRIPT = Path(__file__).with_name("requests.lua")
_LONGEST_ANSWER = 60
_FEW, _LONG = 2, 30


@dataclass(frozen=True)
class Load:
    """What came of a stretch of load: answers, their rate a second, latencies in ms, how many failed."""

    requests: int
    per_second: float
    p50: float
    p90: float
    p99: float
    failed: int
    cpu: float
    """Processor time of the service for an answer, in microseconds: steadier than the clock on a busy machine."""


def require_wrk() -> None:
    """Raises CannotRun where there is no wrk."""
    if shutil.which("wrk") is None:
        raise CannotRun("wrk is not installed: apt-get install wrk (Debian, Ubuntu), brew install wrk (macOS)")


def load(served: Served, requests: Path, key: str, connections: int, seconds: float, warm_up: float = 0) -> Load:
    """Sends the requests of a file over and over for so many seconds, or longer where hardly anything is answered.

    What was answered during the warm-up before does not count.
    """
    if warm_up:
        _run(served, requests, key, connections, warm_up)
    found = _run(served, requests, key, connections, seconds)
    return _run(served, requests, key, connections, _LONG) if found.requests < _FEW * connections else found


def _run(served: Served, requests: Path, key: str, connections: int, seconds: float) -> Load:
    command = ["wrk", f"-t{1 if connections == 1 else 2}", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command += ["--timeout", f"{_LONGEST_ANSWER}s", "-s", str(_SCRIPT), served.address]
    environment = {**os.environ, "BENCH_REQUESTS": str(requests), "BENCH_KEY": key}
    before = served.processor_seconds()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    used = served.processor_seconds() - before
    found = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not found:
        raise CannotRun(f"wrk: {(done.stderr or done.stdout).strip()}")
    figures = json.loads(found[0].removeprefix("FIGURES "))
    return Load(
        requests=figures["requests"],
        per_second=figures["requests"] / figures["microseconds"] * 1e6,
        p50=figures["p50"] / 1000,
        p90=figures["p90"] / 1000,
        p99=figures["p99"] / 1000,
        failed=figures["refused"] + figures["broken"],
        cpu=used / figures["requests"] * 1e6 if figures["requests"] else 0.0,
    )


def medians(rounds: Sequence[Load]) -> Load:
    """The median of each figure; of failures, and of requests, the sum."""
    middle = {
        name: median(getattr(each, name) for each in rounds) for name in ("per_second", "p50", "p90", "p99", "cpu")
    }
    return Load(requests=sum(each.requests for each in rounds), failed=sum(each.failed for each in rounds), **middle)
