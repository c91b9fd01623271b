"""The least that an answer costs: Litestar handlers that do nothing, behind the key check of Tasador or none.

python benchmarks/load/ceiling.py FOLDER      answers as FOLDER/{small,large}.json; started by serving.py

Served as `tasador serve` serves; none of its parts is here but the key check.
"""

import os
import socket
import sys
from pathlib import Path

import uvicorn
from litestar import Litestar, MediaType, post
from litestar.handlers import HTTPRouteHandler

from config.container import Container
from config.loader import load_settings
from domain.api_key import Scope
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.metrics import Metrics
from entrypoints.http.roster import Roster
from entrypoints.http.security import key_guard, needs
from entrypoints.http.throttling import FailedKeys


def ceiling(folder: Path) -> Litestar:
    """The application: `/small` and `/large` behind the key check, `/open` without."""
    container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings)
    container.loggers().prepare()
    roster = Roster.alone()
    metrics = Metrics(roster)
    guard = key_guard(
        container.authenticate_key(),
        KeyLimits.of(container, roster, metrics),
        FailedKeys.of(container, roster, metrics),
    )

    def nothing(path: str, answer: bytes, *, guarded: bool) -> HTTPRouteHandler:
        @post(
            path, status_code=200, media_type=MediaType.JSON, guards=[guard] if guarded else [], opt=needs(Scope.VALUE)
        )
        async def handler() -> bytes:
            return answer

        return handler

    small, large = ((folder / name).read_bytes() for name in ("small.json", "large.json"))
    return Litestar(
        [
            nothing("/small", small, guarded=True),
            nothing("/large", large, guarded=True),
            nothing("/open", small, guarded=False),
        ],
        logging_config=None,
        openapi_config=None,
    )


def main() -> None:
    """Serves on a free port and says which."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        ceiling(Path(sys.argv[1])), log_config=None, access_log=False, server_header=False, proxy_headers=False
    )
    sys.stderr.write(f"serving on http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stderr.flush()
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
