"""The key that asks: what it may do, for whoever bears it."""

from typing import Any

from litestar import Controller, Request, get

from domain.api_key import ApiKey, Scope
from entrypoints.http.key_bodies import CurrentKeyAnswer
from entrypoints.http.problems import documented
from entrypoints.http.security import BY_KEY, needs

_PATH = "/v1/keys/current"


class CurrentKey(Controller):
    """A key shown to itself. No id of a key is of seven letters."""

    path = _PATH
    tags = ("keys",)
    security = BY_KEY
    opt = needs(*Scope)

    @get(
        "/",
        operation_id="show_current_key",
        summary="The key that asks",
        response_description="The key.",
        responses=documented(_PATH, 401, 503),
        sync_to_thread=False,
    )
    def current(self, request: Request[Any, ApiKey, Any]) -> CurrentKeyAnswer:
        """What the key of this very request may do, and until when.

        Any valid key is enough, whatever its scopes: `value`, `models:read`, `models:write`, `keys:admin`,
        `outcomes:write`, `monitor:read`, `audit:read`. A key that was rotated a moment ago may still be told its old
        expiry.
        """
        return CurrentKeyAnswer.of(request.auth)
