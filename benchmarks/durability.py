"""What each durability of the valuation log costs, against none, in one run.

python benchmarks/durability.py [SALES.csv]
    --rounds N         of each case, interleaved (default 3)
    --seconds S        of a round (default 6)
    --home FOLDER      trains there unless it was done before, instead of in a temporary folder

One worker, /v1/valuations, 1 and 16 connections by `wrk`; medians over the rounds. PostgreSQL is started here.
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from load.home import BUNDLED, homes_to_ask, prepared, tasador, written_requests
from load.postgres import postgres
from load.processes import CannotRun, Served, machine
from load.wrk import Load, load, medians, require_wrk
from rich.console import Console
from rich.table import Table

CONNECTIONS = (1, 16)


def main() -> None:
    """Reads the command line, starts a service a case, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sales", nargs="?", type=Path, default=BUNDLED)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    try:
        require_wrk()
        with ExitStack() as running, prepared(asked.sales, asked.home) as home:
            url = running.enter_context(postgres(durable=True)).url
            cases: dict[str, Served] = {}
            for name, more in _cases(home.folder, url).items():
                cases[name] = running.enter_context(tasador(home, **more))
            served = next(iter(cases.values()))
            requests = written_requests(home.folder, homes_to_ask(home, served)).valuations
            found: dict[tuple[str, int], list[Load]] = {}
            for _ in range(asked.rounds):
                for connections in CONNECTIONS:
                    for name, served in cases.items():
                        measured = load(served, requests, home.key, connections, asked.seconds, warm_up=1)
                        found.setdefault((name, connections), []).append(measured)
    except CannotRun as error:
        sys.exit(f"durability.py: {error}")
    _print({case: medians(rounds) for case, rounds in found.items()})


def _cases(folder: Path, postgresql: str) -> dict[str, dict[str, str]]:
    kinds = {
        "jsonl": {"KIND": "jsonl"},
        "SQLite": {"KIND": "sql", "URL": f"sqlite:///{folder / 'durability.db'}"},
        "PostgreSQL": {"KIND": "sql", "URL": postgresql},
    }
    cases = {"none": {"KIND": "jsonl", "DURABILITY": "none"}}
    for name, kind in kinds.items():
        for durability in ("process", "disk"):
            cases[f"{name}, {durability}"] = kind | {"DURABILITY": durability}
    return {
        name: {
            f"TASADOR_VALUATION_LOG__{key}": value
            for key, value in (case | {"PATH": str(folder / f"durability-{place}")}).items()
        }
        for place, (name, case) in enumerate(cases.items())
    }


def _print(found: dict[tuple[str, int], Load]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 170)
    table = Table(title=f"/v1/valuations by durability of the log; {machine()}")
    for heading in ("log", "connections", "requests/s", "of none", "p50 ms", "p99 ms", "CPU us", "failed"):
        table.add_column(heading, justify="left" if heading == "log" else "right")
    for (name, connections), each in found.items():
        share = each.per_second / found["none", connections].per_second
        row = (f"{each.per_second:,.0f}", f"{share:.0%}", f"{each.p50:.2f}", f"{each.p99:.2f}", f"{each.cpu:.0f}")
        table.add_row(name, str(connections), *row, str(each.failed))
    console.print(table)


if __name__ == "__main__":
    main()
