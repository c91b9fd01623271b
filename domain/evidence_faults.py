"""What is wrong with the entries of a segment, if anything was done to them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from domain.evidence_chain import Chain, Damage, Entry

_ERASED_UNTOLD = "has lost its content, and no erasure of it is registered"
_NOT_ERASED = "still has its content, though its erasure is registered: erase it again"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with evidence: in which segment, with which entry, as far as that can be told."""

    said: str
    segment: str | None = None
    number: int | None = None
    subject: str | None = None

    @property
    def line(self) -> str:
        """For people."""
        return f"segment {self.segment}: {self.said}" if self.segment else self.said

    @classmethod
    def of(cls, damage: Damage, segment: str | None = None) -> "Fault":
        """That of a place that holds no entry."""
        return cls(f"{damage.place}: {damage.cause}", segment)


def faults_in(
    segment: str,
    kept: Iterable[Entry | Damage],
    genesis: str,
    end: Chain | None = None,
    erased: Collection[int] = frozenset(),
) -> Iterator[Fault]:
    """What is wrong with the entries of a segment; contents are looked at one by one, and not kept in memory.

    genesis: the link before the first. end: what was signed when the segment was closed; of an open one, None, nobody
    knows how many entries follow. erased: the numbers of those whose content is registered as erased.
    """
    entries: list[Entry] = []
    spoiled = set[int]()
    is_gone = True
    for each in kept:
        is_gone = False
        if isinstance(each, Damage):
            yield Fault.of(each, segment)
        elif each.segment != segment:
            yield _fault(each, f"was inserted: it is of segment {each.segment}", segment)
        elif each.number < 1:
            yield _fault(each, "was inserted: records are numbered from 1")
        else:
            if not each.is_whole():
                spoiled.add(len(entries))
                yield _fault(each, "was changed: its content is not what was recorded")
            elif each.is_erased != (each.number in erased):
                yield _fault(each, _ERASED_UNTOLD if each.is_erased else _NOT_ERASED)
            entries.append(each.erased())
    if end and end.entries and is_gone:
        yield Fault(f"all its {end.entries} records are gone, and nobody pruned it", segment)
        return
    yield from _faults_of_order(segment, entries)
    yield from _faults_of_twins(entries, spoiled, end)
    yield from _faults_of_links(entries, spoiled, genesis)
    if end:
        yield from _faults_of_end(end, entries)


def _faults_of_order(segment: str, entries: list[Entry]) -> Iterator[Fault]:
    """Numbers that are missing, or not where they should be."""
    first_of: dict[int, Entry] = {}
    for entry in entries:
        first_of.setdefault(entry.number, entry)
    for before, after in pairwise([0, *sorted(first_of)]):
        if after > before + 1:
            beside = [first_of[number].subject for number in (before, after) if number in first_of]
            yield Fault(f"{_are_missing(before + 1, after - 1)}, beside {' and '.join(beside)}", segment, before + 1)
    for first, second in pairwise(first_of.values()):
        if second.number < first.number:
            yield _fault(second, f"was moved: it stands behind record {first.number}")


def _faults_of_twins(entries: list[Entry], spoiled: Collection[int], end: Chain | None) -> Iterator[Fault]:
    """Entries of one number: genuine is the one that the chain goes on from, up to the end that was signed."""
    places = dict[int, list[int]]()
    for place, entry in enumerate(entries):
        places.setdefault(entry.number, []).append(place)
    if len(places) == len(entries):
        return
    after: list[int] = []
    for number in sorted(places, reverse=True):
        twins = places[number]
        if end and number == end.entries:
            fitting = [place for place in twins if entries[place].link == end.link]
        else:
            fitting = [place for place in twins if any(entries[other].follows(entries[place].link) for other in after)]
        whole = [place for place in fitting if place not in spoiled]
        after = whole or fitting or twins
        if len(twins) > 1:
            yield from _faults_of_number([entries[place] for place in twins], [entries[place] for place in after])
        if number - 1 not in places:
            after = []


def _faults_of_number(twins: list[Entry], genuine: list[Entry]) -> Iterator[Fault]:
    if len({entry.link for entry in genuine}) > 1:
        for entry in twins:
            yield _fault(entry, "was inserted, or another of its number was: nothing tells which")
        return
    for entry in twins:
        if entry is not genuine[0]:
            yield _fault(entry, "was inserted: there is another of its number")


def _faults_of_links(entries: list[Entry], spoiled: Collection[int], genesis: str) -> Iterator[Fault]:
    """Entries that do not fit behind the one whose number comes before theirs, which may stand elsewhere."""
    links = {0: {genesis}}
    for entry in entries:
        links.setdefault(entry.number, set()).add(entry.link)
    for place, entry in enumerate(entries):
        before = links.get(entry.number - 1)
        if before and place not in spoiled and not any(entry.follows(link) for link in before):
            yield _fault(entry, "does not fit: it, or the one before it, was changed, removed or inserted")


def _faults_of_end(end: Chain, entries: list[Entry]) -> Iterator[Fault]:
    """How the last entries differ from what was signed."""
    last = max((entry.number for entry in entries), default=0)
    if last < end.entries:
        beside = [entry.subject for entry in entries if entry.number == last]
        behind = f", behind {beside[0]}" if beside else ""
        yield Fault(f"{_are_missing(last + 1, end.entries)} at its end{behind}", end.segment, last + 1)
    for entry in entries:
        if entry.number > end.entries:
            yield _fault(entry, f"was inserted: the segment was closed with {end.entries} records")
    if 0 < last == end.entries and not any(entry.link == end.link for entry in entries if entry.number == last):
        yield Fault(
            f"its chain does not end in the link that was signed: the last of its {last} records was changed, or any "
            "of them and then the links of all that follow it; a replay finds those whose figures were changed",
            end.segment,
        )


def _are_missing(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def _fault(entry: Entry, what: str, segment: str | None = None) -> Fault:
    said = f"record {entry.number} ({entry.kind} {entry.subject}) {what}"
    return Fault(said, segment or entry.segment, entry.number, entry.subject)


def left_out(damaged: Collection[str]) -> Iterator[str]:
    """What is to be said of records that could not be read, if there are any; damaged: their places."""
    if damaged:
        records = "1 record" if len(damaged) == 1 else f"{len(damaged):,} records"
        yield f"Left out: {records} that cannot be read; `tasador audit verify` tells what is wrong."
