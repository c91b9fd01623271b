"""What happened to keys, as it is kept for good."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.api_key import ApiKey

KeyAction = Literal["issued", "rotated", "revoked", "pepper_rotated"]


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One change: when (UTC), what, to which key ("": to none), by whom, and what else there is to say of it."""

    at: datetime
    action: KeyAction
    key_id: str
    by: str
    detail: str = ""


def issued(key: ApiKey) -> KeyEvent:
    """That `key` was issued: its label, scopes and expiry."""
    told = f"{key.label}: {' '.join(sorted(key.scopes))}, until {key.expires_at:%Y-%m-%d %H:%M} UTC"
    return KeyEvent(key.created_at, "issued", key.id, key.created_by, told)


def rotated(key: ApiKey, successor: ApiKey) -> KeyEvent:
    """That `successor` was issued in the place of `key`, which holds its shortened expiry already."""
    told = f"replaced by {successor.id}, valid until {key.expires_at:%Y-%m-%d %H:%M} UTC"
    return KeyEvent(successor.created_at, "rotated", key.id, successor.created_by, told)


def revoked(key: ApiKey) -> KeyEvent:
    """That `key` was revoked. Raises ValueError where it was not."""
    if key.revoked_at is None:
        raise ValueError(f"key {key.id} is not revoked")
    return KeyEvent(key.revoked_at, "revoked", key.id, key.revoked_by, key.revoked_because)
