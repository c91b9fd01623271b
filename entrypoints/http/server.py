"""One serving process: uvicorn, and an end to it that nobody notices."""

import asyncio
import contextlib
import ctypes
import os
import socket
import struct
import sys
import threading
import time
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster, State

_SECONDS_TO_CUT = 9.0
_SECONDS_TO_END = 9.5
_QUIET_SECONDS = 0.5
_MOST_SECONDS_OPEN = 3.0
_SECONDS_FOR_THE_LAST = 0.1
_SECONDS_TO_SPEAK = 1.0
_LOOKS_APART = 0.05
_SO_ATTACH_FILTER = 26
# A socket filter (classic BPF): load the byte of TCP's flags; where SYN is set take nothing of the packet, else all.
_NO_NEWCOMERS = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class Connection(HttpToolsProtocol):
    """A connection that does not end while a request on it has begun or may be on its way."""

    def answers_last(self) -> None:
        """The request that is being answered is the last one on this connection."""
        if self.cycle is not None and not self.cycle.response_started:  # else the next one says that it is the last
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Ends the connection, after the request that is being answered, received, or expected on a new one."""
        if self.cycle is None:
            self.loop.call_later(_SECONDS_TO_SPEAK, self._end_unless_begun)
        elif not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif self.scope is self.cycle.scope:
            self.transport.close()

    def _end_unless_begun(self) -> None:
        if self.scope is None and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Serves until a signal says stop, and then for up to 10 seconds drops nothing.

    From the signal on `/health/ready` says no and every answer closes its connection, while whoever comes is still
    answered: until nobody has come for half a second, at most 3. Then the kernel turns newcomers away, what waits in
    the queue is taken, and what has begun is finished. After 9 seconds what still hangs is cut.
    """

    def __init__(self, app: Observed, roster: Roster, *, alone: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # anyone may send X-Forwarded-For
            )
        )
        self._roster = roster
        self._alone = alone
        self._told = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begins the end. A worker may be told twice, by its parent and by who stopped that; it has only one end."""
        if not self.should_exit:
            self._told = time.monotonic()
            self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
            for connection in self._connections():
                connection.answers_last()
            self._roster.tell_state(State.DRAINING)
            self.should_exit = True
            threading.Thread(target=_end_after, args=(_SECONDS_TO_END,), daemon=True).start()
            if self._alone:
                self._roster.stop_all()
        elif self._alone:
            _end_now()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets everybody finish who has begun, and closes."""
        await self._until_nobody_comes()
        if self._roster.all_stop:  # else the other workers take whoever comes
            for listener in sockets or ():
                _turn_newcomers_away(listener)
        await asyncio.sleep(_SECONDS_FOR_THE_LAST)
        gone = time.monotonic() - self._told
        self.config.timeout_graceful_shutdown = max(1, round(_SECONDS_TO_CUT - gone))
        await super().shutdown(sockets)

    async def _until_nobody_comes(self) -> None:
        before, quiet_since = self._traffic(), time.monotonic()
        while (now := time.monotonic()) - quiet_since < _QUIET_SECONDS and now - self._told < _MOST_SECONDS_OPEN:
            await asyncio.sleep(_LOOKS_APART)
            if (traffic := self._traffic()) != before:
                before, quiet_since = traffic, now

    def _traffic(self) -> tuple[int, frozenset[object]]:
        """What is another whenever somebody has come."""
        return self.server_state.total_requests, frozenset(self.server_state.connections)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]


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
