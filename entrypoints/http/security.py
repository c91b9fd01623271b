"""Who may do what: the guard before every route, and what OpenAPI says of it."""

import asyncio
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Guard, HTTPScope
from structlog.contextvars import bind_contextvars

from application.authenticate_key import AuthenticateKey
from domain.api_key import ApiKey, Scope, Token
from domain.errors import KeyRejected, KeyStoreUnavailable, ScopeMissing, SecretUnavailable
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.throttling import FailedKeys

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

_SECONDS_OF_PATIENCE = 1.0

ALWAYS_ASKED = frozenset({Scope.KEYS_ADMIN, Scope.MODELS_WRITE})
"""What a key revoked a second ago must not do: it could make itself another, or leave something behind."""

Caller = ASGIConnection[Any, Any, ApiKey, Any]


def needs(scope: Scope) -> dict[str, Any]:
    """`opt` of a route that takes a key with this scope."""
    return {"scope": scope}


def key_guard(authenticate: AuthenticateKey, limits: KeyLimits, failed: FailedKeys) -> Guard:
    """The guard that lets a request through to its route where its key may use it; it never looks at the body.

    `connection.auth` is the key then. Raises KeyRejected or ScopeMissing, RateLimited where there were too many of
    either, or what says that keys cannot be checked.
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
        try:
            key = None if needed in ALWAYS_ASKED else authenticate.at_once(presented, needed, request)
            if key is None:
                key = await _asked(authenticate, failed, scope, presented, needed, request)
        except KeyRejected as rejected:
            await failed.count(scope, rejected)
            raise
        except ScopeMissing:
            if token := Token.parse(presented or ""):  # always: the key is proven
                await limits.count(scope, token.key_id)
            raise
        bind_contextvars(key_id=key.id)
        await limits.count(scope, key.id)
        scope["auth"] = key

    return guard


async def _asked(
    authenticate: AuthenticateKey,
    failed: FailedKeys,
    scope: HTTPScope,
    presented: str | None,
    needed: Scope,
    request: str,
) -> ApiKey:
    """The key by asking the store, in a thread; where that does not answer soon, a key that it knew a moment ago.

    The answer that comes late is heeded by the requests that follow.
    """
    known = authenticate.remembers(presented)
    asking = asyncio.create_task(
        failed.look_up(scope, presented, lambda: authenticate(presented, needed, request), known=known)
    )
    asking.add_done_callback(_heed)
    patience = 0 if authenticate.known.store_is_down else _SECONDS_OF_PATIENCE
    await asyncio.wait({asking}, timeout=patience)
    if needed not in ALWAYS_ASKED and (
        not asking.done() or isinstance(asking.exception(), KeyStoreUnavailable | SecretUnavailable)
    ):
        let_in = authenticate.without_store(presented, needed, request)
        if let_in is not None:
            return let_in
    try:
        return await asyncio.wait_for(asking, SECONDS_TO_ANSWER - patience)
    except TimeoutError:
        raise KeyStoreUnavailable(f"the key store has not answered in {SECONDS_TO_ANSWER} s") from None


def _heed(asking: asyncio.Task[ApiKey]) -> None:
    """Looks at how it ended, since nobody may be waiting any more."""
    if not asking.cancelled():
        asking.exception()


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
    presented.discard("")  # gateways send empty headers along
    return " ".join(presented) if presented else None
