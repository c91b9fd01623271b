"""Evidence that shows when it was changed: every entry is linked to the one before it.

Entries stand in segments, each written by one process. An entry's digest is over its content; its link over the link
before it and all else that it says. So nothing can be changed, removed, inserted or moved without every later link of
the segment failing to fit, and the last link, once signed, vouches for the whole segment. Content may be erased: the
digest stays, and with it the chain; a salt that goes with the content keeps the digest from being guessed at.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

_SALT_BYTES = 16
_SALT = re.compile(rf"[0-9a-f]{{{2 * _SALT_BYTES}}}")


class EvidenceKind(StrEnum):
    """What an entry is of."""

    VALUATION = "valuation"
    OUTCOME = "outcome"
    OVERRIDE = "override"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is kept; digests and links are SHA-256, hexadecimal.

    number: its place in the segment, from 1. subject: the id of the valuation that it is about (of a sample, its own).
    at: UTC. salt: hexadecimal. salt and content are None once they are erased.
    """

    segment: str
    number: int
    kind: str
    subject: str
    at: datetime
    salt: str | None
    content: bytes | None
    digest: str
    link: str

    @property
    def is_erased(self) -> bool:
        """Whether its content was taken away."""
        return self.content is None

    def erased(self) -> "Entry":
        """The same without its content."""
        return replace(self, salt=None, content=None)

    def is_whole(self) -> bool:
        """Whether the content, if there is any, is that of the digest."""
        if self.content is None or self.salt is None:
            return self.content is None and self.salt is None
        # A salt is written in one way only, and is of one length: else bytes could move between it and the content.
        return bool(_SALT.fullmatch(self.salt)) and digest_of(self.salt, self.content) == self.digest

    def follows(self, link: str) -> bool:
        """Whether its own link fits all that it says, behind an entry of this link."""
        return self.link == link_of(link, self.segment, self.number, self.kind, self.subject, self.at, self.digest)


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a segment that is being written: how many entries there are, and the last link."""

    segment: str
    link: str
    entries: int = 0

    def next(self, kind: str, subject: str, at: datetime, content: bytes) -> Entry:
        """The entry of this content that would stand next; `at` in UTC."""
        number, salt = self.entries + 1, secrets.token_hex(_SALT_BYTES)
        digest = digest_of(salt, content)
        link = link_of(self.link, self.segment, number, kind, subject, at, digest)
        return Entry(self.segment, number, kind, subject, at, salt, content, digest, link)

    def after(self, entry: Entry) -> "Chain":
        """The end of the segment behind `entry`."""
        return Chain(self.segment, entry.link, entry.number)


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of a segment that holds no entry that could be read. place: for people, such as the line of a file."""

    place: str
    cause: str


def digest_of(salt: str, content: bytes) -> str:
    """The digest of an entry's content."""
    return hashlib.sha256(bytes.fromhex(salt) + content).hexdigest()


def link_of(previous: str, segment: str, number: int, kind: str, subject: str, at: datetime, digest: str) -> str:
    """The link of an entry behind one with the link `previous`."""
    said = "\n".join((previous, segment, str(number), kind, subject, written(at), digest))
    return hashlib.sha256(said.encode()).hexdigest()


def written(at: datetime) -> str:
    """A moment as it goes into links: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
