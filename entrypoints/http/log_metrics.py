"""What Prometheus learns of the logs: how many lines wait to be written or sent, and how many were dropped."""

import asyncio
import contextlib
from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from litestar import Litestar

from entrypoints.http.background import in_background
from entrypoints.http.metrics import Metrics

_SECONDS_BETWEEN_LOOKS = 1.0


class Queue(Protocol):
    """A sink of logs, as a `LogSink` tells of itself, or one of traces."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called."""

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How much it has taken and not yet passed on."""

    @property
    @abstractmethod
    def lost(self) -> int:
        """How much it dropped since the program began."""


class LogMetrics:
    """Looks at the sinks of this worker's logs, and of its traces, once a second."""

    def __init__(self, sinks: Sequence[Queue], metrics: Metrics) -> None:
        self._sinks = sinks
        self._lost = [0] * len(sinks)
        names = sorted({sink.name for sink in sinks})  # the same order in every worker
        self._queue = metrics.gauge("tasador_log_queue", "Log lines that wait to be written or sent.", "sink", names)
        self._dropped = metrics.counter("tasador_log_dropped", "Log lines that were dropped.", sink=names)

    def look(self) -> None:
        """Takes over what the sinks say."""
        waiting: Counter[str] = Counter()
        for number, sink in enumerate(self._sinks):
            waiting[sink.name] += sink.waiting
            lost = sink.lost
            if lost > self._lost[number]:
                self._dropped.add(sink.name, amount=lost - self._lost[number])
                self._lost[number] = lost
        for name, lines in waiting.items():
            self._queue.set(name, lines)

    @contextlib.asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Looks as long as the service runs."""
        async with in_background(self._keep_looking):
            yield

    async def _keep_looking(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
