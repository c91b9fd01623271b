"""What is sent and answered about keys."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct

from application.issue_key import IssuedKey
from application.rotate_key import RotatedKey
from domain.api_key import (
    DEFAULT_LIFETIME,
    DEFAULT_OVERLAP,
    LONGEST_LABEL,
    ApiKey,
    KeyState,
    Scope,
    checked_label,
    checked_lifetime,
    checked_overlap,
    checked_scopes,
    parse_lifetime,
    parse_overlap,
)
from domain.errors import FieldProblem, InvalidKeyRequest, InvalidProperty
from entrypoints.http.bodies import NO_BODY, MalformedBody
from entrypoints.http.schemas import ONE_LINE

_DURATIONS = "^([1-9][0-9]{0,5}[mM]|[1-9][0-9]{0,3}[hH]|[1-9][0-9]{0,2}[dD]|[1-9][0-9]?[wW]%s)$"
Lifetime = Annotated[str, Meta(pattern=_DURATIONS % "", examples=["30d"])]
Overlap = Annotated[str, Meta(pattern=_DURATIONS % "|0[mhdwMHDW]", examples=["1h"])]


class NewKeyBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A key that is asked for."""

    label: Annotated[
        str,
        Meta(
            description="Whose key it is, or what for: printable characters, not blank.",
            min_length=1,
            max_length=LONGEST_LABEL,
            pattern=ONE_LINE,
            examples=["Mortgage desk"],
        ),
    ]
    scopes: Annotated[
        Annotated[list[Scope], Meta(min_length=1)] | None,
        Meta(description="What it may do, at least one; `value` where null or left out."),
    ] = None
    expires_in: Annotated[
        Lifetime | None,
        Meta(description="How long it lives, in minutes (m), hours, days or weeks: at most 366 days; null: 90 days."),
    ] = "90d"


class RotationBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a key is rotated. All of it may be left out."""

    overlap: Annotated[
        Overlap | None,
        Meta(description="How long the old key stays valid, never past its own expiry; null: an hour."),
    ] = "1h"
    expires_in: Annotated[
        Lifetime | None, Meta(description="How long the new key lives; null: as long as the old one was given.")
    ] = None


class KeyAnswer(Struct, kw_only=True):
    """A key; never its secret."""

    id: Annotated[str, Meta(description="Id of the key: the second part of its token.", examples=["4fT0aB8xQ2zL"])]
    label: Annotated[str, Meta(description="Whose key it is, or what for.")]
    scopes: Annotated[list[Scope], Meta(description="What it may do.")]
    state: Annotated[KeyState, Meta(description="Whether it opens the door now.")]
    created_at: Annotated[datetime, Meta(description="When it was issued (UTC).")]
    created_by: Annotated[str, Meta(description="The key, or the user of the machine, that issued it.")]
    expires_at: Annotated[datetime, Meta(description="The moment from which on it is not valid (UTC).")]
    last_used_at: Annotated[datetime | None, Meta(description="When it was last used (UTC), about a minute late.")]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked (UTC).")]
    revoked_by: Annotated[str, Meta(description="The key, or the user of the machine, that revoked it.")]
    revoked_because: Annotated[str, Meta(description="The reason that was given.")]
    replaced_by: Annotated[str | None, Meta(description="Id of the key that a rotation put in its place.")]

    @classmethod
    def of(cls, key: ApiKey, state: KeyState) -> "KeyAnswer":
        """The answer for a key in this state."""
        return cls(**_shown(key, state))


class CurrentKeyAnswer(Struct, kw_only=True):
    """The key that asks, as far as its bearer need know it."""

    id: Annotated[str, Meta(description="Id of the key: the second part of its token.", examples=["4fT0aB8xQ2zL"])]
    label: Annotated[str, Meta(description="Whose key it is, or what for.")]
    scopes: Annotated[list[Scope], Meta(description="What it may do.")]
    expires_at: Annotated[datetime, Meta(description="The moment from which on it is not valid (UTC).")]
    created_at: Annotated[datetime, Meta(description="When it was issued (UTC).")]

    @classmethod
    def of(cls, key: ApiKey) -> "CurrentKeyAnswer":
        """The answer that tells a bearer of this key."""
        return cls(
            id=key.id,
            label=key.label,
            scopes=sorted(key.scopes),
            expires_at=key.expires_at,
            created_at=key.created_at,
        )


class IssuedKeyAnswer(KeyAnswer, kw_only=True):
    """A new key with its token, which is shown this once and kept nowhere."""

    token: Annotated[str, Meta(description="The token: to be sent as X-API-Key. It cannot be shown again.")]

    @classmethod
    def of_issued(cls, issued: IssuedKey) -> "IssuedKeyAnswer":
        """The answer for a new key."""
        return cls(token=issued.token, **_shown(issued.key, "active"))


class ReplacedKeyAnswer(Struct, kw_only=True):
    """The old key of a rotation."""

    id: Annotated[str, Meta(description="Id of the old key.")]
    expires_at: Annotated[datetime, Meta(description="The moment from which on it is not valid (UTC).")]


class RotatedKeyAnswer(IssuedKeyAnswer, kw_only=True):
    """The new key of a rotation, and the key that it replaces."""

    replaces: Annotated[ReplacedKeyAnswer, Meta(description="The old key.")]

    @classmethod
    def of_rotated(cls, rotated: RotatedKey) -> "RotatedKeyAnswer":
        """The answer for a rotation."""
        return cls(
            token=rotated.issued.token,
            replaces=ReplacedKeyAnswer(id=rotated.old.id, expires_at=rotated.old.expires_at),
            **_shown(rotated.issued.key, "active"),
        )


class KeyList(Struct, kw_only=True):
    """The keys."""

    keys: Annotated[list[KeyAnswer], Meta(description="All keys that can be read, oldest first.")]
    unreadable: Annotated[
        int, Meta(description="How many more are stored but cannot be read: see `tasador keys list`.", ge=0)
    ]


def read_new_key(body: object) -> tuple[str, frozenset[Scope], timedelta]:
    """The label, scopes and lifetime that a body asks for. Raises MalformedBody, InvalidProperty."""
    if body is NO_BODY:
        raise MalformedBody('The body is empty: send at least {"label": "whose key it is"}.')
    read = _Reader(body, NewKeyBody)
    label = read.field("label", _text, _label)
    scopes = read.field("scopes", _names, checked_scopes, frozenset({Scope.VALUE}))
    lifetime = read.field("expires_in", _text, _lifetime, DEFAULT_LIFETIME)
    read.check()
    return label, scopes, lifetime


def names_scopes(body: object) -> bool:
    """Whether a body that could be read says what the key may do, and does not leave it to the default."""
    return isinstance(body, dict) and body.get("scopes") is not None


def read_rotation(body: object) -> tuple[timedelta, timedelta | None]:
    """The overlap and the new key's lifetime that a body asks for. Raises MalformedBody, InvalidProperty."""
    read = _Reader({} if body is NO_BODY else body, RotationBody)
    overlap = read.field("overlap", _text, _overlap, DEFAULT_OVERLAP)
    lifetime = read.field("expires_in", _text, _lifetime, None)
    read.check()
    return overlap, lifetime


class _Reader:
    """Reads a body field by field, and gathers what is wrong with each."""

    def __init__(self, body: object, shape: type[Struct]) -> None:
        if not isinstance(body, dict):
            raise MalformedBody("The body must be a JSON object.")
        self._body = body
        self._problems = [FieldProblem(n, "is not known here") for n in body if n not in shape.__struct_fields__]

    def field(self, name: str, of_type: Callable[[Any], Any], read: Callable[[Any], Any], default: Any = ...) -> Any:
        """The field, or `default`, where there is one, for a field that is missing or null."""
        value = self._body.get(name)
        if value is None:
            if default is not ...:
                return default
            self._problems.append(FieldProblem(name, "is missing"))
            return None
        try:
            return read(of_type(value))
        except (TypeError, InvalidKeyRequest) as error:
            self._problems.append(FieldProblem(name, str(error)))
            return None

    def check(self) -> None:
        """Raises InvalidProperty where anything was wrong."""
        if self._problems:
            raise InvalidProperty(self._problems)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("must be text")


def _names(value: object) -> list[str]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return value
    raise TypeError("must be a list of the names of scopes")


def _label(text: str) -> str:
    return checked_label(text if text.isprintable() else "")  # not even around it, as the schema says


def _lifetime(text: str) -> timedelta:
    return checked_lifetime(parse_lifetime(text))


def _overlap(text: str) -> timedelta:
    return checked_overlap(parse_overlap(text))


def _shown(key: ApiKey, state: KeyState) -> dict[str, Any]:
    own = ("id", "label", "created_at", "created_by", "expires_at", "last_used_at")
    ending = ("revoked_at", "revoked_by", "revoked_because", "replaced_by")
    return {name: getattr(key, name) for name in (*own, *ending)} | {"scopes": sorted(key.scopes), "state": state}
