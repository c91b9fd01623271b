"""Dask clusters: one of this machine's cores, or one that runs already."""

import asyncio
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Security, get_worker
from distributed.comm.core import connect
from distributed.core import send_recv
from distributed.versions import VersionMismatchWarning, get_versions

from adapters.installed_versions import difference, installed
from domain.errors import EngineUnavailable

_SECONDS_TO_CONNECT = 10
_SECONDS_FOR_WORKERS = 30
_LOOPBACK = "127.0.0.1"
_LEAVE_INTERRUPTS_TO_THE_CLIENT = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_SCHEMES = ("tcp://", "tls://")
_DECIDING = ("python", "dask", "distributed")
_SETTINGS: Mapping[str, Any] = {
    "distributed.deploy.lost-worker-timeout": "1 day",  # or a worker that is slow to start again is given up for good
    "distributed.scheduler.allowed-failures": 1,  # of a scheduler that is started here: see DaskEngine
    "distributed.admin.large-graph-warning-threshold": "1TiB",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
_CERTIFICATES = "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..._TLS__CLIENT__CERT and ..._TLS__CLIENT__KEY"


@contextmanager
def connected(scheduler: str | None, workers: int | None = None) -> Iterator[Client]:
    """A client of the scheduler at an address, or else of `workers` processes here (default: one for each core).

    Scheduler and workers run the same program as this process. Raises EngineUnavailable.
    """
    _keep_dask_quiet()
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        if scheduler is None:
            yield stack.enter_context(_of_this_machine(workers or CPU_COUNT))
            return
        address = scheduler if "://" in scheduler else f"tcp://{scheduler}"
        _require_scheduler(address)
        client = stack.enter_context(_of_address(address))
        _require_workers(client, address)
        yield client


def program_expected_of(scheduler: str | None) -> Mapping[str, str] | None:
    """What the workers of a scheduler must have installed; workers that are started here have what is here."""
    return installed() if scheduler else None


def require_same_program(theirs: Mapping[str, str], name: str) -> None:
    """Raises EngineUnavailable where `name` has something else installed than this process, so that figures differ."""
    if found := difference(theirs, installed()):
        raise EngineUnavailable(
            f"{name} differs from this process: {found}. Run both from the same release of Tasador."
        )


def address_of(client: Client) -> str:
    """That of its scheduler."""
    return str(getattr(client.scheduler, "address", "its address"))


def this_worker() -> str:
    """What to call the worker that this runs on."""
    return f"Dask worker {get_worker().address}"


@contextmanager
def _of_this_machine(workers: int) -> Iterator[Client]:
    """Under certificates that nobody else has: who may speak to a scheduler can run what he likes as its user."""
    security = Security.temporary()  # type: ignore[no-untyped-call]
    with (
        TemporaryDirectory(prefix="tasador-dask-") as folder,
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host=_LOOPBACK,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": f"{_LOOPBACK}:0"},
            security=security,
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
            preload=_LEAVE_INTERRUPTS_TO_THE_CLIENT,
        ) as cluster,
        Client(  # type: ignore[no-untyped-call]
            cluster, security=security, set_as_default=False, direct_to_workers=True
        ) as client,
    ):
        yield client


@contextmanager
def _of_address(address: str) -> Iterator[Client]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # what matters of it is told in our own words
            client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise unreachable(address, error) from None
    with client:
        yield client


def _require_scheduler(address: str) -> None:
    """Raises EngineUnavailable where no scheduler of the same Dask answers: a Client would say so less clearly."""
    if not address.startswith(_SCHEMES):
        raise EngineUnavailable(
            f"{address} is no address of a Dask scheduler: give tcp://host:8786 or tls://host:8786."
        )
    try:
        kind, theirs = asyncio.run(asyncio.wait_for(_asked(address), 2 * _SECONDS_TO_CONNECT))
    except Exception as error:  # whatever else may listen there answers what it likes
        raise unreachable(address, error) from None
    if kind != "Scheduler":
        raise EngineUnavailable(f"At {address} is a Dask {kind.lower()}: give the address of the scheduler.")
    ours = get_versions()["packages"]
    if found := difference({name: theirs.get(name) for name in _DECIDING}, {name: ours[name] for name in _DECIDING}):
        raise EngineUnavailable(f"The Dask scheduler at {address} differs from this process: {found}. Run both alike.")


async def _asked(address: str) -> tuple[str, Mapping[str, str]]:
    """What kind of server it is, and the versions that it runs."""
    certificates = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await connect(address, timeout=_SECONDS_TO_CONNECT, **certificates)  # type: ignore[no-untyped-call]
    try:
        kind = (await send_recv(comm, op="identity"))["type"]
        return kind, (await send_recv(comm, op="versions"))["packages"] if kind == "Scheduler" else {}
    finally:
        comm.abort()


def _require_workers(client: Client, address: str) -> None:
    """Raises EngineUnavailable where there is no worker, or one of another program."""
    try:
        client.wait_for_workers(1, timeout=_SECONDS_FOR_WORKERS)
        found = client.run(installed, on_error="return")
    except TimeoutError:
        raise EngineUnavailable(
            f"The Dask scheduler at {address} has no workers: start some with `dask worker {address}`, from the same "
            "release of Tasador."
        ) from None
    except OSError as error:
        raise unreachable(address, error) from None
    for worker, theirs in found.items():
        if isinstance(theirs, Exception):
            raise EngineUnavailable(
                f"The Dask worker {worker} does not run this release of Tasador ({theirs}): install the same there."
            )
        require_same_program(theirs, f"The Dask worker {worker}")


def unreachable(address: str, error: BaseException) -> EngineUnavailable:
    """In one line why a scheduler cannot be used."""
    why = "no certificates are given" if isinstance(error, TypeError) else " ".join(str(error).split()).rstrip(".")
    advice = f"or give other certificates in {_CERTIFICATES}" if address.startswith("tls:") else "or try tls://"
    return EngineUnavailable(
        f"The Dask scheduler at {address} cannot be reached ({why or 'it does not answer'}): see that it runs and that "
        f"its port is open to this machine, {advice}."
    )


def _keep_dask_quiet() -> None:
    """What there is to tell is told by an error; what the libraries log of their own is of no use to the user."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado", "asyncio"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
