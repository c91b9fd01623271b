"""Whether the service keeps its size: memory over a million requests; and what a start costs, with which libraries.

python benchmarks/soak.py [REQUESTS] [--sales FILE] [--home FOLDER] [--json FILE]      (default: 1,000,000)

One process, 16 connections, bodies of every kind of valuation mixed: single values, valuations with their intervals,
with explanation and comparables, small batches. The first tenth of the requests is warm-up: caches and the allocator
fill up. Growth is the resident memory at the end against that after the warm-up, each the median of ten samples.
"""

import argparse
import json
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

from load.home import BUNDLED, Prepared, answer_of, homes_to_ask, prepared, tasador, written_requests
from load.processes import TASADOR, CannotRun, commit, machine, serving
from load.wrk import load, require_wrk
from rich.console import Console
from rich.table import Column, Table

_CONNECTIONS = 16
_SLICE = 10
_WARM_UP = 0.1
_SAMPLES = 10
_SECONDS_BETWEEN_SAMPLES = 0.5
_STARTS = 5
_HEAVY = ("sklearn", "pandas", "category_encoders", "scipy", "numba", "lightgbm", "joblib")
_WITH_THEM = "import category_encoders, pandas, scipy.stats, sklearn.ensemble; "


def main() -> None:
    """Reads the command line, measures starts and the soak, prints both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--sales", type=Path, default=BUNDLED)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 170)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        require_wrk()
        with prepared(asked.sales, asked.home) as home:
            console.print(f"\n{machine()}\n{commit()}")
            starts = [
                _starts(home, "as it is", ""),
                _starts(home, "the libraries of training imported too", _WITH_THEM),
            ]
            _print_starts(console, starts)
            soak = _soak(home, asked.requests)
            _print_soak(console, soak)
    except CannotRun as error:
        sys.exit(f"soak.py: {error}")
    except KeyboardInterrupt:
        sys.exit("soak.py: interrupted; everything that it started has ended.")
    if asked.json:
        asked.json.write_text(json.dumps({"starts": starts, "soak": soak}, indent=1), "utf-8")


def _starts(home: Prepared, name: str, imports: str) -> dict[str, Any]:
    """Seconds from the command to the first good answer of /health/ready, memory then, and what was imported."""
    python, flag, program = TASADOR
    serve = ["serve", "--port", "0"]
    seconds, resident, share = [], [], []
    for _ in range(_STARTS):
        began = time.perf_counter()
        with serving("start", [python, flag, imports + program, *serve], home.folder, "/health/ready") as served:
            seconds.append(time.perf_counter() - began)
            resident.append(served.resident())
            share.append(served.memory()[1])
    with serving(
        "imports", [python, "-X", "importtime", flag, imports + program, *serve], home.folder, "/health/ready"
    ) as served:
        requests = written_requests(home.folder, homes_to_ask(home, served))
        for file in (requests.predict, requests.details, requests.batch):
            answer_of(served, home.key, file)
        said = served.log.read_text("utf-8", "replace")
    modules = set(re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", said, re.MULTILINE))
    return {
        "name": name,
        "seconds": median(seconds),
        "resident_mb": median(resident),
        "pss_mb": median(share),
        "modules": len(modules),
        "heavy": [name for name in _HEAVY if name in modules],
    }


def _print_starts(console: Console, starts: Sequence[dict[str, Any]]) -> None:
    names = ("start, s", "resident MB", "PSS MB", "modules")
    table = Table(
        f"a serving process, medians of {_STARTS} starts",
        *(Column(name, justify="right") for name in names),
        f"of {', '.join(_HEAVY)} it imports",
        box=None,
    )
    for start in starts:
        figures = (
            f"{start['seconds']:.2f}",
            f"{start['resident_mb']:.0f}",
            f"{start['pss_mb']:.0f}",
            str(start["modules"]),
        )
        table.add_row(start["name"], *figures, ", ".join(start["heavy"]) or "none")
    console.print("", table)


def _soak(home: Prepared, wanted: int) -> dict[str, Any]:
    """Sends at least so many requests, and the memory as it went: (requests sent, resident MB)."""
    with tasador(home) as served:
        requests = written_requests(home.folder, homes_to_ask(home, served))
        over, sent, failed = Event(), 0, 0
        samples: list[tuple[int, float]] = []

        def sample() -> None:
            while not over.wait(_SECONDS_BETWEEN_SAMPLES):
                samples.append((sent, served.resident()))

        began = time.perf_counter()
        sampler = Thread(target=sample, daemon=True)
        sampler.start()
        try:
            while sent < wanted:
                found = load(served, requests.mixed, home.key, _CONNECTIONS, _SLICE)
                sent += found.requests
                failed += found.failed
        finally:
            over.set()
            sampler.join()
        seconds = time.perf_counter() - began
        samples.append((sent, served.resident()))
        peak = served.memory()[0]
    return {
        "requests": sent,
        "failed": failed,
        "seconds": seconds,
        "peak_mb": peak,
        **_growth(samples, wanted),
        "samples": samples,
    }


def _growth(samples: Sequence[tuple[int, float]], wanted: int) -> dict[str, float]:
    """Resident MB at the beginning, after the warm-up and at the end, and the growth between the last two, in %."""
    memory = [each for _, each in samples]
    warm = [each for sent, each in samples if sent >= _WARM_UP * wanted] or memory
    after, end = median(warm[:_SAMPLES]), median(warm[-_SAMPLES:])
    return {"first_mb": memory[0], "warm_mb": after, "last_mb": end, "growth_percent": 100 * (end / after - 1)}


def _print_soak(console: Console, soak: dict[str, Any]) -> None:
    table = Table(
        f"{soak['requests']:,} requests in {soak['seconds']:,.0f} s, {soak['failed']} failed",
        Column("resident MB", justify="right"),
        box=None,
    )
    table.add_row("at the first", f"{soak['first_mb']:.1f}")
    table.add_row(f"after the warm-up (the first {_WARM_UP:.0%})", f"{soak['warm_mb']:.1f}")
    table.add_row("at the last", f"{soak['last_mb']:.1f}")
    table.add_row("at most", f"{soak['peak_mb']:.1f}")
    console.print("", table, f" growth since the warm-up: {soak['growth_percent']:+.2f} %")


if __name__ == "__main__":
    main()
