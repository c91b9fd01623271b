"""What a valuation costs over HTTP: Tasador against an empty request and against its peers, on this machine.

python benchmarks/serving.py [SALES.csv]       (default: the bundled sales)
    --quick            short rounds, to see that it runs; the figures are rough
    --without-peers    MLServer, BentoML and the original service are left out, and so is their environment
    --without-chart    docs/serving-latency.png stays as it is (with --quick: always)
    --profile          also samples where the time of a request and of a valuation goes
    --json FILE        also writes every figure to FILE
    --home FOLDER      trains there unless it was done before, instead of in a temporary folder

Everything is started here, on loopback, one worker each, and ended again. The model is the default recipe at full
effort. Rounds are interleaved, and medians over them shown: timings on shared machines wander. Needs `wrk`
(apt-get install wrk); the peers' environment is made in var/bench at the first run.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from load.home import (
    BUNDLED,
    ROWS,
    Home,
    Prepared,
    Requests,
    answer_of,
    homes_to_ask,
    prepared,
    tasador,
    write_requests,
    written_requests,
)
from load.peers import PEERS, fitted, peer_requests, peer_serving
from load.processes import ROOT, CannotRun, Served, environment_of, machine, output_of, serving
from load.profile import print_profile
from load.results import (
    CEILING,
    CEILING_OF_VALUATIONS,
    CONNECTIONS,
    DETAILS,
    PREDICT,
    VALUATIONS,
    Case,
    Measured,
    document,
    print_tables,
)
from load.wrk import Load, load, medians, require_wrk
from rich.console import Console

CHART = ROOT / "docs" / "serving-latency.png"
SWEEP = (1, 2, 4, 8, 16, 32, 64)
_LOAD = ROOT / "benchmarks" / "load"
CHARTED = (CEILING, PREDICT, VALUATIONS, DETAILS)


@dataclass(frozen=True)
class Effort:
    """How long is measured: rounds, seconds of a round and of the warm-up before it, and of other measurements."""

    rounds: int
    seconds: float
    warm_up: float
    sweep: float
    in_process: float


FULL = Effort(rounds=3, seconds=10, warm_up=2, sweep=6, in_process=6)
QUICK = Effort(rounds=1, seconds=3, warm_up=1, sweep=2, in_process=2)


def main() -> None:
    """Reads the command line, starts everything, measures, prints."""
    asked = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 170)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    effort = QUICK if asked.quick else FULL
    try:
        require_wrk()
        with ExitStack() as running, prepared(asked.sales, asked.home) as home:
            measured = _measure(running, home, effort, asked, console)
    except CannotRun as error:
        sys.exit(f"serving.py: {error}")
    except KeyboardInterrupt:
        sys.exit("serving.py: interrupted; everything that it started has ended.")
    print_tables(console, measured, home)
    if asked.json:
        asked.json.write_text(json.dumps(document(measured, home), indent=1), "utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sales", nargs="?", type=Path, default=BUNDLED)
    for name in ("quick", "without-peers", "without-chart", "profile"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--home", type=Path)
    return parser.parse_args()


def _measure(
    running: ExitStack, home: Prepared, effort: Effort, asked: argparse.Namespace, console: Console
) -> Measured:
    load_before = os.getloadavg()[0]
    ours = running.enter_context(tasador(home))
    homes = homes_to_ask(home, ours)
    requests = written_requests(home.folder, homes)
    cases = [*_ceilings(running, home, ours, requests, homes), *_own(ours, requests)]
    missing: dict[str, str] = {}
    if not asked.without_peers:
        peers, missing = _peers(running, home, homes)
        cases += peers
    for case in cases:
        answer_of(case.served, home.key, case.requests)
    in_process = _in_process(home, homes, effort)
    loads = _loads(cases, home.key, effort, console)
    memory = {case.served.name: case.served.memory() for case in cases}
    sweep = {}
    if not (asked.without_chart or asked.quick):
        sweep = _sweep([case for case in cases if case.name in CHARTED], home.key, effort, console)
        _draw(sweep, home, console)
    if asked.profile:
        print_profile(console, home, ours, requests, round(effort.seconds))
    return Measured(cases, loads, memory, missing, in_process, load_before, effort.rounds, effort.seconds, sweep)


def _ceilings(
    running: ExitStack, home: Prepared, ours: Served, requests: Requests, homes: Sequence[Home]
) -> list[Case]:
    (home.folder / "small.json").write_bytes(answer_of(ours, home.key, requests.predict))
    (home.folder / "large.json").write_bytes(answer_of(ours, home.key, requests.valuations))
    command = [sys.executable, str(_LOAD / "ceiling.py"), str(home.folder)]
    served = running.enter_context(serving("ceiling", command, home.folder, "/"))
    files = {
        name: write_requests(home.folder / f"{name}.requests.txt", [(f"/{name}", each) for each in homes])
        for name in ("open", "small", "large")
    }
    return [
        Case("nothing, and no key check", served, files["open"]),
        Case(CEILING, served, files["small"]),
        Case(CEILING_OF_VALUATIONS, served, files["large"]),
    ]


def _own(served: Served, requests: Requests) -> list[Case]:
    return [
        Case(PREDICT, served, requests.predict, ceiling=CEILING),
        Case(VALUATIONS, served, requests.valuations, ceiling=CEILING_OF_VALUATIONS),
        Case(DETAILS, served, requests.details),
        Case(f"/predict_batch of {ROWS:,}", served, requests.predict_batch, homes=ROWS),
        Case(f"/v1/valuations/batch of {ROWS:,}", served, requests.batch, homes=ROWS),
    ]


def _peers(running: ExitStack, home: Prepared, homes: Sequence[Home]) -> tuple[list[Case], dict[str, str]]:
    """The peers that could be started, and why the others could not."""
    cases, missing = [], {}
    try:
        python, folder = fitted(home, sys.executable)
    except CannotRun as error:
        return [], {peer.name: str(error) for peer in PEERS}
    for peer in PEERS:
        try:
            served = running.enter_context(peer_serving(peer, python, folder, home.key))
            case = Case(peer.name, served, peer_requests(peer, folder, homes), is_peer=True)
            answer_of(served, home.key, case.requests)
            cases.append(case)
        except CannotRun as error:
            missing[peer.name] = str(error)
    return cases, missing


def _in_process(home: Prepared, homes: Sequence[Home], effort: Effort) -> dict[str, Any]:
    file = home.folder / "homes.json"
    file.write_text(json.dumps(homes), "utf-8")
    command = [sys.executable, str(_LOAD / "in_process.py"), str(file), str(effort.in_process)]
    found: dict[str, Any] = json.loads(output_of(command, home.folder))
    return found


def _loads(cases: Sequence[Case], key: str, effort: Effort, console: Console) -> dict[tuple[str, int], Load]:
    found: dict[tuple[str, int], list[Load]] = {}
    for number in range(effort.rounds):
        for connections in CONNECTIONS:
            for case in cases:
                _say(console, f"round {number + 1} of {effort.rounds}, {connections} connections: {case.name}")
                one = load(case.served, case.requests, key, connections, effort.seconds, effort.warm_up)
                found.setdefault((case.name, connections), []).append(one)
    return {which: medians(rounds) for which, rounds in found.items()}


def _sweep(cases: Sequence[Case], key: str, effort: Effort, console: Console) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {case.name: [] for case in cases}
    for connections in SWEEP:
        for case in cases:
            _say(console, f"chart, {connections} connections: {case.name}")
            one = load(case.served, case.requests, key, connections, effort.sweep, effort.warm_up)
            found[case.name].append({"connections": connections, **asdict(one)})
    return found


def _draw(sweep: Mapping[str, object], home: Prepared, console: Console) -> None:
    points = home.folder / "points.json"
    names = {CEILING: "an empty request behind the key check", DETAILS: "/v1/valuations, explained, 5 comparables"}
    title = f"One worker, {machine()}; recipe {home.training['recipe']}, closed loop by wrk"
    series = {names.get(name, name): rows for name, rows in sweep.items()}
    points.write_text(json.dumps({"title": title, "series": series}), "utf-8")
    try:
        python = environment_of("tools", ROOT / "benchmarks" / "requirements.txt")
        output_of([str(python), str(_LOAD / "chart.py"), str(points), str(CHART)], home.folder)
    except CannotRun as error:
        console.print(f"no chart: {error}")


def _say(console: Console, what: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        console.print(what, style="dim")


if __name__ == "__main__":
    main()
