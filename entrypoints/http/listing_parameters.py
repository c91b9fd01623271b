"""What a list of valuations is asked for with: every bad parameter is named at once."""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from litestar.exceptions import ValidationException
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import QueryParameter

from application.list_valuations import Sought, Status
from application.ports.valuation_log import LogPlace
from domain.errors import FieldProblem
from domain.moment import parse_moment

T = TypeVar("T")

USUAL, MOST = 50, 200
LONGEST_TEXT = 100
_LIMIT_RULE = f"must be a whole number from 1 to {MOST}"
_TEXT_RULE = f"must be one line of 1 to {LONGEST_TEXT} printable characters"
_CURSOR_RULE = "must be `next` of an earlier answer, as it was"
_STATUSES: dict[str, Status] = {"valued": "valued", "refused": "refused"}
_A_MOMENT = {
    "any_of": [Schema(type=OpenAPIType.STRING, format=each) for each in (OpenAPIFormat.DATE, OpenAPIFormat.DATE_TIME)]
}
_A_LIMIT = {"any_of": [Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MOST, default=USUAL)]}
_A_STATUS = {"any_of": [Schema(type=OpenAPIType.STRING, enum=list(_STATUSES))]}
_A_TEXT = {"any_of": [Schema(type=OpenAPIType.STRING, min_length=1, max_length=LONGEST_TEXT)]}

# All are text to Litestar, which would otherwise tell of those that it understands before the others are looked at.
Limit = Annotated[
    str | None, QueryParameter(description=f"How many at most; {USUAL} by default.", schema_extra=_A_LIMIT)
]
Before = Annotated[str | None, QueryParameter(description="`next` of the page before; by default the newest come.")]
WantedStatus = Annotated[
    str | None,
    QueryParameter(description="Those that were valued, or those that were refused.", schema_extra=_A_STATUS),
]
Search = Annotated[
    str | None,
    QueryParameter(
        description="How the valuation's id begins, or what is in the client reference, the type or the sector, "
        "whatever case and accents.",
        schema_extra=_A_TEXT,
    ),
]
ClientRef = Annotated[
    str | None, QueryParameter(description="Those with just this client reference.", schema_extra=_A_TEXT)
]
Since = Annotated[
    str | None,
    QueryParameter(description="Those recorded on this day or at this time (UTC) or later.", schema_extra=_A_MOMENT),
]
Until = Annotated[
    str | None, QueryParameter(description="Those recorded before this day or time (UTC).", schema_extra=_A_MOMENT)
]


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    segment: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z-]{0,150}\Z")]
    number: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


def cursor_of(place: LogPlace) -> str:
    """The place as callers hand it back: letters, digits, `-` and `_`."""
    told = msgspec.json.encode(_Cursor(place.at, place.segment, place.number))
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def place_of(cursor: str) -> LogPlace:
    """The place that a cursor names. Raises ValueError."""
    if len(cursor) > 400 or not re.fullmatch(r"[0-9A-Za-z_-]+", cursor):
        raise ValueError(_CURSOR_RULE)
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Cursor)
        place = LogPlace(parse_moment(told.at.isoformat()), told.segment, told.number)
    except (ValueError, OverflowError):  # both base64 and msgspec raise kinds of ValueError
        raise ValueError(_CURSOR_RULE) from None
    return place


def read_listing(
    limit: str | None,
    before: str | None,
    status: str | None,
    search: str | None,
    client_ref: str | None,
    since: str | None,
    until: str | None,
) -> tuple[Sought, int, LogPlace | None]:
    """What is sought, how many, and before which place. Raises ValidationException, naming every bad one."""
    problems: list[FieldProblem] = []

    def read(name: str, text: str | None, reading: Callable[[str], T]) -> T | None:
        try:
            return None if text is None else reading(text)
        except ValueError as error:
            problems.append(FieldProblem(name, str(error)))
            return None

    count, place = read("limit", limit, _limit), read("before", before, place_of)
    sought = Sought(
        read("search", search, _text),
        read("status", status, _status),
        read("client_ref", client_ref, _text),
        read("since", since, parse_moment),
        read("until", until, parse_moment),
    )
    if sought.since and sought.until and sought.since >= sought.until:
        problems.append(FieldProblem("since", f"must lie before until, which is {sought.until.isoformat()}"))
    if problems:
        raise ValidationException(extra=problems)
    return sought, count or USUAL, place


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= MOST:
        raise ValueError(_LIMIT_RULE)
    return int(text)


def _status(text: str) -> Status:
    if text not in _STATUSES:
        raise ValueError("must be valued or refused")
    return _STATUSES[text]


def _text(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError(_TEXT_RULE)
    return text
