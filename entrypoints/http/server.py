"""One serving process: uvicorn, and an end to it that nobody notices."""

import asyncio
import contextlib
import ctypes
import itertools
import os
import resource
import socket
import struct
import sys
import threading
import time
from functools import partial
from types import FrameType
from typing import Any

import uvicorn

from config.settings import HttpSettings
from entrypoints.http.connection import Connection
from entrypoints.http.door import Bounds, Door
from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster, State
from entrypoints.http.tls import Certificate, CertificateUnusable, Handshake

_SECONDS_TO_CUT = 9.0
_SECONDS_TO_END = 9.5
_QUIET_SECONDS = 0.5
_MOST_SECONDS_OPEN = 3.0
_SECONDS_FOR_THE_LAST = 0.1
_LOOKS_APART = 0.05
_TICKS_A_SECOND = 10
_FILES_BESIDE_CONNECTIONS = 256
_SO_ATTACH_FILTER = 26
# A socket filter (classic BPF): load the byte of TCP's flags; where SYN is set take nothing of the packet, else all.
_NO_NEWCOMERS = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class Server(uvicorn.Server):
    """Serves until a signal says stop, and then for up to 10 seconds drops nothing.

    From the signal on `/health/ready` says no and every answer closes its connection, while whoever comes is still
    answered: until nobody has come for half a second, at most 3. Then the kernel turns newcomers away, what waits in
    the queue is taken, and what has begun is finished. After 9 seconds what still hangs is cut. With `drain_seconds`
    all this begins so much later, for balancers that take longer to notice.
    """

    def __init__(
        self,
        app: Observed,
        roster: Roster,
        *,
        alone: bool,
        bounds: Bounds | None = None,
        certificate: Certificate | None = None,
        drain_seconds: float = 0.0,
    ) -> None:
        self._door = Door(app, bounds or Bounds())
        self._certificate = certificate
        if certificate:
            app.notices.add(certificate.warnings)
        protocol: Any = partial(Handshake, self._door, certificate) if certificate else partial(Connection, self._door)
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the application sees through the proxies that it trusts
            )
        )
        _let_open(self._door.bounds.connections + _FILES_BESIDE_CONNECTIONS)
        self._roster = roster
        self._alone = alone
        self._drain_seconds = drain_seconds
        self._closes_from = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begins the end. A worker may be told twice, by its parent and by who stopped that; it has only one end."""
        if not self.should_exit:
            self._closes_from = time.monotonic() + self._drain_seconds
            for connection in self._connections():
                connection.answers_last()
            self._roster.tell_state(State.DRAINING)
            self.should_exit = True
            threading.Thread(target=_end_after, args=(self._drain_seconds + _SECONDS_TO_END,), daemon=True).start()
            if self._alone:
                self._roster.stop_all()
        elif self._alone:
            _end_now()

    async def on_tick(self, counter: int) -> bool:
        """Looks around once a second."""
        if counter % _TICKS_A_SECOND == 0:
            visitors: set[Any] = self.server_state.connections
            self._door.look_around(visitors)
            if self._certificate:
                self._look_after(self._certificate)
        return await super().on_tick(counter)

    def _look_after(self, certificate: Certificate) -> None:
        """Takes it anew where its files have changed; the first worker tells of it for all."""
        log, is_to_tell = self._door.app.log, self._roster.worker == 0
        try:
            if certificate.renew() and is_to_tell:
                log.info("certificate renewed")
        except CertificateUnusable as error:
            if is_to_tell:
                log.warning("certificate not renewed", reason=str(error))
        if is_to_tell and (reminder := certificate.reminder()):
            log.warning("certificate to be renewed", reason=reminder)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets everybody finish who has begun, and closes."""
        await self._until_balancers_know()
        await self._until_nobody_comes()
        if self._roster.all_stop:  # else the other workers take whoever comes
            for listener in sockets or ():
                _turn_newcomers_away(listener)
        await asyncio.sleep(_SECONDS_FOR_THE_LAST)
        gone = time.monotonic() - self._closes_from
        self.config.timeout_graceful_shutdown = max(1, round(_SECONDS_TO_CUT - gone))
        await super().shutdown(sockets)

    async def _until_balancers_know(self) -> None:
        ticks = itertools.count()
        while time.monotonic() < self._closes_from:
            await self.on_tick(next(ticks))
            await asyncio.sleep(1 / _TICKS_A_SECOND)

    async def _until_nobody_comes(self) -> None:
        before, quiet_since = self._traffic(), time.monotonic()
        while (now := time.monotonic()) - quiet_since < _QUIET_SECONDS and now - self._closes_from < _MOST_SECONDS_OPEN:
            await asyncio.sleep(_LOOKS_APART)
            if (traffic := self._traffic()) != before:
                before, quiet_since = traffic, now

    def _traffic(self) -> tuple[int, frozenset[object]]:
        """What is another whenever somebody has come."""
        return self.server_state.total_requests, frozenset(self.server_state.connections)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]


def make_server(http: HttpSettings, app: Observed, roster: Roster, *, alone: bool) -> Server:
    """The server of `app` as it is set up. Raises CertificateUnusable."""
    certificate = Certificate(http.tls_certificate, http.tls_key) if http.tls_certificate and http.tls_key else None
    return Server(
        app,
        roster,
        alone=alone,
        bounds=Bounds(http.max_connections),
        certificate=certificate,
        drain_seconds=http.drain_seconds,
    )


def _let_open(files: int) -> None:
    """Allows the process so many open files, as far as the system lets it."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed < files:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (files if most == resource.RLIM_INFINITY else min(files, most), most)
        )


def _turn_newcomers_away(listener: socket.socket) -> None:
    """Lets the kernel ignore those who wish to connect; they try again, and learn that nobody listens any more.

    Without it, who connects between the last look into the queue and its end would be cut off after connecting. Where
    the kernel has no such filters, that can happen.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_NEWCOMERS))
    address = struct.pack("HP", len(_NO_NEWCOMERS), ctypes.addressof(program))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, address)


def _end_after(seconds: float) -> None:
    """Ends the process: a thread that waits for a store would keep it for minutes."""
    threading.Event().wait(seconds)
    _end_now()


def _end_now() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(0)
