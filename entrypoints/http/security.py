"""Who may do what: the guard before every route, and what OpenAPI says of it."""

import asyncio
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Guard, HTTPScope
from structlog.contextvars import bind_contextvars

from application.authenticate_key import AuthenticateKey
from domain.api_key import ApiKey, Scope
from domain.errors import KeyStoreUnavailable

PUBLIC: dict[str, Any] = {"scope": None}
"""`opt` of a route that needs no key. A route that says nothing is closed: the guard fails on it."""

BY_KEY: list[dict[str, list[str]]] = [{"X-API-Key": []}, {"Bearer": []}]
KEY_SCHEMES = Components(
    security_schemes={
        "X-API-Key": SecurityScheme(
            type="apiKey", name="X-API-Key", security_scheme_in="header", description="An API key (`tsd_...`)."
        ),
        "Bearer": SecurityScheme(
            type="http", scheme="bearer", bearer_format="tsd_...", description="The same API key as a bearer token."
        ),
    }
)

SECONDS_TO_ANSWER = 8
"""How long a store may take: one that hangs must not hang its callers."""

Caller = ASGIConnection[Any, Any, ApiKey, Any]


def needs(scope: Scope) -> dict[str, Any]:
    """`opt` of a route that takes a key with this scope."""
    return {"scope": scope}


def key_guard(authenticate: AuthenticateKey) -> Guard:
    """The guard that lets a request through to its route where its key may use it; it never looks at the body.

    `connection.auth` is the key then. Raises KeyRejected, ScopeMissing, or what says that keys cannot be checked.
    """

    async def guard(connection: Caller, handler: BaseRouteHandler) -> None:
        scope = cast("HTTPScope", connection.scope)
        if scope["method"] == "OPTIONS":
            return
        needed: Scope | None = handler.opt["scope"]
        if needed is None:
            return
        request = f"{scope['method']} {scope['path']}"
        presented = _presented(scope)
        key = authenticate.at_once(presented, needed, request)
        if key is None:
            # In a thread, since the keys may be in a database.
            checking = asyncio.to_thread(authenticate, presented, needed, request)
            try:
                key = await asyncio.wait_for(checking, SECONDS_TO_ANSWER)
            except TimeoutError:
                raise KeyStoreUnavailable(f"the key store has not answered in {SECONDS_TO_ANSWER} s") from None
        scope["auth"] = key
        bind_contextvars(key_id=key.id)

    return guard


def _presented(scope: HTTPScope) -> str | None:
    """The key that the headers hold; where they hold several, something that is no key."""
    presented = set()
    for name, value in scope["headers"]:  # Litestar's own view of them would take ten times as long to make
        if name == b"x-api-key":
            presented.add(value.decode("latin-1").strip())
        elif name == b"authorization":
            scheme, _, token = value.decode("latin-1").strip().partition(" ")
            if scheme.lower() == "bearer":
                presented.add(token.strip())
    return " ".join(presented) if presented else None
