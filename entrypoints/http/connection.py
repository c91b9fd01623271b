"""A connection: uvicorn's, with an end to whatever a stranger could send, or fail to send, for ever.

httptools gathers a field until it is whole, so what has come of one is counted here. Nothing costs a timer a request:
the door looks at all connections once a second.
"""

from asyncio import AbstractEventLoop, Transport
from enum import Enum
from typing import Any

import httptools
from litestar.exceptions import HTTPException
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from entrypoints.http.door import Door

SECONDS_TO_SPEAK = 1.0
_SECONDS_TO_READ_ON = 1.0
_LOOKED_INTO = frozenset({b"host", b"transfer-encoding", b"expect"})
_OF_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
_VERSIONS = ("1.1", "1.0")


class Stage(Enum):
    """What a connection waits for from its caller."""

    NOTHING = "nothing"
    """A request may come; none has begun."""
    HEAD = "head"
    BODY = "body"
    FAREWELL = "farewell"
    """The last word is said. What still comes is dropped, until the caller has read it and hangs up."""


_NOTHING, _HEAD, _BODY, _FAREWELL = Stage  # an enumeration's own attributes take long to look up


class Connection(HttpToolsProtocol):
    """A connection that does not end while a request on it has begun or may be on its way, within the door's bounds."""

    # Slots, since Python finds the attributes of an object with more than 30 in its dictionary slowly.
    __slots__ = (
        "_body_bytes",
        "_bounds",
        "_codings",
        "_door",
        "_fruitless",
        "_hosts",
        "_looked_at",
        "_now",
        "_room",
        "_running",
        "_since",
        "_stage",
        "_unread_since",
    )

    def __init__(
        self,
        door: Door,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._door = door
        self._bounds = door.bounds
        self._now = door.clock
        self._stage = _NOTHING
        self._since = self._looked_at = self._now()
        self._running: RequestResponseCycle | None = None
        self._room = 0
        self._hosts = self._codings = 0
        self._fruitless = 0  # bytes of whole reads that brought neither the end of a head nor any of a body
        self._body_bytes = 0
        self._unread_since = self._since

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Takes it in, or says that there are too many."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(self._bounds.unread_bytes)  # over TLS it would be half a MiB
        if not self._door.lets_in(self, self.connections):
            self._refuse(503, "Too many connections are open: try again shortly.")

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone; who is at work for it, and waits to send more, learns it."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Much of an answer waits to be read."""
        super().pause_writing()
        self._unread_since = self._now()

    def resume_writing(self) -> None:
        """It was read, or most of it: the next request may begin."""
        super().resume_writing()
        self._unread_since = self._now()
        if self.pipeline and not self._is_answering() and not self.transport.is_closing():
            self._start_asgi_task(*self.pipeline.pop())

    def data_received(self, data: bytes) -> None:
        """Reads on; what is no HTTP, or too much of it, is refused."""
        if self._stage is _FAREWELL:
            return
        self._unset_keepalive_if_required()
        self._fruitless += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._listen_no_more()  # what comes after it is of another protocol
        except httptools.HttpParserError as error:
            self._refuse_unreadable(error)
        else:
            if self._fruitless > self._bounds.head_bytes and self._stage is not _NOTHING:
                reason = self._too_much() if self._stage is _HEAD else _bad("Too much stands between a body's chunks.")
                self._refuse(reason.status_code, reason.detail)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._stage = _HEAD
        self._room, self._hosts, self._codings, self._fruitless = self._bounds.head_bytes, 0, 0, 0
        if self.cycle is not None:  # the first has had its time since the connection was opened
            self._since = self._now()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or one that trails a body in chunks, which nobody asked for."""
        self._room -= len(name) + len(value) + 4
        if self._room < 0:
            raise self._too_much()
        if self._stage is _HEAD:
            name = name.lower()
            self.headers.append((name, value))
            if name in _LOOKED_INTO:
                self._look_into(name, value)

    def _look_into(self, name: bytes, value: bytes) -> None:
        """Counts what must be there once, for proxies and servers to agree on where a request goes and ends."""
        if name == b"host":
            self._hosts += 1
        elif name == b"transfer-encoding":
            self._codings += 1 if value.lower() == b"chunked" else 2
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if len(self.url) > self._bounds.url_bytes or len(self.headers) > self._bounds.head_fields:
            raise self._too_much()
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise _bad("HTTP/1.1 is spoken here.")
        if self._hosts != 1 and (self._hosts or version != "1.0"):
            raise _bad("A request has one Host header.")
        if self._codings and (self._codings > 1 or version == "1.0"):
            raise _bad("A body is sent with a Content-Length, or with the one Transfer-Encoding chunked.")
        if self.parser.should_upgrade() and any(name in _OF_A_BODY for name, _ in self.headers):
            raise _bad("No other protocol is spoken here: send the request without Upgrade.")
        if len(self.pipeline) >= self._bounds.waiting_requests:
            raise _bad("Too many requests were sent ahead.")
        self._stage, self._since, self._body_bytes, self._fruitless = _BODY, self._now(), 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        self._fruitless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        self._stage, self._since = _NOTHING, self._now()

    def on_response_complete(self) -> None:
        """It is answered."""
        super().on_response_complete()
        self._since = self._unread_since = self._now()
        if self.transport.is_closing():  # it was the last
            self.pipeline.clear()

    def looked_at(self, now: float) -> None:
        """Ends what has taken too long. Called once a second."""
        since_last_look, self._looked_at = now - self._looked_at, now
        waited = now - self._since
        if self._is_not_read(now):
            self.drop()
        elif self._stage is _HEAD:
            if waited >= self._bounds.head_seconds:
                self._refuse(408, f"The head of a request must come within {self._bounds.head_seconds:g} seconds.")
        elif self._stage is _BODY:
            self._look_at_body(waited, since_last_look)
        elif not (self._is_answering() or self.pipeline):
            if self._stage is _FAREWELL and waited >= self._bounds.farewell_seconds:
                self.drop()
            elif waited >= self._bounds.head_seconds:
                self.transport.close()

    def _look_at_body(self, waited: float, since_last_look: float) -> None:
        if self.cycle.response_complete:  # answered before it was all there: the rest is of no interest
            if waited >= self._bounds.farewell_seconds:
                self.transport.close()
        elif self.flow.read_paused:  # it is we who are late
            self._since += since_last_look
        elif waited >= self._bounds.body_seconds + self._body_bytes / self._bounds.body_rate:
            self._refuse(408, "The body of the request comes too slowly.")

    def idle(self) -> tuple[bool, float] | None:
        """How dispensable it is: whether it has shown good will, and since when it waits. None: it is being served.

        The least of these is dropped first where there are too many. Who takes nothing of an answer is as good as one
        that was never answered.
        """
        if self.flow.write_paused:
            return self._now() - self._unread_since < _SECONDS_TO_READ_ON, self._unread_since
        if self._is_answering():
            return None
        return self.cycle is not None, self._since

    def drop(self) -> None:
        """Ends it at once, whatever it has still to say."""
        self.connections.discard(self)
        self.transport.abort()

    def answers_last(self) -> None:
        """The request that is being answered is the last one on this connection."""
        if self.cycle is not None and not self.cycle.response_started:  # else the next one says that it is the last
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Ends the connection, after the request that is being answered, received, or expected on a new one."""
        if self._stage is _FAREWELL and not (self._is_answering() or self.pipeline):
            self.transport.close()
        elif self.cycle is None:
            self.loop.call_later(SECONDS_TO_SPEAK, self._end_unless_begun)
        elif not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif self.scope is self.cycle.scope:
            self.transport.close()

    def _end_unless_begun(self) -> None:
        if self.scope is None and not self.transport.is_closing():
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.flow.write_paused:  # its answer would wait, whole, behind one that is not read
            self.pipeline.append((cycle, app))
        else:
            self._running = cycle
            super()._start_asgi_task(cycle, app)

    def _is_answering(self) -> bool:
        """Whether somebody is at work on a request."""
        return self._running is not None and not (self._running.response_complete or self._running.disconnected)

    def _is_not_read(self, now: float) -> bool:
        """Whether the caller has taken too little of what it was sent for too long."""
        if not self.transport.get_write_buffer_size():
            self._unread_since = now
        return now - self._unread_since >= self._bounds.unread_seconds

    def _too_much(self) -> HTTPException:
        if len(self.url) > (most := self._bounds.url_bytes):
            return HTTPException(status_code=414, detail=f"The address is longer than the {most} bytes that are taken.")
        return HTTPException(
            status_code=431,
            detail=f"The head of the request is larger than the {self._bounds.head_bytes // 1024} KiB and "
            f"{self._bounds.head_fields} fields that are taken.",
        )

    def _refuse_unreadable(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, HTTPException):
            self._refuse(cause.status_code, cause.detail)
        else:
            self._refuse(400, "This is not HTTP/1.1 as it has to be.")

    def _refuse(self, status: int, detail: str) -> None:
        """Says why nothing more is read here, where nobody else is being answered, and listens no more."""
        broken = self.cycle if self._stage is _BODY else None
        self._stage, self._since = _FAREWELL, self._now()
        self._unset_keepalive_if_required()
        if broken is not None and not broken.response_complete:
            self._forget(broken)
        ahead = self._last_ahead(broken)
        if ahead is not None:  # they come first, and then there is no telling whose an answer would be
            ahead.keep_alive = False
        elif broken is not None and broken.response_started:
            self.transport.close()
        else:
            self._say(HTTPException(status_code=status, detail=detail))

    def _forget(self, broken: RequestResponseCycle) -> None:
        """Nobody answers this request any more; who has begun to learns that its caller is gone."""
        self.pipeline = type(self.pipeline)(waiting for waiting in self.pipeline if waiting[0] is not broken)
        broken.disconnected = True
        broken.message_event.set()

    def _last_ahead(self, broken: RequestResponseCycle | None) -> RequestResponseCycle | None:
        """The last request before the broken one that is still to be answered."""
        if self.pipeline:
            return self.pipeline[0][0]
        return self._running if self._running is not broken and self._is_answering() else None

    def _listen_no_more(self) -> None:
        self._stage, self._since = _FAREWELL, self._now()
        if self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def _say(self, error: HTTPException) -> None:
        path = str(self.scope.get("path", "/")) if self.scope else "/"
        headers, body = self._door.app.refuse(
            error, path, self.headers or (), self.client, secure=self.scheme == "https"
        )
        lines = [STATUS_LINE[error.status_code]]
        for name, value in (*self.server_state.default_headers, *headers, (b"connection", b"close")):
            lines += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*lines, b"\r\n", body)))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def _bad(detail: str) -> HTTPException:
    return HTTPException(status_code=400, detail=detail)
