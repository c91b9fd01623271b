"""Keys in a secrets server: HashiCorp Vault or OpenBao, in a KV engine of version 2."""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import TypeVar

from adapters.key_stores.vault_documents import (
    KeptEvent,
    KeyDocument,
    event_document,
    event_of,
    leaving_document,
    leaving_of,
)
from adapters.key_stores.vault_secrets import VaultSecrets, checked_path
from application.ports.key_store import KeptKeys, KeyStore
from domain.api_key import ApiKey, is_key_id
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed, KeyStoreUnavailable
from domain.key_event import KeyEvent, issued, revoked, rotated

T = TypeVar("T")

_THREADS = 8
_ATTEMPTS = 60
_LONGEST_PAUSE = 0.02


class VaultKeyStore(KeyStore):
    """Keeps keys below a prefix, a document a key, each changed by check-and-set. Deletes nothing.

    `keys/<id>` holds a key with its own events, so that a change and its event are one write. `events/<name>` each hold
    an event without a key. `leaving` lists the admin keys whose revocation was begun with `spare_last_admin`: they
    count as admins no more, even if the revocation was then never made.

    A rotation writes the successor first, as one that is `in_place_of` the key: it is no key before the key names it.
    Whatever is killed half-way, there is either the old key alone, as it was, or both as they are to be.

    A document that was deleted by hand is no key; its id stays taken. Names that are no ids of keys are not looked at.
    Events come in the order of the clocks of the machines that kept them.
    """

    def __init__(self, server: VaultSecrets, prefix: str) -> None:
        self._server = server
        self._prefix = checked_path("prefix", prefix)
        self._leaving = f"{self._prefix}/leaving"

    def add(self, key: ApiKey) -> None:
        """Keeps a new key. Raises DuplicateKey, KeyStoreUnavailable."""
        self._create(KeyDocument.new(key, issued(key), self._place(key.id)))

    def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, or None. Raises KeyStoreUnavailable, KeyStoreMalformed naming the document."""
        document = self._stored(key_id)
        return None if document is None else document.key()

    def all(self) -> KeptKeys:
        """Every key, oldest first, a request a key; a fault names a document. Raises KeyStoreUnavailable."""
        documents, errors = self._documents()
        keys, faults = [], [str(error) for error in errors]
        for document in documents:
            try:
                keys.append(document.key())
            except KeyStoreMalformed as error:
                faults.append(str(error))
        return KeptKeys(sorted(keys, key=attrgetter("created_at", "id")), tuple(sorted(faults)))

    def revoke(
        self, key_id: str, at: datetime, by: str = "", because: str = "", *, spare_last_admin: bool = False
    ) -> ApiKey:
        """Revokes a key for good. Raises KeyNotFound, LastAdminKey, KeyStoreUnavailable, KeyStoreMalformed."""

        def taken_back(key: ApiKey) -> ApiKey:
            if spare_last_admin and key.is_admin_at(at):
                self._leave(key, at)
            return key.revoked(at, by, because)

        return self._change(key_id, taken_back, revoked)

    def rotate(self, key_id: str, successor: ApiKey, until: datetime) -> ApiKey:
        """Puts another key in a key's place. Raises as the port says."""
        begun = KeyDocument.new(successor, issued(successor), self._place(successor.id), in_place_of=key_id)
        written: list[KeyDocument] = []

        def replaced(key: ApiKey) -> ApiKey:
            key.check_rotatable(successor.created_at)
            if not written:
                self._create(begun)
                written.append(begun)
            return key.replaced(successor.id, until)

        rotated_key = self._change(key_id, replaced, lambda key: rotated(key, successor))
        # It is done. This only saves those who look for the successor from looking at its predecessor as well.
        with suppress(KeyStoreUnavailable):
            self._server.write(self._path(successor.id), begun.changed(successor).content, after=1)
        return rotated_key

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keeps when keys were last used, two requests a key. Raises KeyStoreUnavailable: some may be kept then."""

        def note(key_id: str) -> None:
            with suppress(KeyNotFound, KeyStoreMalformed):
                self._change(key_id, lambda key: key.used(uses[key_id]))

        _at_once(note, uses)

    def record(self, event: KeyEvent) -> None:
        """Keeps an event that is about no key. Raises KeyStoreUnavailable."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(8)}"
        if not self._server.write(f"{self._prefix}/events/{name}", event_document(event), after=0):
            raise KeyStoreUnavailable(f"The event {name} is there already: see that this machine's clock is right.")

    def events(self) -> list[KeyEvent]:
        """Every event, oldest first, a request a key. Raises KeyStoreUnavailable, KeyStoreMalformed."""
        folder = f"{self._prefix}/events"
        names = [name for name in self._server.names(folder) if not name.endswith("/")]
        of_none = _at_once(lambda name: self._recorded(f"{folder}/{name}"), names)
        documents, errors = self._documents()
        if errors:
            raise errors[0]
        of_keys = [event for document in documents for event in document.events()]
        kept = sorted([*of_keys, *(event for event in of_none if event)], key=attrgetter("kept_at"))
        return [event.event() for event in kept]

    def close(self) -> None:
        """Gives the connections back. The store may be used again afterwards."""
        self._server.close()

    def _change(
        self, key_id: str, change: Callable[[ApiKey], ApiKey], event: Callable[[ApiKey], KeyEvent] | None = None
    ) -> ApiKey:
        """Makes one change to what a key is by then, with its event, unless it changes nothing. Returns the key."""
        for _ in _attempts(self._place(key_id)):
            document = self._stored(key_id)
            if document is None:
                raise KeyNotFound(f"There is no key {key_id} below {self._server.place(self._prefix)}.")
            before = document.key()
            after = change(before)
            if after == before:
                break
            content = document.changed(after, None if event is None else event(after)).content
            if self._server.write(self._path(key_id), content, after=document.version):
                break
        return after

    def _create(self, document: KeyDocument) -> None:
        if not self._server.write(self._path(document.key_id), document.content, after=0):
            raise DuplicateKey(f"A key with the id {document.key_id} is at {document.place} already.")

    def _leave(self, leaver: ApiKey, at: datetime) -> None:
        """Sees that this key counts as an admin no more. Raises LastAdminKey where none would be left then.

        One document settles who leaves first. It is written before the key is revoked: rather one admin too few is
        counted than one too many. Between reading and writing it, others are looked at anew until one is found.
        """
        keys = [key for key in _at_once(self._sound, self._ids()) if key is not None]
        admins = {key.id for key in keys if key.is_lasting_admin_at(at)} - {leaver.id}
        gone = {key.id for key in keys if key.revoked_at is not None}
        for _ in _attempts(self._server.place(self._leaving)):
            document = self._server.read(self._leaving)
            leaving = leaving_of(document.content, self._server.place(self._leaving)) if document.content else set()
            others = (self._sound(other) for other in sorted(admins - leaving))
            leaver.check_not_last_admin(filter(None, others), at)
            if leaver.id in leaving:
                return
            content = leaving_document(leaving - gone | {leaver.id})
            if self._server.write(self._leaving, content, after=document.version):
                return

    def _documents(self) -> tuple[list[KeyDocument], list[KeyStoreMalformed]]:
        """The documents of all keys, with those that came in place of one while they were read.

        Beside them, what is wrong with those of which nobody can say whether they are keys.
        """
        found: dict[str, KeyDocument] = {}
        errors: dict[str, KeyStoreMalformed] = {}
        looked_for: set[str] = set()
        wanted = set(self._ids())
        while wanted:
            answers = dict(zip(wanted, _at_once(self._stored_or_error, wanted), strict=True))
            found |= {key_id: answer for key_id, answer in answers.items() if isinstance(answer, KeyDocument)}
            errors |= {key_id: answer for key_id, answer in answers.items() if isinstance(answer, KeyStoreMalformed)}
            successors = {document.successor for document in found.values() if document.successor is not None}
            wanted = successors - found.keys() - looked_for
            looked_for |= wanted
        return list(found.values()), [error for key_id, error in errors.items() if key_id not in found]

    def _ids(self) -> list[str]:
        return [name for name in self._server.names(f"{self._prefix}/keys") if is_key_id(name)]

    def _sound(self, key_id: str) -> ApiKey | None:
        with suppress(KeyStoreMalformed):
            return self.find(key_id)
        return None

    def _stored_or_error(self, key_id: str) -> KeyDocument | KeyStoreMalformed | None:
        try:
            return self._stored(key_id)
        except KeyStoreMalformed as error:
            return error

    def _stored(self, key_id: str) -> KeyDocument | None:
        """The document of a key, None where there is none or where its rotation was never made."""
        document = self._read(key_id)
        if document is None or document.in_place_of is None:
            return document
        predecessor = self._read(document.in_place_of)
        return document if predecessor is not None and predecessor.key().replaced_by == key_id else None

    def _read(self, key_id: str) -> KeyDocument | None:
        if not is_key_id(key_id):
            return None
        document = self._server.read(self._path(key_id))
        if document.content is None:
            return None
        return KeyDocument(key_id, self._place(key_id), document.version, document.content)

    def _recorded(self, path: str) -> KeptEvent | None:
        content = self._server.read(path).content
        return None if content is None else event_of(content, self._server.place(path))

    def _path(self, key_id: str) -> str:
        return f"{self._prefix}/keys/{key_id}"

    def _place(self, key_id: str) -> str:
        return self._server.place(self._path(key_id))


def _attempts(place: str) -> Iterator[None]:
    """Turns at changing a document that others change too. Raises KeyStoreUnavailable after many."""
    yield
    for _ in range(_ATTEMPTS):
        time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 (that two do not meet again; no secret)
        yield
    raise KeyStoreUnavailable(f"The document {place} is changed by others all the time: try again later.")


def _at_once(ask: Callable[[str], T], names: Iterable[str]) -> list[T]:
    """What is answered to each name, several at a time; the first error ends it."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(ask, names))
