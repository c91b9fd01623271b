"""What a worker process runs; `workers.py` starts it: its settings come on standard input, which stays open."""

import os
import signal
import socket
import sys
from threading import Thread
from types import FrameType

import msgspec

from config.settings import Settings
from domain.errors import DomainError
from entrypoints.http.private_memory import keep_memory_private
from entrypoints.http.roster import Roster
from entrypoints.http.shared_memory import SharedMemory


def main(listener: int, memory: int, workers: int, number: int) -> None:
    """Serves on the listening socket as this worker of so many, until a signal says stop or the parent is gone."""
    for sort in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sort, _stop)
    keep_memory_private()
    roster = Roster(SharedMemory(workers, memory), number)
    try:
        with open(0, "rb", buffering=0, closefd=False) as parent:
            settings = settings_from(parent.readline())
        Thread(target=_stop_without_parent, args=(roster,), daemon=True).start()
        _serve(settings, socket.socket(fileno=listener), roster)
    except Exception as error:  # the parent says it, in one line
        told = isinstance(error, DomainError)
        fault = str(error) if told else f"{type(error).__name__}: {error}"
        roster.tell_last_words(" ".join(fault.split()))
        sys.exit(1)


def settings_from(document: bytes) -> Settings:
    """The settings as the parent sends them."""
    return msgspec.json.decode(document, type=Settings, dec_hook=lambda kind, value: kind(value))


def _serve(settings: Settings, listener: socket.socket, roster: Roster) -> None:
    from config.container import Container
    from entrypoints.http.app import make_app
    from entrypoints.http.server import make_server

    container = Container(settings=settings, log_stream=sys.stderr)
    container.loggers().prepare()
    make_server(settings.http, make_app(container, roster=roster), roster, alone=False).run(sockets=[listener])


def _stop_without_parent(roster: Roster) -> None:
    """An orphan would hold the port against the next start. Nothing ever comes on the pipe but its end."""
    os.read(0, 1)
    roster.stop_all()
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_: int, __: FrameType | None) -> None:
    """Nothing has begun yet."""
    sys.exit(0)
