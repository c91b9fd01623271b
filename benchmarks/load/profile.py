"""Where the time of a running process goes, sampled by py-spy from outside."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Column, Table

from load.home import Prepared, Requests
from load.processes import ROOT, CannotRun, Served, environment, environment_of
from load.wrk import load

_IN_PROCESS = Path(__file__).with_name("in_process.py")
_MOST_ROWS = 14
_TIMES_A_SECOND = 500
_PARTS = (
    ("key check", ("entrypoints/http/security.py", "application/authenticate_key.py", "domain/api_key.py")),
    ("key check", ("adapters/key_stores/", "adapters/pepper_stores/", "adapters/key_event_logs/")),
    ("writing logs", ("config/log", "adapters/log_sinks/")),
    ("valuation log", ("adapters/valuation_logs/",)),
    ("request id, headers, metrics", ("entrypoints/http/observation.py",)),
    ("reading the body", ("entrypoints/http/bodies.py",)),
    ("making the answer", ("entrypoints/http/schemas.py",)),
    ("the model", ("adapters/valuation_models/",)),
    ("around the model", ("application/", "domain/")),
    ("handlers", ("entrypoints/http/",)),
    ("Litestar", ("/site-packages/litestar/",)),
    ("uvicorn", ("/site-packages/uvicorn/",)),
    ("threads", ("/concurrent/futures/",)),
)


def print_profile(console: Console, home: Prepared, served: Served, requests: Requests, seconds: int) -> None:
    """Prints where the time of requests and of valuations goes."""
    try:
        spy = environment_of("tools", ROOT / "benchmarks" / "requirements.txt").with_name("py-spy")
        for name, file in (("/predict", requests.predict), ("/v1/valuations", requests.valuations)):
            found = _stacks(spy, served.process.pid, seconds, partial(load, served, file, home.key, 16, seconds + 2))
            _print_shares(console, f"a request of {name}", _by_part(found))
        command = [sys.executable, str(_IN_PROCESS), str(home.folder / "homes.json"), str(seconds + 60), "again"]
        process = subprocess.Popen(  # noqa: S603
            command, cwd=home.folder, env=environment(home.folder), stderr=subprocess.PIPE, text=True
        )
        try:
            if process.stderr:
                process.stderr.readline()
            _print_shares(console, "a valuation in the process", _by_function(_stacks(spy, process.pid, seconds)))
        finally:
            process.kill()
            process.wait()
    except CannotRun as error:
        console.print(f"no profile: {error}")


def _stacks(
    py_spy: Path, pid: int, seconds: int, meanwhile: Callable[[], object] | None = None
) -> list[tuple[list[str], int]]:
    """The call stacks of what held the interpreter of a process, outermost first, each with its number of samples.

    A frame is `function (file:line)`. Raises CannotRun where the system lets nobody look into a process.
    """
    with TemporaryDirectory() as folder:
        found = Path(folder) / "stacks.txt"
        command = [str(py_spy), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(_TIMES_A_SECOND)]
        command += ["--format", "raw", "--gil", "--full-filenames", "--output", str(found)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
            if meanwhile:
                meanwhile()
            said, _ = process.communicate()
        if process.returncode or not found.is_file():
            raise CannotRun(f"py-spy: {' / '.join(said.strip().splitlines()[-2:])}")
        lines = [line.rpartition(" ") for line in found.read_text("utf-8").splitlines()]
    return [(frames.split(";"), int(count)) for frames, _, count in lines]


def _print_shares(console: Console, title: str, shares: dict[str, float]) -> None:
    table = Table(f"where the time goes: {title}", Column("share", justify="right"), box=None)
    for name, share in list(shares.items())[:_MOST_ROWS]:
        table.add_row(name, f"{share:.1%}")
    console.print("", table)


def _by_part(samples: Iterable[tuple[list[str], int]]) -> dict[str, float]:
    """The share of each part of a request: that of the innermost frame that belongs to one."""
    return _shares((_part(frames), count) for frames, count in samples)


def _by_function(samples: Iterable[tuple[list[str], int]]) -> dict[str, float]:
    """The share of each innermost function of ours."""
    return _shares((_function(frames), count) for frames, count in samples)


def _shares(counted: Iterable[tuple[str, int]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for name, count in counted:
        counts[name] += count
    whole = sum(counts.values()) or 1
    return {name: count / whole for name, count in counts.most_common()}


def _part(frames: list[str]) -> str:
    for frame in reversed(frames):
        for name, places in _PARTS:
            if any(place in frame for place in places):
                return name
    return "event loop and the rest"


def _function(frames: list[str]) -> str:
    for frame in reversed(frames):
        if str(ROOT) in frame and "/benchmarks/" not in frame:
            function, _, place = frame.partition(" (")
            return f"{place.removeprefix(f'{ROOT}/').rpartition(':')[0]}: {function}"
    return "the rest"
