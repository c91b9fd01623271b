"""Where valuations are put on record, and what is said of them later."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord


@dataclass(frozen=True, slots=True, order=True)
class LogPlace:
    """Where a record stands: all stand in this order, which nothing that is recorded later changes."""

    at: datetime
    segment: str = ""
    number: int = 0


class ValuationLog(Protocol):
    """Keeps every valuation that is answered. Safe for many threads, and for several processes at once.

    What is kept is chained and sealed (domain.evidence_chain): `application.ports.evidence_archive` shows how.

    All methods raise ValuationLogUnavailable where the log cannot be read or written.
    """

    @property
    @abstractmethod
    def is_slow(self) -> bool:
        """Whether recording may take so long (milliseconds) that it must not hold up others."""

    @property
    @abstractmethod
    def lost(self) -> int | None:
        """How many valuations were answered without a record since this log was opened.

        None where a valuation that cannot be recorded is not answered.
        """

    @abstractmethod
    def check(self) -> None:
        """Returns where a valuation could be recorded now. Cheap, and leaves no record."""

    @abstractmethod
    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Puts the valuations of one request on record, all or none. Once it returns, they are as safe as configured.

        Where it raises, none of them may be counted on, and the log goes on as soon as it can be written again.
        """

    @abstractmethod
    def do_without(self, count: int, cause: str) -> None:
        """So many valuations are to be answered though it is not known whether they are on record.

        Counts them as lost where that may be; else raises ValuationLogUnavailable with the cause.
        """

    @abstractmethod
    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Puts what was said of valuations on record, all or none, as safe as valuations are."""

    @abstractmethod
    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id; None where there is none, or its content was erased or changed.

        It need not find one that was recorded more than `domain.valuation_id.LONGEST_WAY` before or after its id was
        made, nor, unless an older Tasador recorded it, one whose id does not tell when that was.
        """

    @abstractmethod
    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was recorded, of those that `find` finds; of many much sooner than one by one."""

    @abstractmethod
    def records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[ValuationRecord]:
        """Valuations by the time of recording, oldest first; those of one call to `record` in their order.

        Those recorded at `since` or later and before `until`, of this client reference; all where they are None. What
        was torn or erased is left out. Read as they are asked for: there may be millions.

        damaged: is told each place, for people, that holds nothing that can be read, which is left out then; without
        it, that raises.
        """

    @abstractmethod
    def recent(
        self,
        before: LogPlace | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Valuations and their places, newest first, those that `find` finds; of this client reference, or all.

        Those that stand before a place (one of a time alone stands before all of that time); all where it is None. Read
        as they are asked for, so that the newest cost the same however many there are. None is told instead of what was
        looked at in vain, so that whoever has looked at enough can stop, and go on from there later.

        damaged: as of `records`; what was changed is told too, and so is a part of the log that cannot be read.
        """

    @abstractmethod
    def follow_ups(
        self, valuation_id: str | None = None, *, damaged: Callable[[str], None] | None = None
    ) -> Iterator[FollowUp]:
        """All that was said of this valuation, or of any, and the samples drawn; in the order of recording.

        What was erased is left out, and of those of one valuation, what was changed. damaged: as of `records`.
        """
