"""Keys and what happened to them, as the documents that a secrets server keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from adapters.key_stores.row import COLUMNS, key_of, scopes_cell
from domain.api_key import ApiKey, is_key_id
from domain.errors import KeyStoreMalformed
from domain.key_event import KeyAction, KeyEvent

Content = Mapping[str, object]

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_TICK = timedelta(microseconds=1)
_NOT_IN_DOCUMENT = "id"  # a key's id is its document's name


class KeptEvent(msgspec.Struct, frozen=True):
    """An event, and when it was kept (UTC): what events of several documents are put in order by."""

    kept_at: _Moment
    at: _Moment
    action: KeyAction
    key_id: str
    by: str
    detail: str = ""

    @classmethod
    def of(cls, event: KeyEvent, kept_at: datetime) -> "KeptEvent":
        """`event`, kept then."""
        return cls(kept_at, event.at, event.action, event.key_id, event.by, event.detail)

    def event(self) -> KeyEvent:
        """What happened."""
        return KeyEvent(self.at.astimezone(UTC), self.action, self.key_id, self.by, self.detail)


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A document that holds one key and its events. `version` is its own, `place` what a person finds it by.

    Where `in_place_of` names a key, the document counts only once that one says `replaced_by` of it: a rotation is kept
    by the change of the one document, not of two.
    """

    key_id: str
    place: str
    version: int
    content: Content

    @classmethod
    def new(cls, key: ApiKey, event: KeyEvent, place: str, in_place_of: str | None = None) -> "KeyDocument":
        """The document of a key that is not stored yet."""
        content = {} if in_place_of is None else {"in_place_of": in_place_of}
        return cls(key.id, place, 0, content | {"events": []}).changed(key, event, settled=False)

    @property
    def in_place_of(self) -> str | None:
        """The id of the key that is to name this one as its successor. Raises KeyStoreMalformed."""
        named = self.content.get("in_place_of")
        if named is None or (isinstance(named, str) and is_key_id(named)):
            return named
        raise self._malformed("in_place_of must be the id of a key")

    @property
    def successor(self) -> str | None:
        """The id of the key that replaced this one, where the document names one."""
        named = self.content.get("replaced_by")
        return named if isinstance(named, str) and is_key_id(named) else None

    def key(self) -> ApiKey:
        """The key. Raises KeyStoreMalformed, naming the field; no field's content is repeated."""
        row = {column: self.content.get(column) for column in COLUMNS} | {_NOT_IN_DOCUMENT: self.key_id}
        for column, cell in row.items():
            if not (cell is None or isinstance(cell, str)):
                raise self._malformed(f"{column} is no text")
        try:
            return key_of(row)
        except ValueError as error:
            raise self._malformed(str(error)) from None

    def events(self) -> list[KeptEvent]:
        """What happened to the key, in that order. Raises KeyStoreMalformed."""
        try:
            return msgspec.convert(self.content.get("events"), list[KeptEvent])
        except msgspec.ValidationError:
            raise self._malformed("events is no list of events") from None

    def changed(self, key: ApiKey, event: KeyEvent | None = None, *, settled: bool = True) -> "KeyDocument":
        """This document with what `key` has become and, where one is given, the event of that."""
        events = self.events()
        if event is not None:
            now = datetime.now(UTC)
            events.append(KeptEvent.of(event, max(now, events[-1].kept_at + _TICK) if events else now))
        content = {**self.content, **_row(key), "events": msgspec.to_builtins(events)}
        if settled:
            content.pop("in_place_of", None)
        return KeyDocument(self.key_id, self.place, self.version, content)

    def _malformed(self, wrong: str) -> KeyStoreMalformed:
        return KeyStoreMalformed(
            f"The document {self.place} is no key: {wrong}. Mend it, or go back to an earlier version of it."
        )


def event_document(event: KeyEvent) -> Content:
    """The document of an event that is about no key."""
    content: Content = msgspec.to_builtins(KeptEvent.of(event, datetime.now(UTC)))
    return content


def event_of(content: Content, place: str) -> KeptEvent:
    """The event in a document. Raises KeyStoreMalformed naming the place."""
    try:
        return msgspec.convert(content, KeptEvent)
    except msgspec.ValidationError:
        raise KeyStoreMalformed(
            f"The document {place} is no event. Mend it, or go back to an earlier version of it."
        ) from None


def leaving_document(key_ids: set[str]) -> Content:
    """The document that lists the keys which no longer count as admins."""
    return {"ids": sorted(key_ids)}


def leaving_of(content: Content, place: str) -> set[str]:
    """The ids in such a document. Raises KeyStoreMalformed naming the place."""
    try:
        return msgspec.convert(content.get("ids"), set[str])
    except msgspec.ValidationError:
        raise KeyStoreMalformed(
            f"The document {place} is no list of ids. Mend it, or delete its last version."
        ) from None


def _row(key: ApiKey) -> dict[str, str | None]:
    """The fields of a key by the names of `COLUMNS`."""
    cells = {column: getattr(key, column) for column in COLUMNS if column != _NOT_IN_DOCUMENT}
    times = {column: cell.isoformat() for column, cell in cells.items() if isinstance(cell, datetime)}
    return cells | times | {"scopes": scopes_cell(key)}
