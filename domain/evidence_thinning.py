"""What must hold before anything is taken away from sealed evidence.

Whoever may write to the evidence, and cannot sign, could otherwise have an honest erasure take more than it should: a
record that he had first made look like one that is to be erased.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from domain.errors import ValuationLogUnavailable
from domain.evidence_chain import Damage, Entry
from domain.evidence_faults import faults_in
from domain.evidence_register import Segment, SignedEvent, segments_of

FaultOf = Callable[[bytes, str, str], str | None]
"""As EvidenceSigner.fault_of: what is wrong with a signed content, None where nothing is."""


def vouched_segments(names: Collection[str], events: Iterable[SignedEvent], fault_of: FaultOf) -> dict[str, Segment]:
    """What the register says of these segments.

    Raises ValuationLogUnavailable where one of them is not closed, or an event about it is not signed as it should be.
    """
    told = defaultdict[str, list[SignedEvent]](list)
    for each in events:
        if each.event.segment in names:
            told[each.event.segment].append(each)
    for name in names:
        for each in told[name]:
            if fault := fault_of(each.event.content(), each.key, each.signature):
                raise _refusal(name, f"event {each.event.number} of the register ({each.event.action}): {fault}")
    known = segments_of(each.event for name in names for each in told[name])
    for name in names:
        if name not in known or not known[name].closed:
            raise _refusal(name, "it is not closed")
    return known


def check_whole(name: str, segment: Segment, kept: Iterable[Entry | Damage]) -> None:
    """Returns where what is kept of a segment is what was sealed; else raises ValuationLogUnavailable.

    A content that is still there, or there again, of an entry that is registered as erased, does not matter.
    """
    seen = (each.erased() if isinstance(each, Entry) and each.number in segment.erased else each for each in kept)
    for fault in faults_in(name, seen, segment.opened.genesis, segment.end, segment.erased):
        raise _refusal(name, fault.said)


def _refusal(name: str, fault: str) -> ValuationLogUnavailable:
    return ValuationLogUnavailable(
        f"Nothing is taken away, for the segment {name} is not what was sealed: {fault}. Run `tasador audit verify`."
    )
