"""What is measured of the service, and what came of it: every figure, and the tables of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from load.home import ROWS, Prepared
from load.processes import Served, commit, machine
from load.wrk import Load

CONNECTIONS = (1, 16)
CEILING = "nothing, /predict's size"
CEILING_OF_VALUATIONS = "nothing, /v1/valuations' size"
PREDICT = "/predict"
VALUATIONS = "/v1/valuations, with interval"
DETAILS = "... with explanation and 5 comparables"


@dataclass(frozen=True)
class Case:
    """A line of the table: what is asked of which service, how many homes a request, and what it is held against."""

    name: str
    served: Served
    requests: Path
    homes: int = 1
    ceiling: str | None = None
    is_peer: bool = False


@dataclass(frozen=True)
class Measured:
    """All that was found, by case and connections."""

    cases: Sequence[Case]
    loads: Mapping[tuple[str, int], Load]
    memory: Mapping[str, tuple[float, float]]
    missing: Mapping[str, str]
    in_process: Mapping[str, Any]
    load_before: float
    rounds: int
    seconds: float
    sweep: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)

    def best_peer(self, connections: int) -> float | None:
        """The most requests a second that a peer answers."""
        return max((self.loads[c.name, connections].per_second for c in self.cases if c.is_peer), default=None)

    def of_ceiling(self, case: Case, connections: int) -> float | None:
        """The requests a second as a share of those that do nothing."""
        if case.ceiling is None:
            return None
        return self.loads[case.name, connections].per_second / self.loads[case.ceiling, connections].per_second


def document(measured: Measured, home: Prepared) -> dict[str, Any]:
    """Every figure, for programs."""
    return {
        "machine": machine(),
        "commit": commit(),
        "load_before": measured.load_before,
        "training": {name: home.training[name] for name in ("recipe", "metrics", "training_seconds")},
        "loads": [
            {"case": case.name, "homes": case.homes, "connections": connections}
            | asdict(measured.loads[case.name, connections])
            | {"of_ceiling": measured.of_ceiling(case, connections)}
            for case in measured.cases
            for connections in CONNECTIONS
        ],
        "memory_mb": {name: {"peak": peak, "share": share} for name, (peak, share) in measured.memory.items()},
        "in_process_us": measured.in_process,
        "missing": dict(measured.missing),
        "sweep": dict(measured.sweep),
    }


def print_tables(console: Console, measured: Measured, home: Prepared) -> None:
    """Prints a table for each number of connections, the figures without HTTP, and what was aimed at."""
    errors = home.training["metrics"]
    console.print(
        f"\n{machine()}, load average before {measured.load_before:.1f}\n{commit()}; recipe {home.training['recipe']}"
        f" of {home.sales.name}, MdAPE {errors['mdape']:.2%}, MAE {errors['mae']:,.0f}; medians of {measured.rounds} "
        f"interleaved rounds of {measured.seconds:g} s by wrk"
    )
    for connections in CONNECTIONS:
        console.print(_table(measured, connections))
    for name, reason in measured.missing.items():
        console.print(f"{name}: not measured: {reason}", style="yellow", highlight=False)
    inside = measured.in_process
    table = Table(
        "in the process, without HTTP", *(_right(name) for name in ("p50, us", "p99, us", "homes/s")), box=None
    )
    for key, name, count in (
        ("single", "one home, with interval", 1),
        ("details", "one home, with explanation and 5 comparables", 1),
        ("batch", f"a batch of {inside['homes']:,}", inside["homes"]),
    ):
        took = inside[key]
        table.add_row(name, f"{took['p50']:,.0f}", f"{took['p99']:,.0f}", f"{count / took['p50'] * 1e6:,.0f}")
    console.print("", table)
    console.print("", _targets(measured))


def _table(measured: Measured, connections: int) -> Table:
    names = (
        "requests/s",
        "homes/s",
        "p50, ms",
        "p99, ms",
        "CPU, us",
        "of ceiling",
        "x best peer",
        "failed",
        "peak MB",
        "PSS MB",
    )
    title = f"{connections} connection{'s' if connections > 1 else ''}"
    table = Table(title, *(_right(name) for name in names), box=None)
    best = measured.best_peer(connections)
    for case in measured.cases:
        one = measured.loads[case.name, connections]
        share, (peak, proportional) = measured.of_ceiling(case, connections), measured.memory[case.served.name]
        table.add_row(
            case.name,
            f"{one.per_second:,.1f}" if one.per_second < 100 else f"{one.per_second:,.0f}",
            f"{one.per_second * case.homes:,.0f}",
            f"{one.p50:,.2f}",
            f"{one.p99:,.2f}",
            f"{one.cpu:,.0f}",
            f"{share:.2f}" if share else "",
            f"{one.per_second / best:,.1f}" if best and case.ceiling else "",
            str(one.failed),
            f"{peak:,.0f}",
            f"{proportional:,.0f}",
        )
    return table


def _targets(measured: Measured) -> Table:
    """What was aimed at, with 16 connections where nothing else is said."""
    most = CONNECTIONS[-1]
    by_name = {case.name: case for case in measured.cases}
    inside = measured.in_process
    single = inside["single"]["p50"]
    rates = {
        name: load.per_second * ROWS for (name, at), load in measured.loads.items() if "batch" in name and at == most
    }
    predict, valuations = (measured.of_ceiling(by_name[name], most) or 0.0 for name in (PREDICT, VALUATIONS))
    inside_rate = inside["homes"] / inside["batch"]["p50"] * 1e6
    rows = [
        ("/predict, share of the ceiling", "0.45", f"{predict:.2f}", predict >= 0.45),
        ("/v1/valuations, share of the ceiling", "0.40", f"{valuations:.2f}", valuations >= 0.4),
        *(
            (f"explanation and 5 comparables, p50, {at} connections", "< 3 ms", f"{took:.2f} ms", took < 3)
            for at in CONNECTIONS
            if (took := measured.loads[DETAILS, at].p50)
        ),
        ("one valuation in the process", "180 us", f"{single:,.0f} us", single <= 180),
        ("a batch of 1,000 in the process", "30,000 homes/s", f"{inside_rate:,.0f} homes/s", inside_rate >= 30_000),
        *((name, "30,000 homes/s", f"{rate:,.0f} homes/s", rate >= 30_000) for name, rate in rates.items()),
    ]
    if best := measured.best_peer(most):
        times = measured.loads[PREDICT, most].per_second / best
        rows.insert(1, ("/predict, times the best peer", "15", f"{times:,.1f}", times >= 15))
    table = Table(f"aimed at, {most} connections", _right("target"), _right("measured"), "", box=None)
    for name, target, found, good in rows:
        table.add_row(name, target, found, "met" if good else "missed")
    return table


def _right(name: str) -> Column:
    return Column(name, justify="right", no_wrap=True)
