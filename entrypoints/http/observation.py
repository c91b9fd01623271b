"""Around everything: a request's id, its line in the log, and the headers that every answer carries.

Litestar's own middleware never sees what is not routed, so the whole application is wrapped once.
"""

import re
import secrets
import time
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from entrypoints.http.metrics import Traffic
from entrypoints.http.problems import MEDIA_TYPE, keep_for_log, problem, with_head

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_NO_STORE = (b"cache-control", b"no-store")
_CLIENT_GONE = 499  # nginx's status for a caller that did not wait for the answer


class Observed:
    """An application, its requests named and logged, its answers marked; nothing that it raises gets out."""

    def __init__(self, app: ASGIApp, log: Any, traffic: Traffic) -> None:
        self.app = app
        self._log = log
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; whatever else there is (the lifespan) is passed on."""
        if scope["type"] == ScopeType.HTTP:
            await _Exchange(scope, receive, send).run(self.app, self._log, self._traffic)
        else:
            await self.app(scope, receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status: int | None = None
        self._client_gone = False
        self._id = _request_id(scope)
        self._began = time.perf_counter()
        own: Any = scope.setdefault("state", {})
        own["request_id"] = self._id

    async def run(self, app: ASGIApp, log: Any, traffic: Traffic) -> None:
        traffic.begins()
        clear_contextvars()
        bind_contextvars(request_id=self._id)
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

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._status is None:
            self._client_gone = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._id.encode()), _NO_SNIFFING]
            names = [name for name, _ in headers]
            if b"cache-control" not in names:
                headers.append(_NO_STORE)
            if b"allow" in names:
                headers = [(n, with_head(v.decode()).encode() if n == b"allow" else v) for n, v in headers]
            message["headers"] = headers
        elif message["type"] == "http.response.body" and self._scope["method"] == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def _send_problem(self, error: Exception) -> None:
        body, headers = problem(self._scope["path"], error)
        content = msgspec.json.encode(body)
        fields = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(content)), **headers}
        encoded = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        await self.send({"type": "http.response.start", "status": body.status, "headers": encoded})
        await self.send({"type": "http.response.body", "body": content, "more_body": False})

    def _final_status(self) -> int:
        return _CLIENT_GONE if self._client_gone else self._status or 500

    def _log_to(self, log: Any) -> None:
        status = self._final_status()
        client = self._scope.get("client")
        (log.error if status >= 500 else log.info)(
            "request",
            method=self._scope["method"],
            path=self._scope["path"],
            status=status,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 2),
            client=client[0] if client else None,
        )


def _request_id(scope: HTTPScope) -> str:
    """The caller's own id of the request, where it is well-formed, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
