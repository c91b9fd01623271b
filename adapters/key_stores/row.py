"""A key as a row of a table."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime

from domain.api_key import ApiKey, Scope

COLUMNS = tuple(field.name for field in fields(ApiKey))
FIRST_COLUMNS = ("id", "label", "secret_hash", "pepper_id", "scopes", "created_at", "expires_at", "revoked_at")
"""Those of the stores that Tasador made before it knew who did something, and why."""

NOBODY = dict.fromkeys(COLUMNS, "") | {
    "id": "000000000000",
    "label": "nobody",
    "secret_hash": "0" * 64,
    "pepper_id": "-",
    "scopes": "value",
    "created_at": "2026-11-22T12:00:00.123456+00:00",
    "expires_at": "2027-02-20T12:00:00.123456+00:00",
}
"""A row that no store holds: read in the place of one that is not there, so that both cost the same."""


def scopes_cell(key: ApiKey) -> str:
    """The names of the key's scopes, separated by spaces."""
    return " ".join(sorted(key.scopes))


def key_of(row: Mapping[str, object]) -> ApiKey:
    """The key that `row` holds, by the names of `COLUMNS`; times are aware datetimes or ISO 8601 text.

    Raises ValueError, naming the column, where the row is no key. It never repeats a cell: somebody may have written
    a token into it.
    """
    return ApiKey(
        id=_text(row, "id"),
        label=_text(row, "label"),
        secret_hash=_text(row, "secret_hash"),
        pepper_id=_text(row, "pepper_id"),
        scopes=_scopes(row),
        created_at=_moment(row, "created_at"),
        expires_at=_moment(row, "expires_at"),
        revoked_at=_moment_if_any(row, "revoked_at"),
        revoked_by=_text(row, "revoked_by"),
        revoked_because=_text(row, "revoked_because"),
        created_by=_text(row, "created_by"),
        last_used_at=_moment_if_any(row, "last_used_at"),
        replaced_by=None if row["replaced_by"] in {None, ""} else _text(row, "replaced_by"),
    )


def _text(row: Mapping[str, object], column: str) -> str:
    cell = row[column]
    if isinstance(cell, str):
        return cell
    raise ValueError(f"{column} is no text")


def _scopes(row: Mapping[str, object]) -> frozenset[Scope]:
    try:
        return frozenset(Scope(name) for name in _text(row, "scopes").split())
    except ValueError:
        raise ValueError("scopes names one that does not exist") from None


def _moment_if_any(row: Mapping[str, object], column: str) -> datetime | None:
    return None if row[column] in {None, ""} else _moment(row, column)


def _moment(row: Mapping[str, object], column: str) -> datetime:
    cell = row[column]
    with suppress(ValueError, OverflowError):
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(_text(row, column))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError(f"{column} is no ISO 8601 time with its offset from UTC")
