"""kill -9, and SIGTERM, at random moments of `tasador train`: what is left, and whether the next training works.

python benchmarks/killed_training.py [--points N] [--seed S]

Each kill is of the command itself, in a process of its own, on 400 of the bundled sales with one row that cannot be
used, so that there is a quarantine. After each, `tasador models verify` must find nothing wrong, every quarantine file
must be whole, and after all of them a training must end well.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "data" / "ames_sales.csv"
_TASADOR = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
_TRAIN = [*_TASADOR, "train", "--json", "--recipe", "forest", "--summary", "summary.json", "--exit-codes"]
_SALES = 400
_TERMINATED = 143
_BEYOND = 1.5  # times as long as a training took: some end before they are killed


def measure(points: int, seed: int) -> dict[str, Any]:
    """Kills so many trainings, half of them by SIGTERM, and says what came of it."""
    chance, faults, ended = random.Random(seed), list[str](), Counter[str]()  # noqa: S311 (no secret)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        sales = pd.read_csv(BUNDLED, dtype=str).head(_SALES)
        sales.loc[7, "net_area"] = "unknown"
        sales.to_csv(home / "sales.csv", index=False)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TASADOR_")},
            "PYTHONPATH": str(ROOT),
            "TASADOR_HOME": name,
            "TASADOR_DATA_SOURCE__PATH": str(home / "sales.csv"),
        }

        def run(command: list[str]) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)  # noqa: S603

        started = time.monotonic()
        if run(_TRAIN).returncode:
            raise SystemExit("not even a training that nobody kills ends well")
        whole = time.monotonic() - started
        slowest = 0.0
        for point in range(points):
            sort = (signal.SIGKILL, signal.SIGTERM)[point % 2]
            training = subprocess.Popen(  # noqa: S603
                _TRAIN, env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            with suppress(subprocess.TimeoutExpired):
                training.wait(chance.uniform(0, _BEYOND * whole))
            training.send_signal(sort)  # does nothing where it has ended
            asked = time.monotonic()
            line = training.communicate()[1]
            slowest = max(slowest, time.monotonic() - asked)
            ended[f"{sort.name}: {training.returncode}"] += 1
            if training.returncode == _TERMINATED and line != "tasador: terminated.\n":
                faults.append(f"SIGTERM was told as {line!r}")
            faults += _faults(home, json.loads(run([*_TASADOR, "models", "verify", "--json"]).stdout))
        temporary = [str(path.relative_to(home)) for path in home.rglob("*.tmp")]
        last = run(_TRAIN)
        if last.returncode not in {0, 3}:
            faults.append(f"the next training ended with {last.returncode}: {last.stderr.strip()}")
        versions = json.loads(run([*_TASADOR, "models", "list", "--json"]).stdout)
    return {
        "seconds of a training": round(whole, 1),
        "endings": dict(ended),
        "slowest ending, s": round(slowest, 2),
        "versions stored in the end": len(versions),
        "temporary files left": temporary,
        "faults": faults,
    }


def _faults(home: Path, verified: dict[str, Any]) -> list[str]:
    found = [f"{each['version']}: {each['refused']}" for each in verified["versions"] if each["refused"]]
    if verified["promotions_refused"]:
        found.append(str(verified["promotions_refused"]))
    files = (home / "quarantine").glob("*.csv")
    found += [f"{file.name} is not whole" for file in files if len(pd.read_csv(file)) != 1]
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = measure(asked.points, asked.seed)
    table = Table("", "", show_header=False, title=f"{asked.points} trainings, killed")
    for what, figure in found.items():
        table.add_row(what, str(figure))
    Console().print(table)
    if found["faults"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
