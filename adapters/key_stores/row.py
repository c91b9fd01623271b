"""A key as a row of a table."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from domain.api_key import ApiKey, Scope

COLUMNS = ("id", "label", "secret_hash", "pepper_id", "scopes", "created_at", "expires_at", "revoked_at")


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
        revoked_at=None if row["revoked_at"] in {None, ""} else _moment(row, "revoked_at"),
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


def _moment(row: Mapping[str, object], column: str) -> datetime:
    cell = row[column]
    with suppress(ValueError, OverflowError):
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(_text(row, column))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError(f"{column} is no ISO 8601 time with its offset from UTC")
