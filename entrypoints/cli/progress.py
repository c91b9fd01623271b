"""How far long work has come, where somebody watches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from entrypoints.cli.session import on_terminal

Watcher = Callable[[str, int, int | None], None]
"""Is told a stage, how many steps of it are done, and how many there are; None where nobody knows."""


@contextmanager
def progress_bars() -> Iterator[Watcher]:
    """Bars on standard error, one a stage, if that is a terminal."""
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not on_terminal()) as bars:
        tasks: dict[str, TaskID] = {}

        def watch(stage: str, done: int, steps: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=steps)
            bars.update(tasks[stage], completed=done, total=steps)

        yield watch


@contextmanager
def progress_of_rows() -> Iterator[Callable[[int, float | None], None]]:
    """A bar on standard error, if that is a terminal: rows, rows a second and, where it can be known, the time left.

    Yields what is told how many rows are done, and which share of all that is, where anybody knows.
    """
    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]:,.0f} rows/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), disable=not on_terminal()) as bars:
        task = bars.add_task("rows", total=None, rows=0, rate=0.0)

        def watch(rows: int, share: float | None) -> None:
            rate = rows / max(time.monotonic() - began, 1e-9)
            bars.update(task, completed=share or 0.0, total=None if share is None else 1.0, rows=rows, rate=rate)

        yield watch
