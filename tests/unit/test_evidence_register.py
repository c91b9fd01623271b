"""The register of segments: what it tells of each, and what is wrong with one that was changed."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.evidence_chain import Chain
from domain.evidence_heads import Head, Heads, faults_of_heads
from domain.evidence_register import START, Action, RegisterEvent, SignedEvent, faults_of_register, segments_of
from tests.fakes.fixed_clock import NOON

few = settings(max_examples=20)


def events(*said: tuple[Action, str]) -> list[RegisterEvent]:
    """A register of these events."""
    register = list[RegisterEvent]()
    for number, (action, segment) in enumerate(said, start=1):
        previous = register[-1].digest() if register else START
        at = NOON + timedelta(minutes=number)
        register.append(RegisterEvent(number, previous, at, action, segment, entries=number, link=str(number)))
    return register


def a_register() -> list[RegisterEvent]:
    """Two segments, one of them closed, erased from and pruned."""
    return events(("opened", "a"), ("opened", "b"), ("closed", "a"), ("erased", "a"), ("erased", "a"), ("pruned", "a"))


def test_tells_what_became_of_each_segment() -> None:
    register = a_register()
    register[3] = replace(register[3], numbers=(1, 2))
    register[4] = replace(register[4], numbers=(2, 5))
    known = segments_of(register)
    assert list(known) == ["a", "b"]
    assert (known["a"].opened, known["a"].closed, known["a"].pruned) == (register[0], register[2], register[5])
    assert known["a"].erased == {1, 2, 5}
    assert known["a"].end == Chain("a", "3", 3)
    assert (known["b"].closed, known["b"].end, known["b"].pruned) == (None, None, None)


def test_a_register_as_it_was_written_is_sound() -> None:
    assert list(faults_of_register(a_register())) == []
    assert list(faults_of_register([])) == []


@few
@given(st.data())
def test_no_event_can_be_removed_doubled_moved_or_inserted(data: st.DataObject) -> None:
    register = a_register()
    place = data.draw(st.integers(0, len(register) - 2))
    match data.draw(st.sampled_from(["remove", "double", "move", "insert"])):
        case "remove":
            del register[place]
        case "double":
            register.insert(data.draw(st.integers(0, len(register))), register[place])
        case "move":
            register.append(register.pop(place))
        case "insert":
            previous = register[place - 1].digest() if place else START
            register.insert(place, RegisterEvent(place + 1, previous, NOON, "pruned", "b"))
    found = list(faults_of_register(register))
    assert found
    assert len(found) <= 6


@pytest.mark.parametrize("field", [field.name for field in fields(RegisterEvent)])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_no_event_can_be_changed_unless_it_is_the_last(field: str, place: int) -> None:
    register = a_register()
    other: dict[str, Any] = {
        "number": 9,
        "previous": "f" * 64,
        "at": NOON,
        "action": "closed" if place != 2 else "pruned",
        "segment": "c",
        "entries": 99,
        "link": "other",
        "first_at": NOON,
        "last_at": NOON,
        "numbers": (7,),
        "by": "eve",
        "because": "other",
    }
    register[place] = replace(register[place], **{field: other[field]})
    assert any(
        f"event {number} of the register" in fault.said
        for fault in faults_of_register(register)
        for number in (place + 1, place + 2, register[place].number)
    )


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (("opened", "a"), "opens a segment again"),
        (("closed", "a"), "closes a segment again"),
        (("pruned", "z"), "is about a segment that was never opened"),
    ],
)
def test_events_that_make_no_sense_are_faults_though_they_fit(said: tuple[Action, str], fault: str) -> None:
    register = events(("opened", "a"), ("closed", "a"), said)
    (found,) = faults_of_register(register)
    assert fault in found.said


class TestHeads:
    @staticmethod
    def of(register: list[RegisterEvent], *closings: int) -> Heads:
        signed = [Head.of(SignedEvent(event, "key", "signature")) for event in register]
        return Heads(NOON, "key", signed[-1], tuple(signed[place] for place in closings))

    def test_fit_the_register_also_after_it_grew(self) -> None:
        register = a_register()
        assert list(faults_of_heads(self.of(register[:4], 2), register)) == []
        assert list(faults_of_heads(Heads(NOON, "key"), [])) == []

    def test_find_a_register_that_was_cut_off(self) -> None:
        register = a_register()
        (fault,) = faults_of_heads(self.of(register, 2), register[:5])
        assert fault.said.startswith("event 6 of the register (pruned a) was exported, and is not there")

    def test_find_a_register_that_was_written_anew_with_the_key(self) -> None:
        heads = self.of(a_register(), 2)
        forged = events(
            ("opened", "a"), ("opened", "x"), ("closed", "a"), ("erased", "a"), ("erased", "a"), ("pruned", "a")
        )
        assert list(faults_of_register(forged)) == []
        found = list(faults_of_heads(heads, forged))
        assert ["event 3" in found[0].said, "event 6" in found[1].said] == [True, True]
        assert "written anew" in found[0].said

    def test_that_were_changed_themselves_are_told_of(self) -> None:
        register = a_register()
        heads = self.of(register)
        assert heads.last is not None
        changed = replace(heads, last=replace(heads.last, digest="0" * 64))
        (fault,) = faults_of_heads(changed, register)
        assert "does not have the digest that stands beside it" in fault.said
