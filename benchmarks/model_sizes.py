"""What a model of so many sales takes: to train, to store, to start with, to keep in memory.

python benchmarks/model_sizes.py [ROWS ...]      sales, drawn from the bundled ones with jitter (3000 20000 100000)

The default recipe, through the commands themselves. Memory is taken after batches and explained valuations, when all
that a worker needs is there; RSS is that of the largest process, PSS of all together (what two share is halved).
Times are seconds of a processor, which another load on the machine changes little.
"""

import argparse
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from load.home import BUNDLED, Prepared, Requests, answer_of, homes_to_ask, prepared, tasador, written_requests
from load.processes import CannotRun, Served, commit, machine
from rich.console import Console
from rich.table import Column, Table
from whole_trainings import drawn

_ROWS = (3_000, 20_000, 100_000)
_STARTS = 3
_SETTLED = 20
"""Answers before memory is taken, so that each of two workers has had some of every kind."""


@dataclass(frozen=True)
class Size:
    """What a model of `rows` sales takes. Processor seconds, MB."""

    rows: int
    training: float
    training_memory: float
    stored: float
    start: float
    worker: float
    one: float
    two: float


def main() -> None:
    """Reads the command line; prints a row as soon as it is known, and the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("rows", nargs="*", type=int, default=_ROWS)
    asked = options.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(f"{machine()}\n{commit()}")
    sizes = []
    try:
        for rows in sorted(asked.rows):
            sizes.append(_size(rows))
            console.print(sizes[-1])
    except CannotRun as error:
        sys.exit(f"model_sizes.py: {error}")
    names = (
        "training, CPU s",
        "peak MB",
        "stored MB",
        "ready, CPU s",
        "a worker, RSS MB",
        "one worker, PSS MB",
        "two, PSS MB",
    )
    table = Table("sales", *(Column(name, justify="right") for name in names), box=None)
    for size in sizes:
        figures = (size.training, size.training_memory, size.stored, size.start, size.worker, size.one, size.two)
        table.add_row(f"{size.rows:,}", *(f"{figure:,.1f}" for figure in figures))
    console.print(table)


def _size(rows: int) -> Size:
    with TemporaryDirectory(prefix="tasador-sizes-") as temporary:
        sales = drawn(BUNDLED, rows, Path(temporary) / "sales.csv")
        before = _processor_seconds()
        with prepared(sales, Path(temporary) / "home") as home:
            training = _processor_seconds() - before
            # The largest of all children so far: the sizes grow, so that it is this training's.
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            starts = []
            for _ in range(_STARTS):
                with tasador(home) as served:
                    starts.append(served.processor_seconds())
            with tasador(home) as served:
                requests = written_requests(home.folder, homes_to_ask(home, served))
                worker, one = _memory(served, home, requests)
            with tasador(home, TASADOR_HTTP__WORKERS="2") as served:
                _, two = _memory(served, home, requests)
            stored = home.training["artifact"]["size"] / 1e6
            return Size(rows, training, peak, stored, median(starts), worker, one, two)


def _processor_seconds() -> float:
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(served: Served, home: Prepared, requests: Requests) -> tuple[float, float]:
    """Resident memory of its largest process and proportional share of all, MB, once it has answered."""
    for _ in range(_SETTLED):
        answer_of(served, home.key, requests.details)
        answer_of(served, home.key, requests.batch)
    _, share = served.memory()
    return max(served.resident_by_process()), share


if __name__ == "__main__":
    main()
