"""Answers that are encoded once, by their handlers, and sent as they are.

Litestar would look at each again for what it cannot be: headers, cookies, a background task, another type.
"""

from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

MODEL_VERSION = "X-Model-Version"
"""The header that names the version which computed what is answered."""

FURTHER_HEADERS = "further_headers"
"""Where the state of a request holds further headers of its answer, encoded."""

encode = msgspec.json.Encoder().encode


class JsonAnswer:
    """A 200 with a JSON body, computed by a version of the model. Handlers return it: it is an ASGI application."""

    __slots__ = ("_body", "_version")

    def __init__(self, body: bytes, version: str | None = None) -> None:
        self._body = body
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Sends the answer."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self._body))]
        if self._version is not None:
            headers.append((b"x-model-version", self._version.encode()))
        start: Any = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
