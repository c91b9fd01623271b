"""Entries as lines of JSON, in one form only: a line that is not written just so was changed."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from domain.evidence_chain import Entry, written

_ENCODER = msgspec.json.Encoder()
_ENCODED = _ENCODER.encode
_SALT, _DIGEST = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")
_ID, _AT = b'"id":', b',"at":"'
_AT_LENGTH = 32
_NOTHING = b"null"


class _Line(msgspec.Struct):
    n: int
    kind: str
    id: str
    at: str
    salt: str | None
    digest: str
    link: str
    content: msgspec.Raw


_DECODER = msgspec.json.Decoder(_Line)


def header_of(segment: str, genesis: str) -> bytes:
    """The first line of a segment."""
    return b'{"segment":%b,"genesis":%b}\n' % (_ENCODED(segment), _ENCODED(genesis))


def line_of(entry: Entry) -> bytes:
    """The entry as a line. Only the subject may hold what JSON writes otherwise; in what else, that is no entry."""
    salt = "null" if entry.salt is None else f'"{entry.salt}"'
    before = (
        f'{{"n":{entry.number},"kind":"{entry.kind}","id":{_ENCODED(entry.subject).decode()},"at":"{written(entry.at)}"'
        f',"salt":{salt},"digest":"{entry.digest}","link":"{entry.link}","content":'
    )
    return b"".join((before.encode(), _NOTHING if entry.content is None else entry.content, b"}\n"))


def told_in(line: bytes, segment: str) -> Entry:
    """The entry that a line tells of, however that is written. Raises ValueError where it tells of none."""
    try:
        read = _DECODER.decode(line)
        at = datetime.fromisoformat(read.at).astimezone(UTC)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        raise ValueError("is no entry") from None
    kept = bytes(read.content)
    content = None if kept == _NOTHING else kept
    return Entry(segment, read.n, read.kind, read.id, at, read.salt, content, read.digest, read.link)


def all_told_in(lines: Iterable[bytes], segment: str) -> Iterator[Entry]:
    """The entries that lines tell of; others, the header or what verification finds, are left out."""
    for line in lines:
        try:
            yield told_in(line, segment)
        except ValueError:
            continue


def entry_in(line: bytes, segment: str) -> Entry:
    """The entry that a line holds. Raises ValueError where it holds none, or tells it otherwise than `line_of`."""
    entry = told_in(line, segment)
    # Digits of another case mean the same to what reads them, and yet are not what was written.
    are_digits = _DIGEST.fullmatch(entry.digest) and _DIGEST.fullmatch(entry.link)
    if not are_digits or not (entry.salt is None or _SALT.fullmatch(entry.salt)) or line_of(entry) != line:
        raise ValueError("is not written as entries are")
    return entry


def at_of(line: bytes) -> datetime:
    """When the entry of a line was made, without a look at the rest. Raises ValueError."""
    # Whatever comes before it is known or JSON, in which a text holds no bare quotation marks.
    place = line.index(_AT) + len(_AT)
    return datetime.fromisoformat(line[place : place + _AT_LENGTH].decode())


def mark_of(subject: str) -> bytes:
    """What every line about this subject holds; others may, so that it is for a first look."""
    return _mark('"id":', subject, ',"at":"')


def mark_in(line: bytes) -> bytes:
    """What `mark_of` gives for whatever a line is about, however the rest of it is written; else nothing."""
    end = line.find(_AT)
    start = line.rfind(_ID, 0, end) if end > 0 else -1
    return line[start : end + len(_AT)] if start >= 0 else b""


def mark_of_client_ref(client_ref: str) -> bytes:
    """What the line of every valuation with this client reference holds; others may."""
    return _mark('"client_ref":', client_ref, "")


def _mark(before: str, text: str, after: str) -> bytes:
    try:
        return before.encode() + _ENCODED(text) + after.encode()
    except UnicodeEncodeError:
        return b"\n\n"  # what cannot be written is on no line


def is_torn(end: bytes, segment: str) -> bool:
    """Whether a killed process can have left this at the end of a file: a whole line needs its last byte only."""
    try:
        entry_in(end[:-1] + b"\n", segment)
    except ValueError:
        return True
    return False
