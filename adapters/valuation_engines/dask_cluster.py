"""Parts valued by the workers of a Dask cluster."""

import pickle
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from functools import lru_cache

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError

from adapters.dask_clusters import (
    address_of,
    connected,
    program_expected_of,
    require_same_program,
    this_worker,
    unreachable,
)
from application.ports.portfolio_source import PortfolioPart
from application.ports.valuation_engine import PartValuer, ValuationEngine, ValuedPart
from domain.errors import EngineUnavailable, ModelNotFound, ModelRefused, ModelStoreUnavailable

_TRIES = 2
"""Of a part whose workers die, and each may cost as many workers as the scheduler allows: a neighbour may be guilty."""
_AHEAD = 3
"""Parts on the way for each thread of the workers."""


class DaskEngine(ValuationEngine):
    """The workers of the scheduler at an address, or of one that is started here with a process for each core.

    A part travels with its task, so that no worker keeps anything that another would need when it dies. `patience`: how
    many seconds a run waits for a worker where there is none.
    """

    def __init__(self, scheduler: str | None = None, workers: int | None = None, patience: float = 60) -> None:
        self._scheduler = scheduler
        self._workers = workers
        self._patience = patience

    def valued(self, parts: Iterable[PortfolioPart], value: PartValuer) -> Generator[ValuedPart, None, None]:
        """Connects, or starts the workers, before the first part."""
        with connected(self._scheduler, self._workers) as client:
            run = _Run(client, value, program_expected_of(self._scheduler), self._patience)
            try:
                for part in parts:
                    if run.is_full():
                        yield run.next()
                    run.add(part)
                while run.on_the_way:
                    yield run.next()
            finally:
                run.cancel()


class _Run:
    """The parts that are on the way, in their order."""

    def __init__(self, client: Client, value: PartValuer, program: object, patience: float) -> None:
        self._client = client
        self._key = value.key
        self._order = pickle.dumps((program, pickle.dumps(value)))
        self._patience = patience
        self.on_the_way: deque[tuple[int, str, bytes, Future[ValuedPart]]] = deque()

    def is_full(self) -> bool:
        return len(self.on_the_way) >= _AHEAD * max(1, self._threads())

    def add(self, part: PortfolioPart) -> None:
        """Parts of equal content in two places are two tasks; the same part of another run is the same task."""
        key = f"tasador-{self._key(part)}-{part.number}"
        sent = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        self.on_the_way.append((part.first, key, sent, self._submitted(key, sent)))

    def next(self) -> ValuedPart:
        """The first of those on the way. Raises EngineUnavailable, and what valuing it raised."""
        first, key, sent, future = self.on_the_way[0]
        for again in range(1, _TRIES + 1):
            try:
                valued = self._result(future)
            except KilledWorker:
                future = self._submitted(f"{key}-{again}", sent)
                self.on_the_way[0] = (first, key, sent, future)
            else:
                self.on_the_way.popleft()
                return valued
        raise EngineUnavailable(
            f"The part that begins at row or line {first} cannot be valued: every Dask worker that took it died, and "
            "so when it was tried again. See the workers' logs, and whether they have enough memory."
        )

    def cancel(self) -> None:
        """Whatever is on the way is given up."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.cancel([future for *_, future in self.on_the_way])  # type: ignore[no-untyped-call]
        self.on_the_way.clear()

    def _submitted(self, key: str, part: bytes) -> Future[ValuedPart]:
        sent: Future[ValuedPart] = self._client.submit(_value_part, self._order, part, key=key)
        return sent

    def _result(self, future: Future[ValuedPart]) -> ValuedPart:
        """Raises EngineUnavailable where there is nobody to value it, for as long as patience lasts."""
        while True:
            try:
                valued: ValuedPart = future.result(timeout=self._patience)
            except TimeoutError:
                if future.status == "error":  # it was raised by the work itself
                    raise
                self._require_workers()
            except FutureCancelledError as error:
                raise EngineUnavailable(
                    f"The Dask scheduler at {address_of(self._client)} has lost the work ({error.reason}): see that it "
                    "runs, and go on with --resume."
                ) from None
            else:
                return valued

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError:
            raise EngineUnavailable(
                f"The workers of the Dask scheduler at {address_of(self._client)} are gone, and none came back in "
                f"{self._patience:.0f} s: start some, and go on with --resume."
            ) from None
        except OSError as error:
            raise unreachable(address_of(self._client), error) from None

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values())  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError) as error:
            raise unreachable(address_of(self._client), error) from None


def _value_part(order: bytes, part: bytes) -> ValuedPart:
    """What a worker does; of a model that it cannot have it says who it is, as another may have no such trouble."""
    valuer = _opened(order)
    try:
        return valuer(pickle.loads(part))  # noqa: S301 (from the client, as the task itself)
    except (ModelNotFound, ModelRefused, ModelStoreUnavailable) as error:
        raise type(error)(f"{this_worker()}: {error}") from None


@lru_cache(maxsize=4)
def _opened(order: bytes) -> PartValuer:
    """Once in each worker, those included that came when the run had begun. Raises EngineUnavailable."""
    program, valuer = pickle.loads(order)  # noqa: S301
    if program is not None:
        require_same_program(program, f"The client of {this_worker()}")
    opened: PartValuer = pickle.loads(valuer)  # noqa: S301
    return opened
