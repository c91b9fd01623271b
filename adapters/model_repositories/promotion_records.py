"""The records of promotions, rollbacks and removals: one object each, numbered from 1, made once and never changed.

There is no pointer to what is served beside them: it follows from the records in their order. Of many that want to make
record 12, one does; the others look again at what was decided, and make 13.
"""

import contextlib
import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from adapters.model_repositories.documents import VERSION_NAME, Decision, Record, decoded, indented
from adapters.model_repositories.objects import Objects, create_or_recognise
from domain.errors import ModelStoreUnavailable
from domain.model_version import Promotion, served_stack

FOLDER = "promotions"
FORMAT = 1
_NAME = re.compile(rf"{FOLDER}/([0-9]{{8,}})\.json")
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class History:
    """What came of all records up to the one of this number, and the document and the time of that one.

    retired: the versions that were removed for good.
    """

    number: int = 0
    last: bytes = b""
    at: datetime | None = None
    promotions: tuple[Promotion, ...] = ()
    retired: frozenset[str] = frozenset()

    @property
    def versions(self) -> set[str]:
        """Every version that anything was decided of."""
        return {*self.retired, *(promotion.version for promotion in self.promotions)}

    def document_of(self, decision: Decision) -> bytes:
        """The record of a decision that follows upon these."""
        record = Record(
            format=FORMAT,
            number=self.number + 1,
            id=secrets.token_hex(8),
            previous=self._digest,
            clock_behind=self.at is not None and decision.at < self.at,
            decision=decision,
        )
        return indented(msgspec.to_builtins(record))

    def followed_by(self, document: bytes) -> "History":
        """The history with one record more. Raises ValueError, saying what is wrong with it."""
        record = decoded(document, Record, FORMAT)
        made = record.decision
        if not VERSION_NAME.fullmatch(made.version):
            raise ValueError(f"{made.version!r:.30} is no name of a version")
        if record.number != self.number + 1:
            raise ValueError(f"it is that of another number, {record.number}")
        if record.previous != self._digest:
            raise ValueError("it does not follow upon the record before it: one of the two was altered")
        if made.at.tzinfo is None:
            raise ValueError("its time has no time zone")
        if made.action == "retire":
            if made.version in served_stack(self.promotions)[-1:]:
                raise ValueError(f"it removes {made.version}, which is served")
            return replace(self, number=record.number, last=document, at=made.at, retired=self.retired | {made.version})
        promotion = Promotion(
            made.version, made.action, made.at, made.by, made.reason, record.number, record.clock_behind
        )
        if promotion.action == "rollback":
            served_stack([*self.promotions, promotion])  # raises where there is nothing to roll back to
        return History(record.number, document, made.at, (*self.promotions, promotion), self.retired)

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.last).hexdigest() if self.number else ""


class PromotionRecords:
    """The records in a store of objects. What was read is remembered. Safe for many threads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._known = History()

    def read(self) -> History:
        """All records up to the newest: looks for one after the last known, and whether that is still there.

        Raises ModelStoreUnavailable, also where a record cannot be understood: none is ever passed over.
        """
        with self._lock:
            known = self._known
            if not known.number or not self._is_unchanged(known):
                known = self._read_anew()
                if self._known.number and not known.number:
                    raise ModelStoreUnavailable(
                        f"The promotions that were in {self._objects.place(FOLDER)} are gone: put them back, "
                        "or restore the model repository from a backup."
                    )
            while True:
                try:
                    document = self._objects.read(_name(known.number + 1))
                except FileNotFoundError:
                    break
                known = self._followed(known, document)
            self._known = known
            return known

    def append(self, decide: Callable[[History], Decision]) -> History:
        """Adds what `decide` makes of the history, which may be asked again; the history up to there.

        Raises ModelStoreUnavailable, and what `decide` raises.
        """
        for _ in range(_TRIES):
            history = self.read()
            document = history.document_of(decide(history))
            if create_or_recognise(self._objects, _name(history.number + 1), document):
                return history.followed_by(document)
        raise ModelStoreUnavailable(
            f"The model repository {self._objects.place('')} is written to by others all the time: try again."
        )

    def _is_unchanged(self, known: History) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self._objects.read(_name(known.number)) == known.last
        return False

    def _read_anew(self) -> History:
        found = (_NAME.fullmatch(name) for name in self._objects.names(FOLDER))
        history = History()
        for number in range(1, max((int(match[1]) for match in found if match), default=0) + 1):
            try:
                document = self._objects.read(_name(number))
            except FileNotFoundError:
                raise self._unreadable(number, "it is missing") from None
            history = self._followed(history, document)
        return history

    def _followed(self, history: History, document: bytes) -> History:
        try:
            return history.followed_by(document)
        except ValueError as error:
            raise self._unreadable(history.number + 1, " ".join(f"{error}".split())) from error

    def _unreadable(self, number: int, cause: str) -> ModelStoreUnavailable:
        return ModelStoreUnavailable(
            f"The record of a promotion {self._objects.place(_name(number))} cannot be read: {cause}. Restore it "
            "from a backup; without one, move all promotions away and promote a version anew."
        )


def _name(number: int) -> str:
    return f"{FOLDER}/{number:08}.json"
