"""What the contracts of several adapters need: servers, and databases in them."""

import logging
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import psycopg
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from psycopg import sql
from sqlalchemy import make_url
from werkzeug.serving import make_server

from adapters.database_schemas.sql_database import SqlDatabaseSchema
from tests.openbao_server import OpenBaoServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3, for as long as the session lasts."""
    one_at_a_time = threading.Lock()
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: Any, start_response: Any) -> Any:
        # S3 keeps to If-None-Match whatever happens at once; moto looks first and writes then.
        with one_at_a_time:
            return moto(environ, start_response)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def evidence_database(postgres_url: str) -> Iterator[str]:
    """The url of a PostgreSQL database with Tasador's tables, dropped after the session."""
    name = f"evidence_{uuid.uuid4().hex}"
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        SqlDatabaseSchema(url).upgrade()
        yield url
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def postgres_evidence_url(evidence_database: str) -> Iterator[str]:
    """The url of a PostgreSQL database for evidence, in which there is none yet."""
    yield evidence_database
    with psycopg.connect(evidence_database) as connection:
        for table in ("evidence_entries", "evidence_register"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            connection.execute(f"TRUNCATE {table}")
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


@pytest.fixture(scope="session")
def openbao() -> Iterator[OpenBaoServer]:
    """A secrets server, for as long as the session lasts."""
    with TemporaryDirectory(prefix="tasador-openbao-", ignore_cleanup_errors=True) as folder:
        server = OpenBaoServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def s3_environment(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the server, which the environment leads to, with credentials."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": s3_server}).items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def bucket(s3_environment: str) -> str:
    """The name of an empty bucket of the test's own."""
    name = f"test-{uuid.uuid4().hex}"
    boto3.client("s3", endpoint_url=s3_environment).create_bucket(Bucket=name)
    return name
