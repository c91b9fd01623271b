"""Which workers serve, and what: known to each of them, so that any can tell how it is with all."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from entrypoints.http.background import in_background
from entrypoints.http.shared_memory import SharedMemory

if TYPE_CHECKING:
    from litestar import Litestar

_WANTED, _RESTARTS, _STOPPING = 0, 1, 2
_STATE, _BEATS, _SILENT = 0, 1, 2
_SECONDS_BETWEEN_BEATS = 0.25


class State(IntEnum):
    """Where a worker is in its life."""

    GONE = 0
    STARTING = 1
    SERVING = 2
    DRAINING = 3


@dataclass(frozen=True, slots=True)
class Workers:
    """How it is with the workers: how many there should be, how many serve, how many of them which version.

    `restarts`: how many were replaced since the service started; `without_model`: how many serve, but have no model.
    """

    wanted: int
    alive: int
    restarts: int
    serving: Mapping[str, int]
    without_model: int


class Roster:
    """The list of the workers. A worker writes its own line, and their parent what it sees of them."""

    def __init__(self, memory: SharedMemory, worker: int = 0) -> None:
        self.memory = memory
        self.worker = worker

    @classmethod
    def alone(cls) -> "Roster":
        """The list of a service that is one process."""
        roster = cls(SharedMemory(1))
        roster.memory.head[_WANTED] = 1
        return roster

    def tell_version(self, version: str | None) -> None:
        """This worker serves this version from now on."""
        self.memory.write_text(self.worker, version or "")

    def tell_state(self, state: State) -> None:
        """This worker is so far."""
        self.memory.states[self.worker][_STATE] = state

    def tell_last_words(self, reason: str) -> None:
        """This worker ends for this reason before it has served."""
        self.memory.write_text(self.worker, reason)
        self.tell_state(State.GONE)

    @property
    def draining(self) -> bool:
        """Whether this worker is about to stop, be it alone or with all."""
        return self.state(self.worker) == State.DRAINING or self.all_stop

    def beat(self) -> None:
        """This worker's event loop runs."""
        self.memory.states[self.worker][_BEATS] += 1

    def beats(self, worker: int) -> float:
        """A number that changes as long as the worker's event loop runs."""
        return self.memory.states[worker][_BEATS]

    def state(self, worker: int) -> State:
        """Where that worker is in its life."""
        return State(int(self.memory.states[worker][_STATE]))

    @contextlib.asynccontextmanager
    async def on_duty(self, _: "Litestar") -> AsyncIterator[None]:
        """This worker serves as long as the context lasts, and gives signs of life."""
        self.tell_state(State.SERVING)
        async with in_background(self._keep_beating):
            yield

    async def _keep_beating(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(_SECONDS_BETWEEN_BEATS)

    def stop_all(self) -> None:
        """The whole service stops, not only a worker that others stand in for."""
        self.memory.head[_STOPPING] = 1

    @property
    def all_stop(self) -> bool:
        """Whether the whole service stops."""
        return bool(self.memory.head[_STOPPING])

    def want(self, workers: int) -> None:
        """So many workers there should be."""
        self.memory.head[_WANTED] = workers

    def starts(self, worker: int, *, again: bool) -> None:
        """The parent starts that worker, in the place of another or as the first there."""
        self.memory.states[worker][_STATE] = State.STARTING
        self.tell_silent(worker, silent=False)
        self.memory.head[_RESTARTS] += again

    def gone(self, worker: int) -> None:
        """The parent has seen that worker end."""
        self.memory.states[worker][_STATE] = State.GONE

    def tell_silent(self, worker: int, *, silent: bool) -> None:
        """The parent hears nothing of that worker, or hears of it again."""
        self.memory.states[worker][_SILENT] = silent

    def serves(self, worker: int) -> bool:
        """Whether that worker answers requests, as far as is known."""
        return self.state(worker) == State.SERVING and not self.memory.states[worker][_SILENT]

    def last_words(self, worker: int) -> str | None:
        """Why that worker, which has ended, never served; None where it could not say."""
        return self.memory.text(worker) if self.state(worker) == State.GONE else None

    def seen(self) -> Workers:
        """How it is with all of them now."""
        head, serving = self.memory.head, [row for row in range(self.memory.rows) if self.serves(row)]
        versions = Counter(self.memory.text(row) for row in serving)
        without_model = versions.pop("", 0)
        return Workers(int(head[_WANTED]), len(serving), int(head[_RESTARTS]), versions, without_model)
