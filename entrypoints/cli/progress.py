"""How far long work has come, where somebody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

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
