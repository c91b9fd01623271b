"""Around everything: a request's id, its line in the log, and the headers that every answer carries.

Litestar's own middleware never sees what is not routed, so the whole application is wrapped once.
"""

import re
import secrets
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from entrypoints.http.answers import FURTHER_HEADERS
from entrypoints.http.forwarded import TrustedProxies
from entrypoints.http.metrics import Traffic
from entrypoints.http.notices import Notices
from entrypoints.http.problems import MEDIA_TYPE, keep_for_log, problem, with_head
from entrypoints.http.roster import Roster
from entrypoints.http.security_headers import security_headers

if TYPE_CHECKING:
    from entrypoints.http.tracing import Tracing

Header = tuple[bytes, bytes]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LAST: Header = (b"connection", b"close")
"""Of every answer from when the service is told to stop, so that nobody asks again on a connection that ends."""
_TOLD_WITH_ALLOW = frozenset({204, 405})
_PIECE = 64 * 1024
"""Bytes of an answer that are sent at once: the server then waits until what was sent before is read."""
_MOST_LOGGED = 200
_CLIENT_GONE = 499  # nginx's status for a caller that did not wait for the answer


class Observed:
    """An application, its requests named and logged, its answers marked; nothing that it raises gets out."""

    def __init__(
        self,
        app: ASGIApp,
        log: Any,
        traffic: Traffic,
        proxies: TrustedProxies | None = None,
        notices: Notices | None = None,
        roster: Roster | None = None,
        tracing: "Tracing | None" = None,
    ) -> None:
        self.app = app
        self.log = log
        self.notices = notices or Notices()
        self._traffic = traffic
        self._proxies = proxies
        self._roster = roster or Roster.alone()
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; whatever else there is (the lifespan) is passed on."""
        if scope["type"] == ScopeType.HTTP:
            if self._proxies is not None:
                self._proxies.see_through(scope)
            await _Exchange(scope, receive, send, self._roster).run(self.app, self.log, self._traffic, self._tracing)
        else:
            await self.app(scope, receive, send)

    def refuse(
        self, error: HTTPException, path: str, head: Iterable[Header], client: tuple[str, int] | None, *, secure: bool
    ) -> tuple[list[Header], bytes]:
        """The headers and the body for what the server itself refuses, before it is a request; logged and counted.

        head: the fields that have come of it; client: who sent them; secure: over TLS.
        """
        request_id = _request_id(head)
        self._traffic.begins()
        self._traffic.ends(None, error.status_code, 0.0)
        self.log.info(
            "request refused",
            status=error.status_code,
            reason=error.detail,
            client=client[0] if client else None,
            request_id=request_id,
        )
        _, headers, body = _told(path, error)
        return [*headers, (b"x-request-id", request_id.encode()), *security_headers(headers, secure=secure)], body


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send, roster: Roster) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._roster = roster
        self._status: int | None = None
        self._client_gone = False
        self._id = _request_id(scope["headers"])
        self._began = time.perf_counter()
        own: Any = scope.setdefault("state", {})
        own["request_id"] = self._id

    async def run(self, app: ASGIApp, log: Any, traffic: Traffic, tracing: "Tracing | None") -> None:
        traffic.begins()
        clear_contextvars()
        bind_contextvars(request_id=self._id)
        traced = tracing.begin(self._scope, self._id) if tracing else None
        # A HEAD is a GET whose body is not sent.
        scope: HTTPScope = {**self._scope, "method": "GET"} if self._scope["method"] == "HEAD" else self._scope
        try:
            await app(scope, self.receive, self.send)
        except Exception as error:
            keep_for_log(error)
            if self._status is None:
                await self._send_problem(error)
        finally:
            route: Any = scope.get("path_template")
            traffic.ends(route, self._final_status(), time.perf_counter() - self._began)
            self._log_to(log)
            if traced:
                traced.end(route, self._final_status())

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._status is None:
            self._client_gone = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            state: Any = self._scope["state"]
            own = [*message["headers"], *state.get(FURTHER_HEADERS, ())]
            if self._status in _TOLD_WITH_ALLOW:
                own = [(n, self._allowed(v) if n == b"allow" else v) for n, v in own]
            added = security_headers(own, secure=self._scope["scheme"] == "https")
            farewell = [_LAST] if self._roster.draining else []
            message["headers"] = [*own, (b"x-request-id", self._id.encode()), *added, *farewell]
        elif message["type"] == "http.response.body":
            if self._scope["method"] == "HEAD":
                message = {**message, "body": b""}
            elif len(body := message["body"]) > _PIECE:
                last = (len(body) - 1) // _PIECE * _PIECE
                for start in range(0, last, _PIECE):
                    piece = body[start : start + _PIECE]
                    await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                message = {**message, "body": body[last:]}
        await self._send(message)

    def _allowed(self, told: bytes) -> bytes:
        """What an `Allow` should name: Litestar's 204 tells of the first handler of an address alone."""
        app, address = self._scope.get("litestar_app"), self._scope.get("path_template")
        allowed = told.decode()
        if self._status == HTTPStatus.NO_CONTENT and app is not None:
            routes = (route for route in app.routes if route.path_format == address)
            allowed = next((", ".join(sorted(route.methods)) for route in routes), allowed)
        return with_head(allowed).encode()

    async def _send_problem(self, error: Exception) -> None:
        status, headers, content = _told(self._scope["path"], error)
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": content, "more_body": False})

    def _final_status(self) -> int:
        return _CLIENT_GONE if self._client_gone else self._status or 500

    def _log_to(self, log: Any) -> None:
        status = self._final_status()
        client = self._scope.get("client")
        (log.error if status >= 500 else log.info)(
            "request",
            method=_cut(self._scope["method"]),
            path=_cut(self._scope["path"]),
            status=status,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 2),
            client=client[0] if client else None,
        )


def _cut(text: str) -> str:
    """What a caller sent, as much of it as a line of the log should hold."""
    return text if len(text) <= _MOST_LOGGED else f"{text[:_MOST_LOGGED]}... (cut, {len(text)} characters)"


def _told(path: str, error: Exception) -> tuple[int, list[Header], bytes]:
    """The status, headers and body that tell of `error`."""
    body, headers = problem(path, error)
    content = msgspec.json.encode(body)
    fields = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(content)), **headers}
    return body.status, [(name.lower().encode(), value.encode()) for name, value in fields.items()], content


def _request_id(head: Iterable[Header]) -> str:
    """The caller's own id of the request, where it is well-formed, else a new one."""
    given = next((value for name, value in head if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
