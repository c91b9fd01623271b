"""The OpenAPI document made whole: what Litestar cannot know of the answers, and would get wrong of the bodies."""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from domain.api_key import Scope
from entrypoints.http.evidence_bodies import EXAMPLE_ID
from entrypoints.http.follow_up_bodies import OutcomeBody, OutcomeList, OutcomesBody, OverrideBody
from entrypoints.http.key_bodies import NewKeyBody, RotationBody
from entrypoints.http.problems import MEDIA_TYPE, problem
from entrypoints.http.schemas import (
    EXAMPLE_PROPERTY,
    PromotionBody,
    PropertyBatch,
    PropertyBody,
    ValuationBatch,
    WhatIfBody,
)
from entrypoints.http.security import BY_KEY

Document = dict[str, Any]

_REF = "#/components/{}/{}"
_BODIES = (
    *(PropertyBody, PropertyBatch, ValuationBatch, WhatIfBody, PromotionBody, NewKeyBody, RotationBody),
    *(OutcomeBody, OutcomeList, OutcomesBody, OverrideBody),
)


def _header(description: str, kind: str = "string", *, always: bool = False) -> Document:
    return {"description": description, "required": always, "schema": {"type": kind}}


HEADERS = {
    "X-Request-ID": _header("Id of the request: your own, or a new one.", always=True),
    "X-Model-Version": _header("The version of the model that computed the answer; none where nothing was computed."),
    "Retry-After": _header("Seconds after which to try again.", "integer", always=True),
    "WWW-Authenticate": _header("How to send a key.", always=True),
    "RateLimit-Limit": _header("How often the key may ask in the time that `RateLimit-Policy` names.", "integer"),
    "RateLimit-Remaining": _header("How often it may still ask now.", "integer"),
    "RateLimit-Reset": _header(
        "Seconds until the window ends; where none remain, until the key may ask once more, as `Retry-After` says.",
        "integer",
    ),
    "RateLimit-Policy": _header('The limit, as the IETF\'s draft has it: `"key";q=600;w=60`.'),
    "RateLimit": _header('What is left of it, likewise: `"key";r=599;t=60`, with t as in `RateLimit-Reset`.'),
}
"""Every header of an answer that callers may want to read."""
_OF_EVERY_KEY = [name for name in HEADERS if name.startswith("RateLimit")]
_OF_STATUS = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}

_AT_ANY_TIME = {
    400: ("The request is no sound HTTP/1.1.", "A request has one Host header."),
    408: ("The request comes too slowly.", "The body of the request comes too slowly."),
    414: ("The address is too long.", "The address is longer than the 8192 bytes that are taken."),
    431: (
        "The head is too large.",
        "The head of the request is larger than the 16 KiB and 100 fields that are taken.",
    ),
    500: ("Something went wrong here, not in the request.", ""),
    503: ("The service has too much to do.", "Too many connections are open: try again shortly."),
}
"""What any address may answer whatever is sent: in words, and what is said then."""

_EXAMPLES: Mapping[str, Document] = {
    "PropertyBody": EXAMPLE_PROPERTY,
    "PropertyBatch": {"data": [EXAMPLE_PROPERTY]},
    "ValuationBody": EXAMPLE_PROPERTY,
    "ValuationBatch": {"properties": [EXAMPLE_PROPERTY]},
    "WhatIfBody": {"property": EXAMPLE_PROPERTY, "changes": {"n_bathroom": 2}},
    "PromotionBody": {"reason": "lower COD in Vitacura"},
    "NewKeyBody": {"label": "Mortgage desk", "scopes": ["value"], "expires_in": "30d"},
    "RotationBody": {"overlap": "1h"},
    "OutcomesBody": {"valuation_id": EXAMPLE_ID, "price": 187000, "sold_on": "2026-10-14"},
    "OverrideBody": {"value": 171000, "reason": "roof to be renewed", "valuer": "M. Rojas"},
}
"""What a page fills in to be tried: it would put together one of every field that there may be."""

_LINKS: Mapping[str, Mapping[str, tuple[str, Sequence[str]]]] = {
    "issue_key": {"key_id": ("$response.body#/id", ("show_key", "rotate_key", "revoke_key"))},
    "rotate_key": {"key_id": ("$response.body#/id", ("show_key", "rotate_key", "revoke_key"))},
    "list_keys": {"key_id": ("$response.body#/keys/0/id", ("show_key",))},
    "list_models": {"version": ("$response.body#/models/0/version", ("show_model", "promote_model"))},
    "show_current_model": {"version": ("$response.body#/version", ("show_model",))},
    "promote_model": {"version": ("$response.body#/version", ("show_model",))},
    "create_valuation": {"valuation_id": ("$response.body#/valuation_id", ("show_valuation", "override_valuation"))},
    "roll_back_model": {"version": ("$response.body#/version", ("show_model",))},
}
"""By operation and parameter: where its answer names what further operations take."""

_IGNORED = {"description": "Ignored, so that a row of a sales table may be sent as it is."}
_FURTHER = "Further feature of the served model; null or left out where unknown."
_UNKNOWN = {
    "type": ["number", "string", "boolean", "null"],
    "description": "Any other field may be a further feature of another model; it is ignored, with a warning.",
}


class Features(NamedTuple):
    """The names of a model's further features."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]


def complete(document: Document, routes: Iterable[BaseRoute], features: Features) -> Document:
    """Litestar's document with what guards, limits and the server itself answer, and with these further features."""
    handlers = [each for route in routes if isinstance(route, HTTPRoute) for each in route.route_handlers]
    scopes = _scopes(handlers)
    components = document["components"]
    for name, described in _of_answers(handlers).items():
        if name in components["schemas"]:
            components["schemas"][name]["description"] = inspect.cleandoc(described["description"])
    components["headers"] = HEADERS
    components["schemas"] |= _bodies(features)
    components["responses"] = {str(status): _described(status, *told) for status, told in _AT_ANY_TIME.items()}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        _complete(operation, scopes[operation["operationId"]], components)
    for response in components["responses"].values():
        response["headers"] = _references("headers", "X-Request-ID")
    components["responses"]["503"]["headers"] |= _references("headers", "Retry-After")
    return document


def _complete(operation: Document, scopes: Sequence[Scope], components: Document) -> None:
    """Adds to an operation what it needs and answers, and takes away the 400s of input where any is taken."""
    schemas, at_any_time = components["schemas"], components["responses"]
    responses = operation["responses"]
    operation["security"] = [{name: [scope.value]} for scope in scopes for scheme in BY_KEY for name in scheme]
    if body := operation.get("requestBody"):  # one of which no field is required may be left out
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        body["required"] = bool(schemas[name].get("required") or schemas[name].get("oneOf"))
        body["content"]["application/json"]["example"] = _EXAMPLES[name]
    for parameter in operation.get("parameters", ()):  # "one of text and null" stays beside what was said instead
        if "anyOf" in parameter["schema"]:
            parameter["schema"].pop("oneOf", None)
    if not scopes:
        responses.pop("400", None)
    for status, response in responses.items():
        response["headers"] = _references("headers", *_headers(operation, status))
    for name, (place, operations) in _LINKS.get(operation["operationId"], {}).items():
        successful = responses["201" if "201" in responses else "200"]
        successful["links"] = {each: {"operationId": each, "parameters": {name: place}} for each in operations}
    for status, shared in at_any_time.items():
        own = responses.setdefault(status, {"$ref": _REF.format("responses", status)})
        if "content" in own:
            own["content"].setdefault(MEDIA_TYPE, shared["content"][MEDIA_TYPE])


def _headers(operation: Document, status: str) -> Iterator[str]:
    yield "X-Request-ID"
    if status in _OF_STATUS:
        yield _OF_STATUS[status]
    if operation["security"] and status != "401":
        yield from _OF_EVERY_KEY
    tags = operation["tags"]
    if (status == "200" and "valuations" in tags) or (status in {"200", "400"} and "predictions" in tags):
        yield "X-Model-Version"


def _scopes(handlers: Iterable[HTTPRouteHandler]) -> dict[str, tuple[Scope, ...]]:
    """The scopes any of which the guard asks of a key, by operation; none where it asks for no key."""
    return {
        str(each.operation_id): (each.opt["scope"], *each.opt["other_scopes"]) if each.opt["scope"] else ()
        for each in handlers
        if each.operation_id
    }


def _of_answers(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Document]:
    """The schemas of what is answered, explained by their docstrings: Litestar explains each as its first use is."""
    kinds = set[Any]()
    for each in handlers:
        kinds.add(each.parsed_fn_signature.return_type.annotation)
        kinds.update(response.data_container for response in (each.responses or {}).values())
    structs = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return msgspec.json.schema_components(structs)[1]


def _bodies(features: Features) -> dict[str, Document]:
    """The schemas of what is sent, as msgspec tells them: Litestar leaves out bounds of 0 and what is in a union."""
    _, schemas = msgspec.json.schema_components(_BODIES, ref_template=_REF.format("schemas", "{name}"))
    further = {name: {"type": ["number", "null"], "description": _FURTHER} for name in features.numeric}
    further |= {name: {"type": ["string", "boolean", "null"], "description": _FURTHER} for name in features.categorical}
    for schema in schemas.values():
        schema["description"] = inspect.cleandoc(schema["description"])
        for field in schema.get("properties", {}).values():
            if "$ref" in field:  # beside which pages that show the document look at nothing
                field["allOf"] = [{"$ref": field.pop("$ref")}]
    for name in ("PropertyBody", "ValuationBody"):
        schemas[name]["properties"] |= further | dict.fromkeys(("price", "sold_on", "id"), _IGNORED)
        schemas[name]["additionalProperties"] = _UNKNOWN
    schemas["PropertyChanges"]["properties"] |= further
    outcomes = [{"$ref": _REF.format("schemas", each.__name__)} for each in (OutcomeBody, OutcomeList)]
    schemas["OutcomesBody"] = {"description": schemas["OutcomesBody"]["description"], "oneOf": outcomes}
    return schemas


def _described(status: int, description: str, detail: str) -> Document:
    """A problem as OpenAPI shows it."""
    error = HTTPException(detail=detail, status_code=status)
    body, _ = problem("/predict", error)
    example = {"summary": body.title, "value": msgspec.to_builtins(body)}
    content = {"schema": {"$ref": _REF.format("schemas", "ProblemBody")}, "examples": {"example": example}}
    return {"description": description, "content": {MEDIA_TYPE: content}}


def _references(kind: str, *names: str) -> Document:
    return {name: {"$ref": _REF.format(kind, name)} for name in names}
