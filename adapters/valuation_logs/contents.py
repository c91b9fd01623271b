"""What is recorded as the bytes that are kept of it, and back: JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from domain.errors import DomainError
from domain.evidence_chain import Entry, EvidenceKind
from domain.follow_up import FollowUp, Outcome, ReviewSample, ValuerOverride, subject_of
from domain.valuation_record import ValuationRecord

Evidence = ValuationRecord | FollowUp
_KINDS: dict[type, EvidenceKind] = {
    ValuationRecord: EvidenceKind.VALUATION,
    Outcome: EvidenceKind.OUTCOME,
    ValuerOverride: EvidenceKind.OVERRIDE,
    ReviewSample: EvidenceKind.SAMPLE,
}
_DECODERS: dict[str, "msgspec.json.Decoder[Evidence]"] = {
    str(kind): msgspec.json.Decoder(of) for of, kind in _KINDS.items()
}
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What goes into an entry; `at` in UTC. client_ref: that of a valuation."""

    kind: str
    subject: str
    at: datetime
    client_ref: str | None
    content: bytes


def recorded(evidence: Evidence) -> Recorded:
    """What is kept of this."""
    if isinstance(evidence, ValuationRecord):
        subject, client_ref = evidence.id, evidence.client_ref
    else:
        subject, client_ref = subject_of(evidence), None
    kind, at = str(_KINDS[type(evidence)]), evidence.at.astimezone(UTC)
    return Recorded(kind, subject, at, client_ref, _ENCODER.encode(evidence))


def evidence_of(kind: str, content: bytes) -> Evidence:
    """What was kept. Raises ValueError where it is none of this kind, or another version of Tasador wrote it."""
    try:
        evidence: Evidence = _DECODERS[kind].decode(content)
    except (KeyError, msgspec.MsgspecError, DomainError, ValueError, RecursionError):
        raise ValueError(f"it is no {kind}: it was altered, or another version of Tasador wrote it") from None
    return evidence


def evidence_in(entry: Entry) -> Evidence | None:
    """What an entry holds; None where that was erased or changed, or cannot be read."""
    if entry.content is None or not entry.is_whole():
        return None
    try:
        return evidence_of(entry.kind, entry.content)
    except ValueError:
        return None
