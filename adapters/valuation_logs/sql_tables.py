"""The tables of the evidence, in SQLite and PostgreSQL, and what their rows say."""

import re
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sql

from domain.evidence_chain import Damage, Entry, EvidenceKind, written
from domain.evidence_register import RegisterEvent, SignedEvent

_TEXT = sql.Text().with_variant(sql.Text(collation="C"), "postgresql")
_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2})+")

EVIDENCE_TABLES = sql.MetaData()
"""As `adapters.database_schemas.migrations` makes them. Times are text, as it goes into the links."""

REGISTER = sql.Table(
    "evidence_register",
    EVIDENCE_TABLES,
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("segment", _TEXT, nullable=False),
    sql.Column("action", _TEXT, nullable=False),
    sql.Column("content", _TEXT, nullable=False),
    sql.Column("public_key", _TEXT, nullable=False),
    sql.Column("signature", _TEXT, nullable=False),
)
ENTRIES = sql.Table(
    "evidence_entries",
    EVIDENCE_TABLES,
    sql.Column("segment", _TEXT, primary_key=True),
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("kind", _TEXT, nullable=False),
    sql.Column("subject", _TEXT, nullable=False),
    sql.Column("at", _TEXT, nullable=False),
    sql.Column("client_ref", _TEXT),
    sql.Column("salt", _TEXT),
    sql.Column("digest", _TEXT, nullable=False),
    sql.Column("link", _TEXT, nullable=False),
    sql.Column("content", sql.LargeBinary),
)

# One look at the index for each segment, not one for each entry.
STRANGERS = sql.text("""WITH RECURSIVE kept(segment) AS (
    SELECT min(segment) FROM evidence_entries
    UNION ALL
    SELECT (SELECT min(segment) FROM evidence_entries WHERE segment > kept.segment) FROM kept
    WHERE kept.segment IS NOT NULL
) SELECT segment FROM kept WHERE segment IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM evidence_register
    WHERE evidence_register.segment = kept.segment AND action = 'opened' AND action <> 'erased'
)""")
"""The segments of entries that were never opened."""
OF_NO_SEGMENT = sql.text("SELECT subject FROM evidence_entries WHERE segment IS NULL LIMIT 1")
"""An entry that the table's own rules would have refused, had nobody made it anew."""
# The second condition lets SQLite use the index, which holds nothing else.
REGISTERED = sql.text("""EXISTS (SELECT 1 FROM evidence_register
    WHERE evidence_register.segment = evidence_entries.segment AND action = 'opened' AND action <> 'erased')""")
"""Whether the segment of an entry was ever opened: nothing vouches for others, and nothing looks at them."""


def register_row(signed: SignedEvent) -> dict[str, object]:
    """The row of an event."""
    event = signed.event
    return {
        "number": event.number,
        "segment": event.segment,
        "action": event.action,
        "content": event.content().decode(),
        "public_key": signed.key,
        "signature": signed.signature,
    }


def event_of(row: sql.Row[Any]) -> SignedEvent:
    """The event of a row. Raises ValueError where it is none, or tells differently beside its content than within."""
    try:
        event = msgspec.json.decode(row.content, type=RegisterEvent)
        signed = SignedEvent(event, row.public_key, row.signature)
        agrees = register_row(signed) == dict(zip(REGISTER.c.keys(), row, strict=True))
    except (msgspec.DecodeError, TypeError, ValueError):
        agrees = False
    if not (agrees and isinstance(row.public_key, str) and isinstance(row.signature, str)):
        raise ValueError("it is no event, or was altered")
    return signed


def entry_row(entry: Entry, client_ref: str | None) -> dict[str, object]:
    """The row of an entry."""
    return {
        "segment": entry.segment,
        "number": entry.number,
        "kind": entry.kind,
        "subject": entry.subject,
        "at": written(entry.at),
        "client_ref": client_ref,
        "salt": entry.salt,
        "digest": entry.digest,
        "link": entry.link,
        "content": entry.content,
    }


def entry_of(row: sql.Row[Any]) -> Entry | Damage:
    """The entry of a row; a Damage where it is none, or tells differently beside its content than within.

    In SQLite a cell may hold anything. A cell that was changed to mean the same is a Damage too.
    """
    place = f"row {row.number!r} of the segment {row.segment} in evidence_entries"
    try:
        at = datetime.fromisoformat(row.at)
        is_exact = written(at) == row.at
    except (TypeError, ValueError, OverflowError):
        return Damage(place, "it has no time")
    texts = all(isinstance(text, str) for text in (row.segment, row.kind, row.subject, row.digest, row.link))
    if not (texts and isinstance(row.salt, str | None) and isinstance(row.content, bytes | None)):
        return Damage(place, "it holds something else than an entry")
    is_exact &= type(row.number) is int and row.number > 0
    is_exact &= row.salt is None or _HEXADECIMAL.fullmatch(row.salt) is not None
    if not is_exact:
        return Damage(place, "it was altered")
    entry = Entry(row.segment, row.number, row.kind, row.subject, at, row.salt, row.content, row.digest, row.link)
    if entry.is_whole() and row.client_ref != _client_ref_in(entry):
        return Damage(place, "its client reference is not that of its content")
    return entry


class _Valuation(msgspec.Struct):
    client_ref: str | None


def _client_ref_in(entry: Entry) -> str | None:
    if entry.content is None or entry.kind != EvidenceKind.VALUATION:
        return None
    try:
        return msgspec.json.decode(entry.content, type=_Valuation).client_ref
    except msgspec.DecodeError:
        return None
