"""Whatever is done to the entries of a segment is found, and named."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.evidence_chain import Chain, Damage, Entry
from domain.evidence_faults import Fault, faults_in
from tests.fakes.fixed_clock import NOON

GENESIS = "a" * 64
LENGTHS = st.integers(1, 8)
few = settings(max_examples=20)


def a_segment(length: int, name: str = "s1") -> tuple[list[Entry], Chain]:
    """So many entries, and the end of their chain."""
    return written([(f"id-{number}", b'{"value":%d}' % number) for number in range(1, length + 1)], name)


def written(said: Sequence[tuple[str, bytes]], name: str = "s1") -> tuple[list[Entry], Chain]:
    chain, entries = Chain(name, GENESIS), list[Entry]()
    for minutes, (subject, content) in enumerate(said):
        entries.append(chain.next("valuation", subject, NOON + timedelta(minutes=minutes), content))
        chain = chain.after(entries[-1])
    return entries, chain


def faults(entries: Sequence[Entry | Damage], end: Chain | None, erased: Sequence[int] = ()) -> list[Fault]:
    return list(faults_in("s1", entries, GENESIS, end, frozenset(erased)))


def name(found: list[Fault], *numbers: int) -> bool:
    """Whether something is found, and at one of these numbers."""
    return any(fault.number in numbers for fault in found)


@few
@given(st.integers(0, 8))
def test_what_was_recorded_verifies_sealed_or_open(length: int) -> None:
    entries, end = a_segment(length)
    assert faults(entries, end) == []
    assert faults(entries, None) == []


CHANGES = {
    "number": lambda entry: replace(entry, number=entry.number + 3),
    "to no number": lambda entry: replace(entry, number=-entry.number),
    "to a huge number": lambda entry: replace(entry, number=10**15),
    "kind": lambda entry: replace(entry, kind="outcome"),
    "subject": lambda entry: replace(entry, subject="other"),
    "at": lambda entry: replace(entry, at=entry.at + timedelta(microseconds=1)),
    "salt": lambda entry: replace(entry, salt="0" * 32),
    "spelling of the salt": lambda entry: replace(entry, salt=(entry.salt or "").upper() + " "),
    "no salt": lambda entry: replace(entry, salt=None),
    "content": lambda entry: replace(entry, content=(entry.content or b"").replace(b"value", b"Value")),
    "no content": lambda entry: replace(entry, content=None),
    "digest": lambda entry: replace(entry, digest="0" * 64),
    "link": lambda entry: replace(entry, link="0" * 64),
    "segment": lambda entry: replace(entry, segment="s2"),
}


@pytest.mark.parametrize("change", CHANGES)
@few
@given(LENGTHS, st.data())
def test_a_changed_entry_is_named_or_the_one_behind_it(change: str, length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    place = data.draw(st.integers(0, length - 1))
    number = place + 1
    entries[place] = CHANGES[change](entries[place])
    found = faults(entries, end)
    assert name(found, number, number + 1)
    assert all(fault.segment == "s1" and fault.said.isprintable() for fault in found)
    assert len(found) <= 4


@few
@given(LENGTHS, st.data())
def test_any_changed_byte_of_a_content_is_named(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    place = data.draw(st.integers(0, length - 1))
    content = bytearray(entries[place].content or b"")
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    entries[place] = replace(entries[place], content=bytes(content))
    (fault,) = faults(entries, end)
    assert (fault.number, fault.subject) == (place + 1, f"id-{place + 1}")
    assert "was changed" in fault.said


def test_bytes_cannot_move_between_salt_and_content() -> None:
    (entry,), end = a_segment(1)
    content = entry.content or b""
    longer = replace(entry, salt=(entry.salt or "") + content[:4].hex(), content=content[4:])
    assert not longer.is_whole()
    assert name(faults([longer], end), 1)


@few
@given(LENGTHS, st.data())
def test_a_chain_forged_anew_from_any_entry_on_does_not_end_in_what_was_signed(
    length: int, data: st.DataObject
) -> None:
    entries, end = a_segment(length)
    place = data.draw(st.integers(0, length - 1))
    said = [(entry.subject, entry.content or b"") for entry in entries]
    said[place] = (said[place][0], b'{"value":0}')
    forged = entries[:place]
    chain = Chain("s1", forged[-1].link, place) if forged else Chain("s1", GENESIS)
    for entry, (subject, content) in zip(entries[place:], said[place:], strict=True):
        forged.append(chain.next(entry.kind, subject, entry.at, content))
        chain = chain.after(forged[-1])
    (fault,) = faults(forged, end)
    assert fault.segment == "s1"
    assert "does not end in the link that was signed" in fault.said
    assert faults(forged, None) == []  # as long as nothing was signed, nobody can tell


@few
@given(LENGTHS, st.data())
def test_removed_entries_are_named(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    first = data.draw(st.integers(0, length - 1))
    last = data.draw(st.integers(first, length - 1))
    del entries[first : last + 1]
    found = faults(entries, end)
    if entries:
        assert name(found, first + 1)
        assert "missing" in found[0].said
    else:
        assert found == [Fault(f"all its {length} records are gone, and nobody pruned it", "s1")]
    cut_off = last == length - 1
    assert bool(faults(entries, None)) is not cut_off  # nothing tells what the open end of a segment has lost


@few
@given(LENGTHS, st.data())
def test_a_doubled_entry_is_named(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    place, other = data.draw(st.integers(0, length - 1)), data.draw(st.integers(0, length))
    entries.insert(other, entries[place])
    assert name(faults(entries, end), place + 1)


@few
@given(LENGTHS, st.data())
def test_an_inserted_entry_is_named_wherever_it_stands_and_whatever_number_it_claims(
    length: int, data: st.DataObject
) -> None:
    entries, end = a_segment(length)
    before = data.draw(st.integers(-1, length))
    link = entries[before - 1].link if before > 0 else GENESIS
    forged = Chain("s1", link, before).next("valuation", "forged", NOON, b"{}")
    entries.insert(data.draw(st.integers(0, length)), forged)
    found = faults(entries, end)
    assert name(found, before + 1)
    assert any("inserted" in fault.said for fault in found)


@few
@given(st.integers(2, 8), st.data())
def test_swapped_entries_are_named(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    one, other = data.draw(st.integers(0, length - 1)), data.draw(st.integers(0, length - 1))
    assume(one < other)
    entries[one], entries[other] = entries[other], entries[one]
    found = faults(entries, end)
    assert name(found, one + 1, other + 1)
    assert any("was moved" in fault.said for fault in found)


@few
@given(st.integers(2, 8), st.data())
def test_of_twins_the_forged_one_is_named_wherever_it_stands(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    place = data.draw(st.integers(0, length - 1))
    link = entries[place - 1].link if place else GENESIS
    forged = Chain("s1", link, place).next("valuation", "forged", NOON, b"{}")
    entries.insert(place + data.draw(st.integers(0, 1)), forged)
    assert [fault.subject for fault in faults(entries, end)] == ["forged"]


def test_where_nothing_tells_which_of_twins_is_forged_both_are_named() -> None:
    entries, _ = a_segment(2)
    forged = Chain("s1", entries[0].link, 1).next("valuation", "forged", NOON, b"{}")
    assert [fault.subject for fault in faults([entries[0], forged, entries[1]], None)] == ["forged", "id-2"]


def test_entries_of_another_segment_do_not_pass_for_these() -> None:
    entries, end = a_segment(3)
    others, _ = a_segment(3, "s2")
    assert name(faults([*entries, others[2]], end), 3)
    assert faults([replace(other, segment="s1") for other in others], end)


@few
@given(LENGTHS, st.data())
def test_erased_contents_are_no_fault_where_they_are_registered(length: int, data: st.DataObject) -> None:
    entries, end = a_segment(length)
    gone = data.draw(st.sets(st.integers(1, length)))
    kept = [entry.erased() if entry.number in gone else entry for entry in entries]
    assert faults(kept, end, sorted(gone)) == []
    assert {fault.number for fault in faults(kept, end)} == gone  # taken away without a word
    assert {fault.number for fault in faults(entries, end, sorted(gone))} == gone  # registered, and still there


def test_a_place_that_cannot_be_read_is_told_of_beside_what_is_missing_there() -> None:
    entries, end = a_segment(3)
    spoiled: list[Entry | Damage] = [entries[0], Damage("line 2", "is no entry"), entries[2]]
    assert [fault.said for fault in faults(spoiled, end)] == [
        "line 2: is no entry",
        "record 2 is missing, beside id-1 and id-3",
    ]
