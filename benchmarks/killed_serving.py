"""kill -9 of a loaded service, again and again: is every valuation that a caller received on record, and verified?

python benchmarks/killed_serving.py [SALES.csv]
    --kills N          how often (default 50)
    --workers N        worker processes of the service (default 2)
    --kind KIND        of the valuation log: jsonl or sql (default jsonl)
    --home FOLDER      trains there unless it was done before, instead of in a temporary folder
    --seed N           of the moments at which it is killed

All processes of the service are killed at once, at a random moment under load from eight callers. Then it is started
anew, as an operator would. At the end `tasador audit verify` is run, and every id that was received is looked for.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
from load.home import BUNDLED, Home, Prepared, homes_to_ask, prepared, tasador
from load.processes import TASADOR, CannotRun, Served, environment, family, machine

from config.container import Container
from config.loader import load_settings

CALLERS = 8
_SHORTEST, _LONGEST = 0.2, 1.5


def main() -> None:
    """Reads the command line, kills, counts, prints."""
    asked = _arguments()
    drawn = random.Random(asked.seed)  # noqa: S311
    received: set[str] = set()
    try:
        with prepared(asked.sales, asked.home) as home:
            more = {
                "TASADOR_VALUATION_LOG__PATH": str(home.folder / "killed"),
                "TASADOR_VALUATION_LOG__KIND": asked.kind,
                "TASADOR_VALUATION_LOG__URL": f"sqlite:///{home.folder / 'killed.db'}",
                "TASADOR_HTTP__WORKERS": str(asked.workers),
            }
            with tasador(home, **more) as served:
                homes = homes_to_ask(home, served)
            for number in range(1, asked.kills + 1):
                got = _killed_once(home, homes, drawn, more)
                received |= got
                sys.stderr.write(f"\r{number} of {asked.kills} kills, {len(received)} valuations received")
            sys.stderr.write("\n")
            _tell(home, more, received, asked)
    except CannotRun as error:
        sys.exit(f"killed_serving.py: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sales", nargs="?", type=Path, default=BUNDLED)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kind", choices=("jsonl", "sql"), default="jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path)
    return parser.parse_args()


def _killed_once(home: Prepared, homes: list[Home], drawn: random.Random, more: dict[str, str]) -> set[str]:
    """The ids that callers received until the service was killed."""
    received: set[str] = set()
    with tasador(home, **more) as served:
        callers = [
            threading.Thread(target=_call, args=(served, home.key, homes[place::CALLERS], received))
            for place in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        time.sleep(drawn.uniform(_SHORTEST, _LONGEST))
        for pid in family(served.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for caller in callers:
            caller.join()
    return received


def _call(served: Served, key: str, homes: list[Home], received: set[str]) -> None:
    """Asks for one home after the other until nobody answers."""
    with suppress(httpx.HTTPError), httpx.Client(base_url=served.address, headers={"X-API-Key": key}) as client:
        while True:
            for home in homes:
                answer = client.post("/v1/valuations", json=home)
                if answer.status_code == 200:
                    received.add(answer.json()["valuation_id"])


def _tell(home: Prepared, more: dict[str, str], received: set[str], asked: argparse.Namespace) -> None:
    settings = environment(home.folder, **more)
    done = subprocess.run(  # noqa: S603
        [*TASADOR, "audit", "verify", "--json"],
        cwd=home.folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    container = Container(settings=load_settings(None, settings, home.folder).settings)
    kept = [record.id for record in container.evidence_archive().records()]
    sys.stdout.write(f"{machine()}; log: {asked.kind}, durability: process, {asked.workers} workers\n")
    sys.stdout.write(f"kills: {asked.kills}\nvaluations received: {len(received)}\n")
    sys.stdout.write(f"of these on record: {len(received & set(kept))}\nrecords in all: {len(kept)}\n")
    sys.stdout.write(f"recorded twice: {len(kept) - len(set(kept))}\n")
    sys.stdout.write(f"audit verify: exit code {done.returncode}\n")
    with suppress(ValueError):
        told = json.loads(done.stdout)
        sys.stdout.write("".join(f"  {name}: {told[name]}\n" for name in told if not isinstance(told[name], list)))
    if done.returncode or not received <= set(kept):
        sys.exit(f"killed_serving.py: evidence is missing or damaged: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    main()
