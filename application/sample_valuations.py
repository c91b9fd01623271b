"""A random sample of valuations, to be reviewed by hand."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from domain.errors import InvalidSample
from domain.follow_up import ReviewSample
from domain.valuation_id import new_valuation_id
from domain.valuation_record import ValuationRecord

LARGEST_SAMPLE = 100_000


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """The draw, and its valuations in the order of drawing.

    already_known: whether this very sample was drawn before. draws: how many different samples are on record by now.
    """

    sample: ReviewSample
    valuations: Sequence[ValuationRecord]
    already_known: bool
    draws: int


@dataclass(frozen=True, slots=True)
class SampleValuations:
    """Draws simple random samples, and puts each draw on record, so that nobody can draw until it suits."""

    log: ValuationLog
    clock: Clock

    def __call__(
        self, count: int, seed: int, since: datetime | None = None, until: datetime | None = None, by: str = ""
    ) -> DrawnSample:
        """Draws `count` of the valuations made at `since` or later and before `until` (now); all where there are fewer.

        Each valuation has a number made of the seed and its id, as good as random, and those with the smallest are
        drawn: the same seed and period draw the same, in whatever order they were recorded and whatever comes later.
        Records are read one by one. Raises InvalidSample for a count out of range and an `until` that lies ahead, and
        ValuationLogUnavailable.
        """
        now = self.clock.now()
        until = until or now
        if not 1 <= count <= LARGEST_SAMPLE:
            raise InvalidSample(f"A sample has from 1 to {LARGEST_SAMPLE} valuations, and not {count}.")
        if until > now:
            raise InvalidSample("A sample cannot be drawn of a time that is not over: choose an earlier --until.")
        population = _Counted(self.log.records(since, until))
        drawn = heapq.nsmallest(count, population, key=lambda record: _number(seed, record.id))
        ids = tuple(record.id for record in drawn)
        earlier = [each for each in self.log.follow_ups() if isinstance(each, ReviewSample)]
        draw = (seed, since, until, population.count, ids)
        for each in earlier:
            if (each.seed, each.since, each.until, each.population, each.valuation_ids) == draw:
                return DrawnSample(each, drawn, already_known=True, draws=len(earlier))
        sample = ReviewSample(new_valuation_id(now), *draw, now, by)
        self.log.follow_up([sample])
        return DrawnSample(sample, drawn, already_known=False, draws=len(earlier) + 1)


class _Counted:
    """Records, counted as they are read."""

    def __init__(self, records: Iterable[ValuationRecord]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[ValuationRecord]:
        for record in self._records:
            self.count += 1
            yield record


def _number(seed: int, valuation_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{valuation_id}".encode()).digest())
