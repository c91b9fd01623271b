"""Wrong keys by the thousand: what an honest caller notices, and what it costs in memory and in log files.

python benchmarks/flood.py [--seconds S] [--addresses N] [--home FOLDER] [--json FILE]

`tasador serve` with its default limits, one worker, keys in SQLite. wrk sends wrong keys over 32 connections without a
pause, three well-formed and unknown ones for one malformed: from one address, then from thousands, as a trusted proxy
would tell them. Beside it an honest caller asks up to 50 times a second with a right key; before and after it, alone.
Exit code 1 where a request of the honest caller failed. About two minutes. Needs `wrk`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from load.processes import TASADOR, CannotRun, Served, commit, machine, output_of, serving
from load.wrk import require_wrk
from outages import Answer, Caller, trained
from rich.console import Console
from rich.table import Table

from domain.api_key import Token

_SCRIPT = Path(__file__).with_name("load") / "wrong_keys.lua"
_TOKENS = 50_000
_CONNECTIONS = 32
_PAUSE = 0.02


@dataclass(frozen=True)
class Flood:
    """What was seen of one. Milliseconds, megabytes, kilobytes of logs."""

    name: str
    wrong_per_second: float
    statuses: dict[int, int]
    honest: int
    honest_failed: dict[int, int]
    p50: float
    p99: float
    longest: float
    resident_before: float
    resident_after: float
    log_kilobytes: float
    cpu_seconds: float


def flood(
    name: str, served: Served, home: Path, token: str, tokens: Path, seconds: float, addresses: int | None
) -> Flood:
    """So many seconds of it; `addresses` None: no flood at all."""
    before, logs_before, cpu_before = served.resident(), _kilobytes(home), served.processor_seconds()
    answers: list[Answer] = []
    stop = threading.Event()
    caller = Caller(urlsplit(served.address).netloc, 7)

    def ask_on() -> None:
        while not stop.wait(_PAUSE):
            answers.append(caller.ask(token))

    thread = threading.Thread(target=ask_on)
    thread.start()
    try:
        if addresses is None:
            stop.wait(seconds)
            statuses, rate = Counter[int](), 0.0
        else:
            statuses, rate = _flooded(served, tokens, seconds, addresses)
    finally:
        stop.set()
        thread.join()
    ordered = sorted(each.milliseconds for each in answers)
    return Flood(
        name=name,
        wrong_per_second=rate,
        statuses=dict(statuses),
        honest=len(answers),
        honest_failed=dict(Counter(each.status for each in answers if each.status != 200)),
        p50=ordered[len(ordered) // 2],
        p99=ordered[len(ordered) * 99 // 100],
        longest=ordered[-1],
        resident_before=before,
        resident_after=served.resident(),
        log_kilobytes=_kilobytes(home) - logs_before,
        cpu_seconds=served.processor_seconds() - cpu_before,
    )


def _flooded(served: Served, tokens: Path, seconds: float, addresses: int) -> tuple[Counter[int], float]:
    done = subprocess.run(  # noqa: S603
        [  # noqa: S607
            "wrk",
            "-t1",
            f"-c{_CONNECTIONS}",
            f"-d{round(seconds)}s",
            "--timeout",
            "30s",
            "-s",
            str(_SCRIPT),
            served.address,
        ],
        env={**os.environ, "WRONG_KEYS": str(tokens), "WRONG_ADDRESSES": str(addresses)},
        capture_output=True,
        text=True,
        check=False,
    )
    statuses: Counter[int] = Counter()
    rate = 0.0
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "STATUSES":
            statuses.update({int(status): int(count) for status, count in (each.split(":") for each in rest.split())})
        elif word == "TOTAL":
            requests, microseconds = map(int, rest.split())
            rate = requests / microseconds * 1e6
    if not rate:
        raise CannotRun(f"wrk: {(done.stderr or done.stdout).strip()}")
    return statuses, rate


def _kilobytes(home: Path) -> float:
    """Of what was logged: the daily files, and what went to standard error."""
    return sum(file.stat().st_size for file in [*home.glob("*.log"), *(home / "logs").glob("*.log")]) / 1024


@contextmanager
def service(home: Path) -> Iterator[Served]:
    """The service with its own limits, but for the honest caller's."""
    with serving(
        "Tasador",
        [*TASADOR, "serve", "--port", "0"],
        home,
        "/health/ready",
        TASADOR_HTTP__TRUSTED_PROXIES='["127.0.0.1"]',
        TASADOR_HTTP__RATE_LIMIT="off",
    ) as served:
        yield served


def main() -> None:
    """Floods and prints what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--addresses", type=int, default=20_000)
    options.add_argument("--home", type=Path)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        require_wrk()
        with ExitStack() as running:
            home = running.enter_context(trained(given.home))
            own = Path(running.enter_context(TemporaryDirectory(prefix="tasador-flood-")))
            tokens = own / "tokens.txt"
            tokens.write_text("".join(f"{Token.generate().reveal()}\n" for _ in range(_TOKENS)), "utf-8")
            token = json.loads(output_of([*TASADOR, "keys", "create", "--label", "honest", "--json"], home))["token"]
            served = running.enter_context(service(home))
            floods = {"no flood": None, "from one address": 0, f"from {given.addresses:,}": given.addresses}
            found = [
                flood(name, served, home, token, tokens, given.seconds, addresses) for name, addresses in floods.items()
            ]
            found.append(flood("no flood again", served, home, token, tokens, 5, None))
    except CannotRun as error:
        sys.exit(f"flood.py: {error}")
    print_table(found, given.seconds)
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in found], indent=1), "utf-8")
    sys.exit(1 if any(each.honest_failed for each in found) else 0)


def print_table(found: Sequence[Flood], seconds: float) -> None:
    """A column for each flood."""
    table = Table(title=f"{machine()}, {commit()}; {seconds:.0f} s each, one worker", box=None, title_justify="left")
    table.add_column("")
    for each in found:
        table.add_column(each.name, justify="right")
    rows = {
        "wrong keys a second": [f"{each.wrong_per_second:,.0f}" for each in found],
        "answers to them": [
            ", ".join(f"{count:,} x {status}" for status, count in sorted(each.statuses.items())) or "-"
            for each in found
        ],
        "honest requests": [f"{each.honest:,}" for each in found],
        "of them failed": [f"{sum(each.honest_failed.values())} {each.honest_failed or ''}" for each in found],
        "honest p50, ms": [f"{each.p50:.1f}" for each in found],
        "honest p99, ms": [f"{each.p99:.1f}" for each in found],
        "honest longest, ms": [f"{each.longest:.0f}" for each in found],
        "resident before, MB": [f"{each.resident_before:.1f}" for each in found],
        "resident after, MB": [f"{each.resident_after:.1f}" for each in found],
        "logs grew by, KB": [f"{each.log_kilobytes:,.0f}" for each in found],
        "processor, s": [f"{each.cpu_seconds:.1f}" for each in found],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
