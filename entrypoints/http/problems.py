"""What callers are told when something goes wrong: RFC 9457, from one table.

A failure of the server's own is told to callers in general words; its own words go to the request's line in the log.
"""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from structlog.contextvars import bind_contextvars

from config.log_lines import masked
from domain.api_key import Scope
from domain.drift import MOST_DAYS
from domain.errors import (
    DomainError,
    EvaluationNotKept,
    EvaluationRefused,
    FailedKeysThrottled,
    FieldProblem,
    InvalidFields,
    InvalidFollowUp,
    InvalidKeyRequest,
    InvalidPeriod,
    InvalidProperty,
    KeyNotActive,
    KeyNotFound,
    KeyRejected,
    KeyStoreMalformed,
    KeyStoreUnavailable,
    LastAdminKey,
    ModelNotFound,
    ModelRefused,
    ModelStoreUnavailable,
    NoModelServed,
    NothingToRollBack,
    RateLimited,
    ReferenceMissing,
    ScopeMissing,
    ScopeNotHeld,
    SecretUnavailable,
    ValuationLogUnavailable,
    ValuationNotFound,
    ValuationNotShown,
)
from domain.market_extent import Refusal
from domain.market_survey import MOST_MAPPED
from entrypoints.http.answers import MODEL_VERSION
from entrypoints.http.bodies import JSON_WANTED, MOST_PROBLEMS, MalformedBody
from entrypoints.http.parameters import NOT_KNOWN
from entrypoints.http.schemas import LONGEST_TEXT, MOST_COMPARABLES, FieldProblemBody, ProblemBody, without_folders
from entrypoints.http.slow_threads import Overloaded

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
NO_MODEL = "No model is served yet: train one with `tasador train`, or promote one with `tasador models promote`."


class RefusedProperty(DomainError):
    """Homes of which no value is given where a number alone was asked for, by their place in the body ("": all of it).

    At least one. version: of the model that refused them.
    """

    def __init__(self, refusals: Mapping[str, Refusal], version: str) -> None:
        self.refusals = dict(refusals)
        self.version = version
        told = [
            f"{place}: {refusal.explanation}" if place else refusal.explanation for place, refusal in refusals.items()
        ]
        named = "each named" if len(told) <= MOST_PROBLEMS else "the first of them named"
        super().__init__(told[0] if len(told) == 1 else f"{len(told)} homes are refused, {named} in errors.")

    @property
    def reason(self) -> str:
        """The reason, a slug, of the first."""
        return next(iter(self.refusals.values())).reason


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of problem. `told` takes the place of the error's own words, which are for the log alone then."""

    status: int
    slug: str
    title: str
    told: str | None = None


_KEYS_DOWN = _Kind(
    503, "keys-unavailable", "Keys cannot be checked", "Keys cannot be checked at the moment: try again shortly."
)
_KINDS: Mapping[type[Exception], _Kind] = {
    InvalidProperty: _Kind(400, "invalid-property", "Fields of the body cannot be used"),
    InvalidFollowUp: _Kind(400, "invalid-follow-up", "Fields of the body cannot be used"),
    RefusedProperty: _Kind(400, "refused-property", "No value is given: none would be right"),
    MalformedBody: _Kind(400, "malformed-body", "The body cannot be read"),
    InvalidPeriod: _Kind(400, "invalid-parameter", "Parameters of the address cannot be used"),
    ValidationException: _Kind(400, "invalid-parameter", "Parameters of the address cannot be used"),
    RateLimited: _Kind(429, "rate-limited", "Too many requests"),
    FailedKeysThrottled: _Kind(429, "too-many-failed-keys", "Too many keys that are not valid"),
    KeyRejected: _Kind(401, "key-required", "A valid API key is required"),
    InvalidKeyRequest: _Kind(400, "invalid-key-request", "No such key can be"),
    ScopeNotHeld: _Kind(403, "scope-not-held", "The key cannot hand on a scope that it lacks"),
    KeyNotFound: _Kind(
        404,
        "key-not-found",
        "There is no such key",
        "There is no key of this id: an id is 12 letters and digits, and GET /v1/keys lists those that there are.",
    ),
    KeyNotActive: _Kind(409, "key-not-active", "The key cannot be rotated any more"),
    LastAdminKey: _Kind(409, "last-admin-key", "The last key that may manage keys stays"),
    ScopeMissing: _Kind(403, "scope-missing", "The key was not given the scope that is needed"),
    ModelNotFound: _Kind(404, "model-not-found", "There is no such model"),
    ModelRefused: _Kind(409, "model-refused", "The model must not be served"),
    EvaluationNotKept: _Kind(404, "evaluation-not-kept", "No evaluation was kept with the model"),
    EvaluationRefused: _Kind(409, "evaluation-refused", "The evaluation must not be shown"),
    ReferenceMissing: _Kind(409, "reference-missing", "The model has nothing to be compared with"),
    NothingToRollBack: _Kind(409, "nothing-to-roll-back", "There is no earlier model to serve"),
    NoModelServed: _Kind(503, "no-model-served", "No model is served", NO_MODEL),
    ModelStoreUnavailable: _Kind(
        503,
        "models-unavailable",
        "The stored models cannot be reached",
        "The stored models cannot be reached at the moment: try again shortly.",
    ),
    KeyStoreUnavailable: _KEYS_DOWN,
    KeyStoreMalformed: _KEYS_DOWN,
    SecretUnavailable: _KEYS_DOWN,
    Overloaded: _Kind(
        503,
        "overloaded",
        "Too much is asked at once",
        "More is asked at once than can be answered in time: try again shortly, or with smaller batches.",
    ),
    ValuationLogUnavailable: _Kind(
        503,
        "log-unavailable",
        "The record of valuations is out of reach",
        "The record of valuations cannot be written or read at the moment, so that nothing is answered: try again "
        "shortly.",
    ),
    ValuationNotFound: _Kind(
        404, "valuation-not-found", "There is no such valuation", "No valuation of this id is on record."
    ),
    ValuationNotShown: _Kind(
        404,
        "valuation-not-found",
        "There is no such valuation",
        "There is no valuation of this id that this key may see: that needs the id of an answer that was given to the "
        "key, or the scope audit:read.",
    ),
}
_PLAIN_DETAILS = {
    404: "There is nothing at this address: /docs lists what there is.",
    500: "Something went wrong here, not in your request: give the operator the X-Request-ID of this answer.",
}
_A_NAME = f"must be a name of 1 to {LONGEST_TEXT} characters"
_OF_PARAMETERS = {
    "level": "must be greater than 0 and less than 1",
    "explain": "must be true or false",
    "version": "must be the name of a version, such as v3",
    "days": f"must be a whole number from 1 to {MOST_DAYS}",
    "comparables": f"must be a whole number from 0 to {MOST_COMPARABLES}",
    "reason": "must be one line of at most 200 printable characters",
    "sector": _A_NAME,
    "type": _A_NAME,
    "limit": f"must be a whole number from 1 to {MOST_MAPPED}",
}
"""What is told of a parameter that Litestar found bad, since its own words are technical."""


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The problem that tells a caller of `error`. What callers are not told is kept for the log."""
    keep_for_log(error)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        error = _too_large(request.route_handler.resolve_request_max_body_size() or 0)
    body, headers = problem(request.scope["path"], error)
    return Response(msgspec.json.encode(body), status_code=body.status, media_type=MEDIA_TYPE, headers=headers)


def problem(path: str, error: Exception) -> tuple[ProblemBody, dict[str, str]]:
    """The body and the headers that tell of `error`."""
    kind, fields = _kind(error), list(_field_problems(error))
    body = ProblemBody(
        type=f"/problems/{kind.slug}" if kind.slug else "about:blank",
        title=kind.title,
        status=kind.status,
        detail=kind.told or without_folders(_detail(error, fields)),
        instance=quote(masked(path), errors="replace"),
        errors=[_told(each, error) for each in fields[:MOST_PROBLEMS]] or None,
        reason=error.reason if isinstance(error, RefusedProperty) else None,
    )
    return body, _headers(kind.status, error)


def _told(found: FieldProblem, error: Exception) -> FieldProblemBody:
    reason = error.refusals[found.field].reason if isinstance(error, RefusedProperty) else None
    return FieldProblemBody(field=found.field, message=found.message, reason=reason)


def _too_large(limit: int) -> HTTPException:
    """The error that tells a caller how many bytes are taken."""
    return HTTPException(
        detail=f"The body is larger than the {limit // 1024} KiB that this address takes.",
        status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def keep_for_log(error: Exception) -> None:
    """Adds to the request's line in the log what its caller is not told of `error`.

    Of what nobody expected that is where it was raised, and not its message, which may repeat what a caller sent.
    """
    status = _kind(error).status
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        bind_contextvars(error=type(error).__qualname__, stack=_stack(error))
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        bind_contextvars(error=str(error))


def with_head(allowed: str) -> str:
    """The methods that an `Allow` names, and HEAD where GET is one: it is taken wherever GET is."""
    return f"{allowed}, HEAD" if "GET" in allowed else allowed


def answered(kind: Any, description: str, example: object = None) -> dict[int, ResponseSpec]:
    """What OpenAPI says of the 200 of a route whose handler encodes its answer itself."""
    examples = None if example is None else [Example(value=example)]
    return {200: ResponseSpec(kind, generate_examples=False, description=description, examples=examples)}


def documented(
    path: str, *statuses: int, scope: Scope = Scope.VALUE, examples: Mapping[int, Sequence[Exception]] | None = None
) -> dict[int, ResponseSpec]:
    """What OpenAPI says of these statuses of a route that needs `scope`: each is a problem, as met at `path`.

    `examples` holds what is shown of a status in place of the usual example.
    """
    own = dict(examples or {})
    if HTTPStatus.UNAUTHORIZED in statuses:
        own[400] = [*own.get(400, [_BAD_FIELDS] if 400 in statuses else []), _UNKNOWN_PARAMETER]
        statuses = (*statuses, HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS)
    return {status: _documented(status, path, scope, own.get(status)) for status in statuses}


def documented_valuing(path: str, *refused: Exception) -> dict[int, ResponseSpec]:
    """What OpenAPI says of the problems of a route that values homes; `refused` are further examples of its 400."""
    unrecorded = ValuationLogUnavailable("what callers are not told")
    examples: Mapping[int, Sequence[Exception]] = {400: [_BAD_FIELDS, *refused], 503: [_NOTHING_SERVED, unrecorded]}
    return documented(path, 400, 401, 403, 413, 415, 503, examples=examples)


def _kind(error: Exception) -> _Kind:
    for cls in type(error).__mro__:
        if cls in _KINDS:
            return _KINDS[cls]
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    told = _PLAIN_DETAILS.get(status)
    if isinstance(error, MethodNotAllowedException):
        told = f"This address does not take this method; it takes {with_head((error.headers or {})['allow'])}."
    return _Kind(status, "", HTTPStatus(status).phrase, told)


def _detail(error: Exception, fields: Sequence[FieldProblem]) -> str:
    if isinstance(error, RefusedProperty):
        return str(error)
    if len(fields) > MOST_PROBLEMS:
        return f"More than {MOST_PROBLEMS} fields cannot be used; the first are named in errors."
    if len(fields) > 1:
        return f"{len(fields)} fields cannot be used, each named in errors."
    if fields:
        return f"{fields[0].field}: {fields[0].message}"
    return error.detail if isinstance(error, HTTPException) else str(error)


def _field_problems(error: Exception) -> Iterator[FieldProblem]:
    if isinstance(error, InvalidFields):
        yield from error.problems
    elif isinstance(error, RefusedProperty):
        yield from (FieldProblem(place, each.explanation) for place, each in error.refusals.items() if place)
    elif isinstance(error, ValidationException) and isinstance(error.extra, list):
        for found in error.extra:
            if isinstance(found, FieldProblem):
                yield found
            else:
                name = found.get("key", "")
                yield FieldProblem(name, _OF_PARAMETERS.get(name, found["message"]))


def _headers(status: int, error: Exception) -> dict[str, str]:
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_SECONDS
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, RefusedProperty):
        headers[MODEL_VERSION] = error.version
    return headers


def _stack(error: Exception) -> str:
    """The calls that led to `error`, innermost first."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)


_BAD_FIELDS = InvalidProperty(
    [FieldProblem("net_area", "must be greater than 0"), FieldProblem("n_rooms", "must be a number, not text")]
)
_UNKNOWN_PARAMETER = ValidationException(extra=[FieldProblem("colour", NOT_KNOWN)])
_NOTHING_SERVED = NoModelServed(NO_MODEL)
_USUAL: Mapping[int, tuple[str, Exception]] = {
    400: (
        "The body or a parameter cannot be used; every bad field is named. So is a parameter that is not known here.",
        _BAD_FIELDS,
    ),
    401: ("The key is missing, malformed, unknown, expired or revoked.", KeyRejected("missing")),
    403: (
        "The key was not given the scope that is needed.",
        ScopeMissing("This key was not given the scope '{scope}', which is needed here: use one that was."),
    ),
    404: ("What the address names is not there.", ModelNotFound("There is no stored model version 'v9'.")),
    409: (
        "It cannot be done as things stand.",
        ModelRefused("Model version v9 is refused: its bytes were altered."),
    ),
    413: ("The body is too large.", _too_large(64 * 1024)),
    415: ("The body is not sent as JSON.", HTTPException(detail=JSON_WANTED, status_code=415)),
    429: (
        "The key has asked too often, or too many keys that are not valid were sent: wait as long as Retry-After says.",
        RateLimited("This key may ask 600 times in 60 seconds, and has: wait as long as Retry-After says.", 12),
    ),
    503: ("No model is served, or a store cannot be reached: try again.", _NOTHING_SERVED),
}


def _documented(status: int, path: str, scope: Scope, errors: Sequence[Exception] | None) -> ResponseSpec:
    description, usual = _USUAL[status]
    examples = []
    for error in errors or [usual]:
        body, _ = problem(path, error)
        body.detail = body.detail.replace("{scope}", scope.value)
        examples.append(Example(summary=body.title, value=msgspec.to_builtins(body)))
    return ResponseSpec(
        ProblemBody, generate_examples=False, description=description, media_type=MEDIA_TYPE, examples=examples
    )
