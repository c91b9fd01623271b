"""Reading request bodies: strict JSON, and every bad field named at once.

Litestar's own decoding takes "85" for a number and stops at the first error. Here the body is decoded to plain JSON
values, and the fields are looked at one by one.
"""

import inspect
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request
from litestar.dto import AbstractDTO, DTOConfig
from litestar.exceptions import ClientException, HTTPException
from litestar.openapi.spec import Reference
from litestar.status_codes import HTTP_415_UNSUPPORTED_MEDIA_TYPE
from litestar.typing import FieldDefinition

from application.value_property import ValuationRequest
from domain.errors import FieldProblem, InvalidProperty
from domain.property import NUMBER_RULES, PROPERTY_FIELDS, TEXT_FIELDS, NumberRule, Property, normalised
from domain.valuation_day import FIRST_DAY, LAST_DAY, can_be_valued_on
from entrypoints.http.schemas import LONGEST_CLIENT_REF, LONGEST_TEXT

MOST_PROBLEMS = 100
"""The most bad fields that one answer names, so that a bad batch cannot make an endless one."""
JSON_WANTED = "Send the body as JSON, with the header Content-Type: application/json."
NO_BODY: object = object()
"""What a handler takes by default: nothing was sent."""

_KNOWN = frozenset({*PROPERTY_FIELDS, "price", "sold_on", "id"})  # the last three: the rest of a row of sales
_OF_THE_REQUEST = ("client_ref", "valuation_date")
_RULES = {rule.name: rule for rule in NUMBER_RULES}
_JSON = re.compile(rb"application/([\w.!#$&^+-]+\+)?json", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KINDS = {str: "text", bool: "true or false", type(None): "null", list: "a list", dict: "an object"}
MISSING: object = object()
"""Stands for a field that is not there."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLACE = re.compile(r"\(byte (\d+)\)")
_NO_JSON_NUMBER = re.compile(rb"nan|inf", re.IGNORECASE)

_FEWEST_FIELDS = len(PROPERTY_FIELDS)
_decode = msgspec.json.Decoder().decode

T = TypeVar("T")
Fields = Mapping[str, object]
Problems = list[FieldProblem]


class _Sound(msgspec.Struct):
    """The eight fields of a property, each of its type. What is not meant as that does not fit: true is no number."""

    type: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
    sector: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
    net_usable_area: float
    net_area: float
    n_rooms: float
    n_bathroom: float
    latitude: float
    longitude: float


class MalformedBody(ClientException):
    """A body of which no field can be looked at, because it is not a JSON object."""


@dataclass(frozen=True, slots=True)
class UnusableRow:
    """A home of a batch that cannot be read: what is wrong with each field, and the reference if it has a good one."""

    client_ref: str | None
    problems: tuple[FieldProblem, ...]


class RawRequest(Request[Any, Any, Any]):
    """A request whose length is read from its headers as they came; Litestar would make all of them into a mapping."""

    @property
    def content_length(self) -> int | None:
        """The length that is announced, in bytes."""
        for name, value in self.scope["headers"]:
            if name == b"content-length":
                try:
                    return int(value)
                except ValueError:
                    raise ClientException("The header Content-Length is no number.") from None
        return None


class JsonBody(AbstractDTO[T]):
    """Shows a body in OpenAPI as the Struct that it is parametrised with, and hands it over as plain JSON values.

    A handler's default stands for an empty body. Raises MalformedBody, and HTTPException 415 for what is not JSON.
    """

    config = DTOConfig()

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: type[Any] | None = None
    ) -> None:
        """Generates no code: `decode_bytes` is all there is."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,  # noqa: ARG003
        handler_id: str,  # noqa: ARG003
        schema_creator: Any,
    ) -> Reference:
        """The schema of the Struct, explained by its docstring."""
        reference: Reference = schema_creator.for_field_definition(FieldDefinition.from_annotation(cls.model_type))
        schema_creator.schema_registry.from_reference(reference).schema.description = inspect.getdoc(cls.model_type)
        return reference

    def decode_bytes(self, value: bytes) -> Any:
        """The JSON values that the body spells."""
        _check_media_type(self.asgi_connection.scope["headers"])
        content = value.removeprefix(_BYTE_ORDER_MARK)
        if not content.strip():
            return NO_BODY
        try:
            return _decode(content)
        except RecursionError:
            raise MalformedBody("The body is nested too deeply: a property is one flat object.") from None
        except UnicodeDecodeError:
            raise MalformedBody("The body is not UTF-8.") from None
        except msgspec.ValidationError:  # with no type asked for, there is nothing else to be out of bounds
            raise MalformedBody("The body holds a number that is too large for JSON's usual numbers.") from None
        except msgspec.DecodeError as error:
            raise MalformedBody(f"The body cannot be read as JSON: {_malformed(content, str(error))}.") from None


def read_property(body: object) -> Property:
    """The property that a body describes. Raises MalformedBody, and InvalidProperty naming every bad field."""
    return _property(_object(body))


def read_request(body: object) -> ValuationRequest:
    """The property, the reference and the date that a body holds. Raises as `read_property` does."""
    fields = _object(body)
    if "client_ref" not in fields and "valuation_date" not in fields:
        return ValuationRequest(_property(fields))
    problems: Problems = []
    client_ref = _client_ref(fields.get("client_ref"), problems)
    valuation_date = _date(fields.get("valuation_date"), problems)
    try:
        home = _property(fields, apart_from=_OF_THE_REQUEST)
    except InvalidProperty as error:
        raise InvalidProperty([*error.problems, *problems]) from None
    if problems:
        raise InvalidProperty(problems)
    return ValuationRequest(home, client_ref, valuation_date)


def read_rows(body: object, most: int) -> list[ValuationRequest | UnusableRow]:
    """The homes in a body's `properties`, each read or with what is wrong with it, named like `properties[3].net_area`.

    Raises MalformedBody, and InvalidProperty where there is no list of at most `most` rows.
    """
    rows = _object(body).get("properties", MISSING)
    if not isinstance(rows, list):
        raise InvalidProperty([FieldProblem("properties", expected("a list of properties", rows))])
    if len(rows) > most:
        raise InvalidProperty(
            [FieldProblem("properties", f"must hold at most {most} homes, with what is asked of each, not {len(rows)}")]
        )
    return [_row(place, row) for place, row in enumerate(rows)]


def read_what_if(body: object) -> tuple[ValuationRequest, dict[str, float | str | date | None]]:
    """The home in a body's `property`, and its `changes`. Raises as `read_property` does.

    Fields are named like `property.net_area` and `changes.net_area`.
    """
    parts = _object(body)
    problems: Problems = []
    request = None
    if isinstance(home := parts.get("property", MISSING), dict):
        try:
            request = read_request(home)
        except InvalidProperty as error:
            problems += under("property", error.problems)
    else:
        problems.append(FieldProblem("property", expected("an object", home)))
    changes: dict[str, float | str | date | None] = {}
    if isinstance(wanted := parts.get("changes", MISSING), dict):
        bad: Problems = []
        changes = {name: _change(name, value, bad) for name, value in wanted.items()}
        problems += under("changes", bad)
    else:
        problems.append(FieldProblem("changes", expected("an object", wanted)))
    if problems or request is None:
        raise InvalidProperty(problems)
    return request, changes


def read_batch(body: object, most: int) -> list[Property]:
    """The properties in a body's `data`, at most `most`. Raises as `read_property` does.

    Fields are named like `data[3].net_area`.
    """
    rows = _object(body).get("data", MISSING)
    if not isinstance(rows, list):
        raise InvalidProperty([FieldProblem("data", expected("a list of properties", rows))])
    if len(rows) > most:
        raise InvalidProperty([FieldProblem("data", f"must hold at most {most} homes, not {len(rows)}")])
    homes: list[Property] = []
    problems: Problems = []
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            problems.append(FieldProblem(f"data[{place}]", expected("an object", row)))
            continue
        try:
            homes.append(_property(row))
        except InvalidProperty as error:
            problems += under(f"data[{place}]", error.problems)
        if len(problems) > MOST_PROBLEMS:
            break
    if problems:
        raise InvalidProperty(problems)
    return homes


def under(part: str, problems: Iterable[FieldProblem]) -> Problems:
    """The problems of a part of the body, such as `data[3]`, named as the body's."""
    return [FieldProblem(f"{part}.{problem.field}", problem.message) for problem in problems]


def _check_media_type(headers: Iterable[tuple[bytes, bytes]]) -> None:
    media_type, encoding = b"", b"identity"
    for name, value in reversed([*headers]):  # of several the first counts
        if name == b"content-type":
            media_type = value
        elif name == b"content-encoding":
            encoding = value
    if media_type != b"application/json" and not _JSON.fullmatch(media_type.partition(b";")[0].strip()):
        wanted = JSON_WANTED
    elif encoding.strip().lower() != b"identity":
        wanted = "Send the body as it is, not compressed."
    else:
        return
    raise HTTPException(detail=wanted, status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE)


def _malformed(content: bytes, found: str) -> str:
    """What the decoder found, in plain words where it came upon NaN or Infinity."""
    if place := _PLACE.search(found):
        at = int(place[1])
        # "nan" is taken for the beginning of "null", and only found four bytes on not to be.
        if any(_NO_JSON_NUMBER.match(content, max(start, 0)) for start in (at, at - 4)):
            return "JSON has no NaN or Infinity, send null where a number is unknown"
    return found.removeprefix("JSON is malformed: ")


def _object(body: object) -> dict[str, object]:
    if body is NO_BODY:
        raise MalformedBody("The body is empty: send a property as JSON.")
    if isinstance(body, dict):
        return body
    raise MalformedBody(f"The body {expected('a JSON object', body)}.")


def _property(fields: Fields, apart_from: tuple[str, ...] = ()) -> Property:
    """The property, read in one go where nothing is wrong with it, else field by field to name all that is."""
    try:
        sound = msgspec.convert(fields, _Sound)
        if sound.type.isprintable() and sound.sector.isprintable():
            problems: Problems = []
            extras = _extras(fields, apart_from, problems) if len(fields) > _FEWEST_FIELDS else {}
            if not problems:
                return Property(
                    sound.type.strip(),
                    sound.sector.strip(),
                    sound.net_usable_area,
                    sound.net_area,
                    sound.n_rooms,
                    sound.n_bathroom,
                    sound.latitude,
                    sound.longitude,
                    extras,
                )
    except (msgspec.ValidationError, InvalidProperty):
        pass
    return _property_or_every_problem(fields, apart_from)


def _property_or_every_problem(fields: Fields, apart_from: tuple[str, ...]) -> Property:
    problems: Problems = []
    values: dict[str, Any] = {name: _text(name, fields.get(name, MISSING), problems) for name in TEXT_FIELDS}
    values |= {rule.name: _number(rule, fields.get(rule.name, MISSING), problems) for rule in NUMBER_RULES}
    extras = _extras(fields, apart_from, problems)
    if problems:
        raise InvalidProperty(problems)
    return Property(**values, extras=extras)


def _extras(fields: Fields, apart_from: tuple[str, ...], problems: Problems) -> dict[str, float | str | None]:
    return {
        name: _extra(name, value, problems)
        for name, value in fields.items()
        if name not in _KNOWN and name not in apart_from
    }


def _row(place: int, row: object) -> ValuationRequest | UnusableRow:
    name = f"properties[{place}]"
    if not isinstance(row, dict):
        return UnusableRow(None, (FieldProblem(name, expected("an object", row)),))
    try:
        return read_request(row)
    except InvalidProperty as error:
        return UnusableRow(_client_ref(row.get("client_ref"), []), tuple(under(name, error.problems)))


def _change(name: str, value: object, problems: Problems) -> float | str | date | None:
    if name in TEXT_FIELDS:
        return _text(name, value, problems)
    if name in _RULES:
        return _number(_RULES[name], value, problems)
    if name == "valuation_date":
        return _date(value, problems)
    return _extra(name, value, problems)


def _text(name: str, value: object, problems: Problems) -> str:
    if not isinstance(value, str):
        message = expected("text", value)
    elif len(value) > LONGEST_TEXT:
        message = f"must have at most {LONGEST_TEXT} characters"
    elif _CONTROL.search(value):
        message = "must not hold control characters"
    elif not normalised(value):
        message = "must not be empty"
    else:
        return value.strip()
    problems.append(FieldProblem(name, message))
    return ""


def _number(rule: NumberRule, value: object, problems: Problems) -> float:
    message: str | None
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = expected("a number", value)
    else:
        number = _as_float(value)
        message = rule.problem_with(number)
        if message is None:
            return number
    problems.append(FieldProblem(rule.name, message))
    return 0.0


def _extra(name: str, value: object, problems: Problems) -> float | str | None:
    """A further feature; true and false are the texts that they are in a table."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, int | float):
        message = expected("a number, text or null", value)
    elif math.isfinite(number := _as_float(value)):
        return number
    else:
        message = "must be a finite number"
    problems.append(FieldProblem(name, message))
    return None


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer of more than 308 digits
        return math.inf


def _client_ref(value: object, problems: Problems) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        message = expected("text or null", value)
    elif len(value) > LONGEST_CLIENT_REF:
        message = f"must have at most {LONGEST_CLIENT_REF} characters"
    elif _CONTROL.search(value):
        message = "must not hold control characters"
    else:
        return value
    problems.append(FieldProblem("client_ref", message))
    return None


def _date(value: object, problems: Problems) -> date | None:
    message = "must be a date like 2026-11-22, or null"
    try:
        day = msgspec.convert(value, date | None)
        if day is None or can_be_valued_on(day):
            return day
        message = f"must be from {FIRST_DAY} to {LAST_DAY}"
    except msgspec.ValidationError:
        pass
    problems.append(FieldProblem("valuation_date", message))
    return None


def expected(what: str, value: object) -> str:
    """What to say of a value that is something else, or MISSING."""
    if value is MISSING:
        return "is missing"
    return f"must be {what}, not {_KINDS.get(type(value), 'a number')}"
