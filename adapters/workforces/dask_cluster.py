"""Work done by the workers of a Dask cluster, through joblib."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic

from distributed import Client, KilledWorker
from distributed.client import FutureCancelledError
from joblib import Parallel, delayed, parallel_config
from joblib._dask import DaskDistributedBackend  # joblib's own, which it names "dask"

from adapters.dask_clusters import (
    address_of,
    connected,
    program_expected_of,
    require_same_program,
    this_worker,
)
from application.ports.workforce import Found, Material, Task, Workforce
from domain.errors import EngineUnavailable


@contextmanager
def dask_workforce(scheduler: str | None = None, workers: int | None = None) -> Iterator[Workforce]:
    """The workers of the scheduler at an address, or `workers` processes here, for as long as the block runs.

    Raises EngineUnavailable.
    """
    with connected(scheduler, workers) as client:
        yield _DaskWorkforce(client, program_expected_of(scheduler))


class _DaskWorkforce(Workforce):
    def __init__(self, client: Client, program: Mapping[str, str] | None) -> None:
        self._client = client
        self._program = program

    def map(
        self, work: Callable[[Material, Task], Found], material: Material, tasks: Iterable[Task]
    ) -> Iterator[Found]:
        """The material is scattered among the workers before the first task."""
        shared = _Scattered(material)
        try:
            with parallel_config(backend=_Backend(client=self._client, scatter=[shared])):
                parallel = Parallel(return_as="generator", batch_size=1)
            yield from parallel(delayed(_worked)(self._program, work, shared, task) for task in tasks)
        except KilledWorker:
            raise EngineUnavailable(
                "Every Dask worker that took a piece of the training died: see the workers' logs, and whether they "
                "have enough memory."
            ) from None
        except FutureCancelledError as error:
            raise EngineUnavailable(
                f"The Dask scheduler at {address_of(self._client)} lost a piece of the training ({error.reason}): it "
                "is gone, or all workers that had the sales died at once. See the workers' logs, and train again."
            ) from None


class _Backend(DaskDistributedBackend):  # type: ignore[misc]
    def effective_n_jobs(self, n_jobs: int) -> int:
        """Never one: joblib would do the work in this process then, whenever a single worker is left."""
        threads: int = super().effective_n_jobs(n_jobs)
        return max(2, threads)


class _Scattered(Generic[Material]):
    """What joblib tells from other arguments by its identity."""

    def __init__(self, material: Material) -> None:
        self.material = material


def _worked(
    program: Mapping[str, str] | None, work: Callable[[Material, Task], Found], shared: _Scattered[Material], task: Task
) -> Found:
    """What a worker does, alone: no learner hands on parts of its work to the cluster."""
    if program is not None:
        require_same_program(program, f"The client of {this_worker()}")
    with parallel_config(backend="sequential"):
        return work(shared.material, task)
