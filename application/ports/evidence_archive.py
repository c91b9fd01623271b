"""The evidence as it is kept: sealed entries in segments, and the register of those."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.evidence_chain import Damage, Entry
from domain.evidence_register import SignedEvent


@dataclass(frozen=True, slots=True)
class PrunedSegments:
    """Which segments went, or would go, and how many entries they held."""

    segments: tuple[str, ...] = ()
    entries: int = 0


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
    def strangers(self) -> Sequence[str]:
        """What lies in the log's place, looks like evidence, and is in no segment: each for people, such as a file."""

    @abstractmethod
    def erase(self, subjects: Collection[str], at: datetime, by: str, because: str) -> int:
        """Takes away the content of all entries about these subjects, for good, and returns of how many.

        It is registered first. Digests and links stay. Raises ValuationLogUnavailable where some are in segments that
        cannot be closed.
        """

    @abstractmethod
    def prune(self, before: datetime, at: datetime, by: str, *, dry_run: bool = False) -> PrunedSegments:
        """Removes the closed segments whose entries were all made before that; with `dry_run`, only tells."""
