"""The same handler that does nothing, behind one part more of the door at each address.

python benchmarks/load/doorsteps.py FOLDER      started by door.py; FOLDER holds tls.pem and tls.key

All in one process, so that the steps differ in nothing else. What serves and checks are Tasador's own parts.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvicorn
from litestar import Litestar, MediaType, post
from litestar.types import Guard

from application.ports.key_event_log import KeyEventLog
from config.container import Container
from config.loader import load_settings
from domain.api_key import Scope
from entrypoints.http.door import Bounds
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.metrics import Metrics, Traffic
from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster
from entrypoints.http.security import key_guard, needs
from entrypoints.http.server import Server
from entrypoints.http.throttling import FailedKeys
from entrypoints.http.tls import Certificate

ANSWER = b"180000.0"
ADDRESSES = "addresses.json"
STEPS = (
    "uvicorn and Litestar, nothing of ours",
    "connections, heads and bodies bounded",
    "request id, security headers, metrics",
    "a line in the service's log",
    "the key checked, from memory",
    "a line in the log of keys",
    "the key's rate limit",
    "all of that over TLS",
)


class _Nowhere(KeyEventLog):
    """Writes nothing down."""

    def record(self, event: str, key_id: str | None, **details: str) -> None:
        """Does nothing."""


class _Silent:
    """A logger that writes nothing."""

    def info(self, event: str, **details: object) -> None:
        """Does nothing."""

    error = warning = info


def _nothing(guards: Sequence[Guard]) -> Litestar:
    @post("/", status_code=200, media_type=MediaType.JSON, opt=needs(Scope.VALUE))
    async def handler() -> bytes:
        return ANSWER

    return Litestar([handler], guards=guards, logging_config=None, openapi_config=None)


def servers(container: Container, folder: Path) -> Iterator[uvicorn.Server]:
    """A server for each of `STEPS`."""
    roster, log = Roster.alone(), container.loggers().service

    def observed(app: Litestar, logger: Any) -> Observed:
        return Observed(app, logger, Traffic(Metrics(roster), ["/"]))

    def guard(*, logged: bool, limited: bool) -> Guard:
        authenticate, metrics = container.authenticate_key(), Metrics(roster)
        limits = KeyLimits.of(container, roster, metrics)
        if not limited:
            limits = KeyLimits(container.rate_limiter(roster.memory.counts_of_keys, 0, b""), None, metrics)
        return key_guard(
            authenticate if logged else replace(authenticate, events=_Nowhere()),
            limits,
            FailedKeys.of(container, roster, metrics),
        )

    bare = _nothing([])
    yield uvicorn.Server(
        uvicorn.Config(
            bare,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    )
    yield _server(cast("Observed", bare), roster)
    yield _server(observed(bare, _Silent()), roster)
    yield _server(observed(bare, log), roster)
    yield _server(observed(_nothing([guard(logged=False, limited=False)]), log), roster)
    yield _server(observed(_nothing([guard(logged=True, limited=False)]), log), roster)
    whole = observed(_nothing([guard(logged=True, limited=True)]), log)
    yield _server(whole, roster)
    yield _server(whole, roster, Certificate(folder / "tls.pem", folder / "tls.key"))


def _server(app: Observed, roster: Roster, certificate: Certificate | None = None) -> Server:
    return Server(app, roster, alone=True, bounds=Bounds(), certificate=certificate)


async def _serve(folder: Path) -> None:
    container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings, log_stream=sys.stderr)
    container.loggers().prepare()
    addresses, serving = [], []
    for step, server in zip(STEPS, servers(container, folder), strict=True):
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        scheme = "https" if step == STEPS[-1] else "http"
        addresses.append(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
        serving.append(asyncio.create_task(server.serve(sockets=[listener])))
        while not server.started:
            await asyncio.sleep(0.01)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # there is nobody to be answered any more
    (folder / ADDRESSES).write_text(json.dumps(dict(zip(STEPS, addresses, strict=True))), "utf-8")
    sys.stderr.write(f"serving on {addresses[0]}\n")
    sys.stderr.flush()
    await asyncio.gather(*serving)


def main() -> None:
    """Serves every step on a port of its own, and writes down where."""
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(_serve(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
