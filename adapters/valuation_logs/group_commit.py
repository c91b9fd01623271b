"""Threads that write at the same time share one transaction."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Calls `write` with all that threads have brought while the call before it went on, and never twice at once."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._gathering = threading.Lock()
        self._waiting: list[_Item[T]] = []

    def __call__(self, content: T) -> None:
        """Returns once `content` is written, or raises what `write` has raised for all that it was called with."""
        item = _Item(content)
        with self._gathering:
            self._waiting.append(item)
        with self._writing:
            if not item.is_done:
                self._write_all()
        if item.error is not None:
            raise item.error

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is written within the block."""
        with self._writing:
            yield

    def _write_all(self) -> None:
        with self._gathering:
            items, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            self._write([item.content for item in items])
        except BaseException as raised:  # it is raised again, in each thread that waits
            error = raised
        for item in items:
            item.error, item.is_done = error, True


class _Item(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content
        self.is_done = False
        self.error: BaseException | None = None
