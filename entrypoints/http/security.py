"""Who may do what: the guard before every route, and what OpenAPI says of it."""

import asyncio
from functools import partial
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Guard, HTTPScope
from structlog.contextvars import bind_contextvars

from application.authenticate_key import AuthenticateKey
from domain.api_key import ApiKey, Scope
from domain.errors import KeyRejected, KeyStoreSpoiled, KeyStoreUnavailable, SecretUnavailable
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.parameters import check_parameters
from entrypoints.http.throttling import FailedKeys, TooManyLookUps

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

SECONDS_OF_PATIENCE, SECONDS_UNTIL_SILENT = 1.0, 3.0
"""How long a caller waits where memory would do, and how long until a store that answers nobody is taken to be down."""

ALWAYS_ASKED = frozenset({Scope.KEYS_ADMIN, Scope.MODELS_WRITE})
"""What a key revoked a second ago must not do: it could make itself another, or leave something behind."""

_UNANSWERED = (KeyStoreUnavailable, KeyStoreSpoiled, SecretUnavailable)

Caller = ASGIConnection[Any, Any, ApiKey, Any]


def needs(scope: Scope, *others: Scope) -> dict[str, Any]:
    """`opt` of a route that takes a key with this scope, or with one of the others."""
    return {"scope": scope, "other_scopes": others}


def key_guard(authenticate: AuthenticateKey, limits: KeyLimits, failed: FailedKeys) -> Guard:
    """The guard that lets a request through to its route where its key may use it; it never looks at the body.

    `connection.auth` is the key then. Raises KeyRejected or ScopeMissing, RateLimited where there were too many of
    either, ValidationException for query parameters that the route does not know, or what says that keys cannot be
    checked.
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
            key = None if needed in ALWAYS_ASKED else authenticate.at_once(presented)
            if key is None:
                key = await _Asking(authenticate, failed, scope, presented).answer(remember=needed not in ALWAYS_ASKED)
        except KeyRejected as rejected:
            await failed.count(scope, rejected, partial(authenticate.turn_away, rejected, request))
            raise
        bind_contextvars(key_id=key.id)
        await limits.count(scope, key.id)
        enough = (needed, *handler.opt.get("other_scopes", ()))
        held = next((each for each in enough if each in key.scopes), needed)
        scope["auth"] = authenticate.let_in(key, held, request)
        if scope["query_string"]:
            check_parameters(connection, handler)

    return guard


class _Asking:
    """The key store is asked for a key, in a thread, and its caller waits no longer than that makes sense.

    The answer that comes late is heeded by the requests that follow.
    """

    def __init__(
        self, authenticate: AuthenticateKey, failed: FailedKeys, scope: HTTPScope, presented: str | None
    ) -> None:
        self._authenticate = authenticate
        self._presented = presented
        self._began = authenticate.known.now()
        known = authenticate.remembers(presented)
        work = failed.look_up(scope, presented, lambda: authenticate.ask(presented), known=known)
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(_heed)

    async def answer(self, *, remember: bool) -> ApiKey:
        """The key. With `remember` one that was let in a moment ago may do, where the store is slow or gone.

        Raises KeyRejected, or what says that nothing can be said of the key.
        """
        key = await self._remembered() if remember else None
        if key is not None:
            return key
        try:
            return await asyncio.wait_for(
                self._task, SECONDS_TO_ANSWER - (self._authenticate.known.now() - self._began)
            )
        except TimeoutError:
            raise KeyStoreUnavailable(f"the key store has not answered in {SECONDS_TO_ANSWER} s") from None

    async def _remembered(self) -> ApiKey | None:
        """None where the store answers in time."""
        if not self._authenticate.known.store_is_down:
            await self._wait(SECONDS_OF_PATIENCE)
            if self._is_pending:
                key = self._authenticate.meanwhile(self._presented)
                if key is not None:
                    return key
                await self._wait(SECONDS_UNTIL_SILENT - SECONDS_OF_PATIENCE)
        return self._authenticate.without_store(self._presented) if self._is_in_vain else None

    async def _wait(self, seconds: float) -> None:
        await asyncio.wait({self._task}, timeout=seconds)

    @property
    def _is_pending(self) -> bool:
        return not self._task.done()

    @property
    def _is_in_vain(self) -> bool:
        """Whether the store answers nobody."""
        if self._is_pending:
            known = self._authenticate.known
            return known.store_is_down or not known.answered_since(self._began)
        error = self._task.exception()
        return isinstance(error, _UNANSWERED) and not isinstance(error, TooManyLookUps)


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
