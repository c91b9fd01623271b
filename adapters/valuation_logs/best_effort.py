"""A record of valuations that nobody has to wait for."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from application.ports.valuation_log import LogPlace, ValuationLog
from domain.errors import ValuationLogUnavailable
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord

_SECONDS_BETWEEN_WARNINGS = 60.0


class Logger(Protocol):
    """What this adapter needs of a structured logger."""

    def error(self, event: str, **details: object) -> object:
        """Writes one event."""


class BestEffortValuationLog(ValuationLog):
    """Another log, of which valuations are not held up: what it cannot take is counted and lost.

    That is told in the service's own log with the count of all that were lost, at the first one and then at most once a
    minute.
    """

    def __init__(self, log: ValuationLog, logger: Logger, seconds: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._logger = logger
        self._seconds = seconds
        self._counting = threading.Lock()
        self._tell_from = float("-inf")
        self._lost = 0

    @property
    def is_slow(self) -> bool:
        """Whether the other log is."""
        return self._log.is_slow

    @property
    def lost(self) -> int | None:
        """How many valuations the other log could not take."""
        return self._lost

    def check(self) -> None:
        """Checks the other log. Raises ValuationLogUnavailable."""
        self._log.check()

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Puts the valuations on record where that is possible."""
        try:
            self._log.record(records)
        except ValuationLogUnavailable as error:
            self.do_without(len(records), str(error))

    def do_without(self, count: int, cause: str) -> None:
        """Counts them as lost, and tells of it now and then."""
        with self._counting:
            self._lost += count
            now, lost = self._seconds(), self._lost
            if now < self._tell_from:
                return
            self._tell_from = now + _SECONDS_BETWEEN_WARNINGS
        self._logger.error("valuations are answered without a record", lost=lost, error=cause)

    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Puts it on record, or raises ValuationLogUnavailable: who tells something wants it kept."""
        self._log.follow_up(said)

    def find(self, valuation_id: str) -> ValuationRecord | None:
        """The valuation of this id, if it could be kept. Raises ValuationLogUnavailable."""
        return self._log.find(valuation_id)

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was recorded, of those that could be kept. Raises ValuationLogUnavailable."""
        return self._log.known(valuation_ids)

    def records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[ValuationRecord]:
        """Valuations that could be kept. Raises ValuationLogUnavailable."""
        return self._log.records(since, until, client_ref, damaged=damaged)

    def recent(
        self,
        before: LogPlace | None = None,
        client_ref: str | None = None,
        *,
        damaged: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """Valuations that could be kept, newest first. Raises ValuationLogUnavailable."""
        return self._log.recent(before, client_ref, damaged=damaged)

    def follow_ups(
        self, valuation_id: str | None = None, *, damaged: Callable[[str], None] | None = None
    ) -> Iterator[FollowUp]:
        """What was said of valuations. Raises ValuationLogUnavailable."""
        return self._log.follow_ups(valuation_id, damaged=damaged)
