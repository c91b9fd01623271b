"""API keys: what a token looks like, what is kept of it, and when it opens the door.

A token is `tsd_<key id>_<secret>_<checksum>`. Only a keyed hash (HMAC-SHA256 under a pepper) of its secret is ever
stored. The checksum tells a mistyped token from a wrong one without a look into the store (the idea and the CRC-32 in
base 62 are GitHub's, "Behind GitHub's new authentication token formats", 2021).
"""

import hmac
import re
import reprlib
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.duration import parse_duration
from domain.errors import InvalidKeyRequest, KeyNotActive, KeyNotFound, LastAdminKey, ScopeNotHeld
from domain.reason import LONGEST_REASON, reason_fits

DEFAULT_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=366)
LONGEST_LABEL = 100
LONGEST_NAME = 100
DEFAULT_OVERLAP = timedelta(hours=1)
ADMIN_MUST_LAST = timedelta(days=1)
"""How long from now a key must still be able to manage keys to count as another admin where one is revoked."""

KeyState = Literal["active", "expired", "revoked"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 12
_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # ceil(256 / log2(62))
_CHECKSUM_LENGTH = 6  # ceil(32 / log2(62))
_ID = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_HASH = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(
    rf"tsd_([0-9A-Za-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})_([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)

_INSTANT = timedelta(microseconds=1)
_REASON_RULE = f"must be one line of at most {LONGEST_REASON} printable characters"
_DURATION_RULE = "give a whole number of minutes, hours, days or weeks"


class Scope(StrEnum):
    """What a key may be used for."""

    VALUE = "value"
    MODELS_READ = "models:read"
    MODELS_WRITE = "models:write"
    KEYS_ADMIN = "keys:admin"
    OUTCOMES_WRITE = "outcomes:write"
    MONITOR_READ = "monitor:read"
    AUDIT_READ = "audit:read"


@dataclass(frozen=True, slots=True)
class KeyAdmin:
    """Who manages keys, by name: a user of the service's machine, who may grant everything, or a key (its id)."""

    name: str
    may_grant: frozenset[Scope] = frozenset(Scope)

    def check_may_grant(self, scopes: frozenset[Scope]) -> None:
        """Raises ScopeNotHeld, naming what is not this admin's to grant."""
        if lacking := sorted(scopes - self.may_grant):
            raise ScopeNotHeld(
                f"Key {self.name} lacks {', '.join(lacking)} itself and cannot hand that on: use one that has it."
            )


@dataclass(frozen=True, slots=True)
class Pepper:
    """The secret under which key secrets are hashed. `id` is stored with each key, so that it can be rotated."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Pepper(id={self.id!r})"

    @classmethod
    def generate(cls) -> "Pepper":
        """A new pepper: 32 random bytes under a random id."""
        return cls(secrets.token_hex(4), secrets.token_bytes(_SECRET_BYTES))

    def hash(self, key_secret: str) -> str:
        """HMAC-SHA256 of a token's secret, 64 hexadecimal digits."""
        return hmac.digest(self.secret, key_secret.encode(), "sha256").hex()

    def matches(self, key_secret: str, secret_hash: str) -> bool:
        """Whether `secret_hash` is the hash of this secret, compared in constant time."""
        return hmac.compare_digest(self.hash(key_secret), secret_hash)


@dataclass(frozen=True, slots=True)
class Token:
    """A key's token, taken apart. Its `repr` never shows the secret."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Token(key_id={self.key_id!r})"

    @classmethod
    def generate(cls) -> "Token":
        """A new token: 32 random bytes of secret under a random id."""
        key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
        return cls(key_id, _base62(secrets.randbits(8 * _SECRET_BYTES), _SECRET_LENGTH))

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        """The token that `text` spells, or None where its form or its checksum is wrong."""
        match = _TOKEN.fullmatch(text)
        if match is None:
            return None
        body, checksum = text[: -_CHECKSUM_LENGTH - 1], match[3]
        return cls(match[1], match[2]) if _checksum(body) == checksum else None

    def reveal(self) -> str:
        """The token as its owner sends it: to be shown once and never kept."""
        body = f"tsd_{self.key_id}_{self.secret}"
        return f"{body}_{_checksum(body)}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of a key. Times are in UTC; a key is valid up to, not at, `expires_at`.

    `created_at` is no bound: the clocks of two machines differ, and a new key must work on both. `created_by` and
    `revoked_by` name a key or a user of the machine, "" where nobody knows. `last_used_at` is about a minute late.
    `replaced_by` is the id of the key that a rotation put in its place.
    Raises ValueError, saying which field, where what it is made of cannot be a key. No field's value is repeated.
    """

    id: str
    label: str
    secret_hash: str
    pepper_id: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    revoked_because: str = ""
    created_by: str = ""
    last_used_at: datetime | None = None
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        for name, fits, rule in (
            ("id", is_key_id(self.id), f"must be {_ID_LENGTH} letters and digits"),
            ("label", _label_fits(self.label), f"must be 1 to {LONGEST_LABEL} printable characters"),
            ("secret_hash", _HASH.fullmatch(self.secret_hash), "must be 64 hexadecimal digits"),
            ("pepper_id", self.pepper_id, "is missing"),
            ("scopes", self.scopes, "must be at least one"),
            ("created_at", _is_utc(self.created_at), "must be in UTC"),
            ("expires_at", _is_utc(self.expires_at), "must be in UTC"),
            ("revoked_at", self.revoked_at is None or _is_utc(self.revoked_at), "must be in UTC"),
            ("revoked_by", _name_fits(self.revoked_by), f"must be at most {LONGEST_NAME} printable characters"),
            ("revoked_because", _reason_fits(self.revoked_because), _REASON_RULE),
            ("created_by", _name_fits(self.created_by), f"must be at most {LONGEST_NAME} printable characters"),
            ("last_used_at", self.last_used_at is None or _is_utc(self.last_used_at), "must be in UTC"),
            ("replaced_by", self.replaced_by is None or is_key_id(self.replaced_by), "must be the id of a key"),
        ):
            if not fits:
                raise ValueError(f"{name} {rule}")
        if not timedelta(0) < self.expires_at - self.created_at <= LONGEST_LIFETIME:
            raise ValueError(f"expires_at must be after created_at, by at most {LONGEST_LIFETIME.days} days")

    def state_at(self, moment: datetime) -> KeyState:
        """`active`, `expired` or `revoked`; a revocation is final and wins over expiry."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if moment < self.expires_at else "expired"

    def is_admin_at(self, moment: datetime) -> bool:
        """Whether this key may manage keys at that moment."""
        return Scope.KEYS_ADMIN in self.scopes and self.state_at(moment) == "active"

    def is_lasting_admin_at(self, moment: datetime) -> bool:
        """Whether it counts as another admin where one is revoked at that moment."""
        return self.is_admin_at(moment + ADMIN_MUST_LAST)

    def check_not_last_admin(self, others: Iterable["ApiKey"], moment: datetime) -> None:
        """Raises LastAdminKey where this key may manage keys at that moment, and none of `others` lasts as an admin.

        They are looked at one by one, until one is found.
        """
        if self.is_admin_at(moment) and not any(other.is_lasting_admin_at(moment) for other in others):
            raise LastAdminKey(self.id)

    def revoked(self, moment: datetime, by: str = "", because: str = "") -> "ApiKey":
        """This key, revoked at `moment`; a key that is revoked already stays as it is."""
        if self.revoked_at is not None:
            return self
        return replace(self, revoked_at=moment.astimezone(UTC), revoked_by=by, revoked_because=because)

    def check_rotatable(self, moment: datetime) -> None:
        """Raises KeyNotActive where this key has expired, is revoked or was replaced before."""
        state = self.state_at(moment)
        if self.replaced_by is not None:
            state_told = f"was replaced by {self.replaced_by} before"
        elif state != "active":
            state_told = "is revoked" if state == "revoked" else "has expired"
        else:
            return
        raise KeyNotActive(f"Key {self.id} {state_told}, so that it cannot be rotated: issue another.")

    def replaced(self, successor: str, until: datetime) -> "ApiKey":
        """This key, to be used until then at the latest, and never for longer than it was to live anyway."""
        soonest = self.created_at + _INSTANT  # a clock that is behind that of the key's creation
        return replace(self, replaced_by=successor, expires_at=min(self.expires_at, max(until, soonest)))

    def used(self, moment: datetime) -> "ApiKey":
        """This key, last used at `moment`, unless it was used later already."""
        if self.last_used_at is not None and self.last_used_at >= moment:
            return self
        return replace(self, last_used_at=moment.astimezone(UTC))


def is_key_id(text: str) -> bool:
    """Whether `text` has the form of a key's id."""
    return _ID.fullmatch(text) is not None


def checked_key_id(text: str) -> str:
    """`text`. Raises KeyNotFound where it has not the form of an id; it is not repeated: it may be a whole token."""
    if not is_key_id(text):
        raise KeyNotFound("That is not the id of a key: an id is 12 letters and digits, as the list of keys shows it.")
    return text


def checked_label(label: str) -> str:
    """`label`, trimmed. Raises InvalidKeyRequest where it is empty, too long or holds control characters."""
    trimmed = label.strip()
    if not _label_fits(trimmed):
        raise InvalidKeyRequest(f"A key's label is 1 to {LONGEST_LABEL} printable characters: say whose key it is.")
    return trimmed


def checked_reason(reason: str) -> str:
    """`reason`, trimmed. Raises InvalidKeyRequest where it is too long or holds control characters."""
    trimmed = reason.strip()
    if not reason_fits(trimmed):
        raise InvalidKeyRequest(f"A reason {_REASON_RULE}.")
    return trimmed


def checked_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes of these names. Raises InvalidKeyRequest for an unknown one or none."""
    scopes = set()
    for name in names:
        try:
            scopes.add(Scope(name))
        except ValueError:
            raise InvalidKeyRequest(
                f"There is no scope {reprlib.repr(name)}: choose from {', '.join(Scope)}."
            ) from None
    if not scopes:
        raise InvalidKeyRequest(f"A key needs at least one scope: choose from {', '.join(Scope)}.")
    return frozenset(scopes)


def checked_lifetime(lifetime: timedelta) -> timedelta:
    """`lifetime`. Raises InvalidKeyRequest unless it is longer than nothing and at most 366 days."""
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise InvalidKeyRequest(f"A key lives longer than no time and at most {LONGEST_LIFETIME.days} days.")
    return lifetime


def checked_overlap(overlap: timedelta) -> timedelta:
    """`overlap`. Raises InvalidKeyRequest where it is negative or longer than any key lives."""
    if not timedelta(0) <= overlap <= LONGEST_LIFETIME:
        raise InvalidKeyRequest(f"The overlap of a rotation is at most {LONGEST_LIFETIME.days} days.")
    return overlap


def parse_lifetime(text: str) -> timedelta:
    """The time that `90m`, `12h`, `30d` or `2w` spells, more than none. Raises InvalidKeyRequest.

    >>> parse_lifetime("2w")
    datetime.timedelta(days=14)
    """
    lifetime = parse_duration(text)
    if not lifetime:
        raise InvalidKeyRequest(f"{reprlib.repr(text)} is no lifetime: {_DURATION_RULE}, such as 90m, 12h, 30d or 2w.")
    return lifetime


def parse_overlap(text: str) -> timedelta:
    """The time that `0m`, `12h` or `2d` spells. Raises InvalidKeyRequest."""
    overlap = parse_duration(text)
    if overlap is None:
        raise InvalidKeyRequest(f"{reprlib.repr(text)} is no overlap: {_DURATION_RULE}, such as 0m, 1h or 2d.")
    return overlap


def _label_fits(label: str) -> bool:
    return 0 < len(label) <= LONGEST_LABEL and label == label.strip() and label.isprintable()


def _reason_fits(reason: str) -> bool:
    # What is kept with a key was trimmed before, so that a line of a key file with more in it was changed by hand.
    return reason_fits(reason) and reason == reason.strip()


def _name_fits(name: str) -> bool:
    return len(name) <= LONGEST_NAME and (not name or name.isprintable())


def _is_utc(moment: datetime) -> bool:
    return moment.utcoffset() == timedelta(0)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
