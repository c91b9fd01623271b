"""Parts valued by several processes of this machine."""

import math
import os
import pickle
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from adapters.valuation_engines.worker import Worker, WorkerDied
from application.ports.portfolio_source import PortfolioPart
from application.ports.valuation_engine import PartValuer, ValuationEngine, ValuedPart
from domain.errors import EngineUnavailable

_DEATHS = 3
"""At one part: after so many it is the part's fault rather than chance."""
_AHEAD = 2
"""Parts read ahead for each process."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Processes(ValuationEngine):
    """As many processes as there are cores that this one may use, or `workers`; each has one part at a time.

    What values parts must be importable by the name of its module, which `__main__` is not.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers

    def valued(self, parts: Iterable[PortfolioPart], value: PartValuer) -> Generator[ValuedPart, None, None]:
        """A thread waits for each process; processes begin when there is a part for them."""
        workers = self._workers or _cores()
        crew = _Crew(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        ahead: deque[Future[ValuedPart]] = deque()
        with crew, ThreadPoolExecutor(workers, "valuation") as threads:
            try:
                for part in parts:
                    ahead.append(threads.submit(crew.valued, part))
                    if len(ahead) >= _AHEAD * workers:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                crew.dismiss()


class _Crew:
    """The processes, each busy with one part or waiting for the next."""

    def __init__(self, valuer: bytes) -> None:
        self._valuer = valuer
        self._changing = threading.Lock()
        self._all: list[Worker] = []
        self._idle: list[Worker] = []
        self._is_dismissed = False

    def __enter__(self) -> "_Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.close()

    def valued(self, part: PortfolioPart) -> ValuedPart:
        """The part, by another process where one dies of it. Raises EngineUnavailable, and what valuing it raises."""
        sent = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        how = ""
        for _ in range(_DEATHS):
            worker = self._worker()
            try:
                answer = worker.answer(sent)
            except WorkerDied as death:
                self._bury(worker)
                how = str(death)
                continue
            self._idle.append(worker)
            if isinstance(answer, Exception):
                raise answer
            return answer
        raise EngineUnavailable(
            f"The part that begins at row or line {part.first} cannot be valued: {_DEATHS} processes died of it, and "
            f"the last one {how}. Where memory is short, use fewer --workers."
        )

    def dismiss(self) -> None:
        """Ends all processes, and lets none begin any more."""
        with self._changing:
            self._is_dismissed = True
            for worker in self._all:
                worker.kill()

    def _worker(self) -> Worker:
        with self._changing:
            if self._is_dismissed:
                raise EngineUnavailable("The work was ended.")
            if self._idle:
                return self._idle.pop()
            try:
                worker = Worker(self._valuer)
            except OSError as error:
                raise EngineUnavailable(
                    f"No process can be started: {error.strerror or error}. Use fewer --workers."
                ) from error
            self._all.append(worker)
            return worker

    def _bury(self, worker: Worker) -> None:
        with self._changing:
            self._all.remove(worker)
        worker.close()


def _cores() -> int:
    """How many this process may use, by its affinity and by the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no control groups, or no quota
        quota, period = map(int, _QUOTA.read_text().split())
        allowed = min(allowed, math.ceil(quota / period))
    return max(allowed, 1)
