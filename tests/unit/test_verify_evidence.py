"""Whether what is on record is what was recorded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.erase_evidence import EraseEvidence
from application.export_heads import ExportHeads
from application.ports.evidence_archive import EvidenceArchive
from application.prune_evidence import PruneEvidence
from application.verify_evidence import Verification, VerifyEvidence
from domain.errors import SecretUnavailable, SegmentNotFound
from domain.evidence_chain import Damage, Entry
from domain.evidence_heads import Heads
from domain.evidence_register import RegisterEvent, SignedEvent
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.office import Office

FIRST, SECOND = "segment-1", "segment-3"


def an_office() -> tuple[Office, list[str]]:
    """Two sealed segments of three valuations each, and an open one of one; their ids."""
    office, ids = Office(), list[str]()
    for _ in range(2):
        ids += [office.value(client_ref=f"file {len(ids) + number}") for number in range(3)]
        office.log.tend(close_all=True)
    return office, [*ids, office.value()]


def verified(office: Office, only: str | None = None, heads: Heads | None = None) -> Verification:
    return VerifyEvidence(office.log, office.signer)({only} if only else None, heads)


def said(office: Office, heads: Heads | None = None) -> list[str]:
    return [fault.said for fault in verified(office, heads=heads).faults]


def test_what_was_recorded_is_sound_and_what_is_not_sealed_yet_is_told() -> None:
    office, _ = an_office()
    found = verified(office)
    assert found.sound
    assert (found.events, found.segments, found.records) == (5, 3, 7)
    assert (found.open_segments, found.open_records, found.heads) == (1, 1, None)


def test_a_changed_record_is_named_with_its_segment_number_and_id() -> None:
    office, ids = an_office()
    changed = office.log.sealed[SECOND]
    changed[1] = replace(changed[1], content=b"{}")
    (fault,) = verified(office).faults
    assert (fault.segment, fault.number, fault.subject) == (SECOND, 2, ids[4])
    assert verified(office, FIRST).sound
    assert not verified(office, SECOND).sound


def test_one_segment_alone_is_verified_with_the_register() -> None:
    office, _ = an_office()
    found = verified(office, FIRST)
    assert (found.segments, found.records, found.events, found.open_segments) == (1, 3, 5, 0)
    with pytest.raises(SegmentNotFound, match="knows no segment 'segment-9'"):
        verified(office, "segment-9")


def test_a_segment_that_is_gone_without_a_word_is_missed() -> None:
    office, _ = an_office()
    del office.log.sealed[FIRST]
    (fault,) = verified(office).faults
    assert fault.segment == FIRST
    assert fault.said == "all its 3 records are gone, and nobody pruned it"


def test_a_stranger_is_named() -> None:
    office, _ = an_office()
    office.log.sealed["segment-8"] = list(office.log.sealed[FIRST])
    assert said(office) == ["segment-8 belongs to no segment of the register"]


def test_a_signature_of_no_trusted_key_or_of_another_content_is_a_fault() -> None:
    office, _ = an_office()
    office.signer.trusted = {"test:b"}
    assert len(said(office)) == 5
    assert said(office)[0].startswith("event 1 of the register (opened segment-1): it is signed with a key that is not")
    office, _ = an_office()
    event = office.log.registered[1]
    office.log.registered[1] = replace(event, signature="0" * 64)
    assert said(office) == [
        "event 2 of the register (closed segment-1): it was altered: its signature is not that of its content"
    ]


@settings(max_examples=30)
@given(st.data())
def test_no_event_of_the_register_can_be_tampered_with_by_who_lacks_the_key(data: st.DataObject) -> None:
    office, _ = an_office()
    register = office.log.registered
    place = data.draw(st.integers(0, len(register) - 2))
    event = register[place]
    match data.draw(st.sampled_from(["remove", "double", "swap", "insert", "change"])):
        case "remove":
            del register[place]
        case "double":
            register.insert(data.draw(st.integers(0, len(register))), event)
        case "swap":
            other = data.draw(st.integers(place + 1, len(register) - 1))
            register[place], register[other] = register[other], event
        case "insert":
            previous = event.event.digest()
            pruned = RegisterEvent(place + 2, previous, NOON, "pruned", FIRST, by="eve")
            register.insert(place + 1, replace(event, event=pruned))
        case "change":
            other_by = replace(event.event, by="eve")
            register[place] = replace(event, event=other_by)
    assert not verified(office).sound


def test_erased_records_and_pruned_segments_leave_the_rest_proven() -> None:
    office, ids = an_office()
    erased = EraseEvidence(office.log, office.log, office.clock)([ids[1], ids[4]], "ana", "asked to be forgotten")
    assert erased == 2
    found = verified(office)
    assert (found.sound, found.erased, found.records, found.open_segments) == (True, 2, 7, 0)
    office.clock.advance(timedelta(days=400))
    assert PruneEvidence(office.log, office.clock)(timedelta(days=365), "ana").entries == 7
    late = office.value()
    found = verified(office)
    assert (found.sound, found.pruned, found.records, found.erased) == (True, 3, 1, 0)
    assert office.log.find(late)


def test_what_is_registered_as_erased_or_pruned_and_still_there_is_a_fault() -> None:
    office, ids = an_office()
    kept = {name: list(entries) for name, entries in office.log.sealed.items()}
    EraseEvidence(office.log, office.log, office.clock)([ids[1]], "ana", "asked to be forgotten")
    office.log.sealed[FIRST] = kept[FIRST]
    (fault,) = verified(office).faults
    assert (fault.number, fault.subject) == (2, ids[1])
    assert "still has its content" in fault.said
    office.clock.advance(timedelta(days=400))
    PruneEvidence(office.log, office.clock)(timedelta(days=365), "ana")
    office.log.sealed[SECOND] = kept[SECOND]
    assert said(office) == ["is registered as pruned, and is still there: it was put back, or not removed; remove it"]


class TestHeadsKeptElsewhere:
    def test_hold_while_the_log_grows_and_is_pruned(self) -> None:
        office, _ = an_office()
        heads = ExportHeads(office.log, office.signer, office.clock)()
        assert [head.signed.event.segment for head in heads.closed] == [FIRST, SECOND]
        assert heads.last is not None
        assert heads.last.signed.event.number == 5
        office.log.tend(close_all=True)
        office.value()
        office.clock.advance(timedelta(days=400))
        PruneEvidence(office.log, office.clock)(timedelta(days=365), "ana")
        assert verified(office, heads=heads).heads == 3
        assert said(office, heads) == []

    def test_find_a_register_that_was_cut_off_with_its_segments(self) -> None:
        office, _ = an_office()
        heads = ExportHeads(office.log, office.signer, office.clock)()
        del office.log.registered[2:]
        for segment in list(office.log.sealed)[1:]:
            del office.log.sealed[segment]
        assert said(office) == []  # nothing here can tell
        assert [fault.segment for fault in verified(office, heads=heads).faults] == [SECOND, "segment-5"]

    def test_find_evidence_that_was_made_anew_with_the_key_itself(self) -> None:
        office, _ = an_office()
        heads = ExportHeads(office.log, office.signer, office.clock)()
        forger, _ = an_office()
        assert said(forger) == []
        assert len(said(forger, heads)) == 3

    def test_of_nothing_hold_nothing(self) -> None:
        office = Office()
        heads = ExportHeads(office.log, office.signer, office.clock)()
        assert heads.all == ()
        assert verified(office, heads=heads).sound


class Busy(EvidenceArchive):
    """An archive of which a segment is pruned between the reading of the register and that of the segment."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def tend(self, *, close_all: bool = False) -> None:
        self.office.log.tend(close_all=close_all)

    def close(self) -> None: ...

    def events(self) -> list[SignedEvent]:
        return list(self.office.log.events())

    def entries(self, segment: str) -> Iterator[Entry | Damage]:
        self.office.clock.advance(timedelta(days=400))
        PruneEvidence(self.office.log, self.office.clock)(timedelta(days=365), "ana")
        return self.office.log.entries(segment)

    def about(self, *_: object) -> Iterator[Entry | Damage]:
        raise AssertionError

    def evidence_in(self, *_: object) -> None:
        raise AssertionError

    def fences_gone(self) -> list[str]:
        return []

    def strangers(self) -> list[str]:
        return []

    def erase(self, *_: object, **__: object) -> int:
        raise AssertionError

    def prune(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise AssertionError

    def adopt(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise AssertionError


def test_what_others_prune_meanwhile_is_no_fault() -> None:
    office, _ = an_office()
    found = VerifyEvidence(Busy(office), InMemoryEvidenceSigner())()
    assert (found.faults, found.pruned, found.segments) == ([], 2, 1)


def test_a_copy_on_which_nothing_can_be_sealed_is_verified_as_it_lies_there(monkeypatch: pytest.MonkeyPatch) -> None:
    office, _ = an_office()

    def refuse(**_: object) -> None:
        raise SecretUnavailable("There is no key to sign with.")

    monkeypatch.setattr(office.log, "tend", refuse)
    found = verified(office)
    assert (found.sound, found.open_segments, found.untended) == (True, 1, "There is no key to sign with.")


def test_progress_counts_every_record() -> None:
    office, _ = an_office()
    told: list[tuple[str, int, int]] = []
    VerifyEvidence(office.log, office.signer)(watch=lambda *stage: told.append(stage))
    assert told == [("records", 3, 6), ("records", 6, 6), ("records", 7, 7)]
