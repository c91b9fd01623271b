"""The evidence as it is kept: sealed entries in segments, and the register of those."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.evidence_chain import Damage, Entry
from domain.evidence_register import SignedEvent
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord


@dataclass(frozen=True, slots=True)
class PrunedSegments:
    """Which segments went, or would go, and how many entries they held."""

    segments: tuple[str, ...] = ()
    entries: int = 0


@dataclass(frozen=True, slots=True)
class AdoptedEvidence:
    """What was taken into segments, or would be: how many records, and out of which sources, for people.

    left: why others were left as they are, a line each.
    """

    records: int = 0
    sources: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class EvidenceArchive(Protocol):
    """What a valuation log keeps, to be verified, looked after and thinned out. Safe while others record.

    A segment is opened, written by one process, closed under a signature, and never written again, but for what is
    erased from it. Every step is an event of the register, in order, before or with which it happens.

    All methods raise ValuationLogUnavailable where something cannot be read or written, and SecretUnavailable where the
    signing key cannot be.
    """

    @abstractmethod
    def tend(self, *, close_all: bool = False) -> None:
        """Closes the segments that are due, and those that a process which is no more has left.

        Called about once a second while the service runs, and before anything is verified. close_all: also those that
        running processes write to, which open others then; returns once that is done, or raises
        ValuationLogUnavailable naming the segments that could not be closed within some seconds.
        """

    @abstractmethod
    def close(self) -> None:
        """Closes what this process holds, at its end: its segments where that helps those that come after."""

    @abstractmethod
    def events(self) -> Sequence[SignedEvent]:
        """The register, in order. What cannot be read of it raises ValuationLogUnavailable naming the place."""

    @abstractmethod
    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        """What is kept of a segment, in the order in which it is kept; nothing where all of it is gone.

        What is no entry, or is told of differently beside its content than within, is a Damage. A last entry that a
        killed process has torn, of a segment that is open, is left out: nobody was told of it.
        """

    @abstractmethod
    def about(self, subjects: Collection[str]) -> Iterator[Entry | Damage]:
        """The entries of registered segments about these subjects, a segment after the other, as `entries` yields them.

        Of valuations, it need not find those that were recorded more than `domain.valuation_id.LONGEST_WAY` before or
        after their ids were made.
        """

    @abstractmethod
    def evidence_in(self, entry: Entry) -> ValuationRecord | FollowUp | None:
        """What the content of this very entry says; None where it was erased or changed, or is none."""

    @abstractmethod
    def fences_gone(self) -> Sequence[str]:
        """What should keep others from changing evidence here, and was taken away: each for people."""

    @abstractmethod
    def strangers(self) -> Sequence[str]:
        """What lies in the log's place, looks like evidence, and is in no segment: each for people, such as a file."""

    @abstractmethod
    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes away the content of all entries about these subjects, for good, and returns of how many.

        It is registered first. Digests and links stay. Raises ValuationLogUnavailable where some are in segments that
        cannot be closed, or are not what was sealed (`domain.evidence_thinning`): then nothing is taken away.
        """

    @abstractmethod
    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes the closed segments whose entries were all made before that; with `dry_run`, only tells.

        Raises ValuationLogUnavailable where an event about one of them is not signed by a trusted key.
        """

    @abstractmethod
    def adopt(self, *, dry_run: bool = False) -> AdoptedEvidence:
        """Takes what an earlier version kept without a chain into segments, closes those, and removes it elsewhere.

        What is in a segment already is not taken again. With `dry_run`, only tells.
        """
