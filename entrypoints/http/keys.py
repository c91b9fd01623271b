"""The API keys, for who may manage them."""

import asyncio
from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter
from structlog.contextvars import bind_contextvars

from application.issue_key import IssueKey
from application.list_keys import ListedKey, ListKeys
from application.revoke_key import RevokeKey
from application.rotate_key import RotateKey
from domain.api_key import ApiKey, KeyAdmin, Scope
from domain.errors import FieldProblem, InvalidProperty, KeyNotActive, KeyNotFound, LastAdminKey, ScopeNotHeld
from domain.reason import LONGEST_REASON
from entrypoints.http.bodies import NO_BODY, JsonBody, MalformedBody
from entrypoints.http.key_bodies import (
    IssuedKeyAnswer,
    KeyAnswer,
    KeyList,
    NewKeyBody,
    RotatedKeyAnswer,
    RotationBody,
    names_scopes,
    read_new_key,
    read_rotation,
)
from entrypoints.http.problems import documented
from entrypoints.http.schemas import ONE_LINE
from entrypoints.http.security import BY_KEY, needs

KeyId = Annotated[
    str,
    PathParameter(
        description="Id of a key: 12 letters and digits, the second part of its token.",
        schema_extra={"pattern": "^[0-9A-Za-z]{12}$"},  # told and not asked for: whatever else it is is a 404
    ),
]
Reason = Annotated[
    str,
    QueryParameter(
        description="Why, in one line; it is kept with the key.", max_length=LONGEST_REASON, pattern=ONE_LINE
    ),
]
CallerRequest = Request[Any, ApiKey, Any]

_ID = "4fT0aB8xQ2zL"
_ADMIN = Scope.KEYS_ADMIN
_NOT_FOUND = KeyNotFound("what callers are not told")
_LABEL_MISSING = InvalidProperty([FieldProblem("label", "is missing")])
_NO_BODY_TAKEN = "No body is taken here: give the reason in the address, as ?reason=..."
_OVERLAP = InvalidProperty([FieldProblem("overlap", "must be text")])
_REPLACED = KeyNotActive(f"Key {_ID} was replaced by 8xQ2zL4fT0aB before, so that it cannot be rotated: issue another.")


class Keys(Controller):
    """The life of keys, from issue to revocation."""

    path = "/v1/keys"
    tags = ("keys",)
    security = BY_KEY
    opt = needs(Scope.KEYS_ADMIN)

    @get(
        "/",
        operation_id="list_keys",
        summary="The keys",
        response_description="All keys that can be read, oldest first.",
        responses=documented("/v1/keys", 401, 403, 503, scope=_ADMIN),
    )
    async def all(self, list_keys: NamedDependency[ListKeys]) -> KeyList:
        """Every key ever issued, with the state that it is in; never a secret. Needs the scope `keys:admin`.

        Keys that are stored but cannot be read, since somebody edited them say, are counted in `unreadable`: such a
        key does not open the door. `tasador keys list` on the service's own machine tells what is wrong with each.
        """
        listed = await asyncio.to_thread(list_keys)
        if listed.faults:
            bind_contextvars(error="; ".join(listed.faults))
        return KeyList(keys=[_answer(each) for each in listed.keys], unreadable=len(listed.faults))

    @get(
        "/{key_id:str}",
        operation_id="show_key",
        summary="A key",
        response_description="The key.",
        responses=documented(f"/v1/keys/{_ID}", 401, 403, 404, 503, scope=_ADMIN, examples={404: [_NOT_FOUND]}),
    )
    async def one(self, key_id: KeyId, list_keys: NamedDependency[ListKeys]) -> KeyAnswer:
        """A key, and the state that it is in. Needs the scope `keys:admin`."""
        return _answer(await asyncio.to_thread(list_keys.one, key_id))

    @post(
        "/",
        operation_id="issue_key",
        summary="Issue a key",
        response_description="The key and its token, which is shown only now.",
        dto=JsonBody[NewKeyBody],
        return_dto=None,
        responses=documented("/v1/keys", 400, 401, 403, 413, 415, 503, scope=_ADMIN, examples={400: [_LABEL_MISSING]}),
    )
    async def issue(
        self, request: CallerRequest, issue_key: NamedDependency[IssueKey], data: JSONBody[object] = NO_BODY
    ) -> IssuedKeyAnswer:
        """Issues a key with scopes of the caller's own; others are refused. Needs the scope `keys:admin`.

        The token is in this answer alone: nobody, not even the service, can show it again.
        """
        label, scopes, lifetime = read_new_key(data)
        try:
            issued = await asyncio.to_thread(issue_key, label, scopes, _admin(request), lifetime)
        except ScopeNotHeld as error:
            if names_scopes(data):
                raise
            raise ScopeNotHeld(f"{error} A key is for `value` where the body names no `scopes`: name others.") from None
        return IssuedKeyAnswer.of_issued(issued)

    @delete(
        "/{key_id:str}",
        operation_id="revoke_key",
        summary="Revoke a key",
        status_code=200,
        response_description="The key, revoked.",
        responses=documented(
            f"/v1/keys/{_ID}",
            *(400, 401, 403, 404, 409, 413, 503),
            scope=_ADMIN,
            examples={400: [MalformedBody(_NO_BODY_TAKEN)], 404: [_NOT_FOUND], 409: [LastAdminKey(_ID)]},
        ),
    )
    async def revoke(
        self,
        key_id: KeyId,
        request: CallerRequest,
        revoke_key: NamedDependency[RevokeKey],
        reason: FromQuery[Reason] = "",
    ) -> KeyAnswer:
        """Revokes a key for good; one that is revoked already stays as it is. Needs the scope `keys:admin`.

        It holds at once in the process that answers, and within seconds in all others. The last key that may manage
        keys is not revoked here, but on the service's own machine.
        """
        if await request.body():
            raise MalformedBody(_NO_BODY_TAKEN)
        revoked = await asyncio.to_thread(revoke_key, key_id, _admin(request), reason)
        return KeyAnswer.of(revoked, "revoked")

    @post(
        "/{key_id:str}/rotate",
        operation_id="rotate_key",
        summary="Put a new key in the place of one",
        response_description="The new key and its token, which is shown only now.",
        dto=JsonBody[RotationBody],
        return_dto=None,
        responses=documented(
            f"/v1/keys/{_ID}/rotate",
            *(400, 401, 403, 404, 409, 413, 415, 503),
            scope=_ADMIN,
            examples={400: [_OVERLAP], 404: [_NOT_FOUND], 409: [_REPLACED]},
        ),
    )
    async def rotate(
        self,
        key_id: KeyId,
        request: CallerRequest,
        rotate_key: NamedDependency[RotateKey],
        data: JSONBody[object] = NO_BODY,
    ) -> RotatedKeyAnswer:
        """Issues a key of the same label and scopes, all of them the caller's own too. Needs the scope `keys:admin`.

        The old one stays valid for the overlap, never past its own expiry; it can be rotated once.
        """
        overlap, lifetime = read_rotation(data)
        rotated = await asyncio.to_thread(rotate_key, key_id, _admin(request), overlap, lifetime)
        return RotatedKeyAnswer.of_rotated(rotated)


def _admin(request: CallerRequest) -> KeyAdmin:
    return KeyAdmin(request.auth.id, request.auth.scopes)


def _answer(listed: ListedKey) -> KeyAnswer:
    return KeyAnswer.of(listed.key, listed.state)
