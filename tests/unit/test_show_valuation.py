"""What is shown of a valuation on record, to whom, and what is kept and let go of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from application.erase_evidence import EraseEvidence
from application.export_client import ExportClient
from application.locate_evidence import LocateEvidence
from application.prune_evidence import PruneEvidence
from application.show_valuation import ShowValuation
from domain.api_key import ApiKey, Scope
from domain.errors import ValuationNotFound
from domain.follow_up import subject_of
from tests.example_keys import example_key
from tests.fakes.fixed_clock import NOON
from tests.fakes.office import Office


def shown(office: Office, valuation_id: str, viewer: ApiKey | None = None) -> bool:
    """Whether it is shown; what is not is as if it were not there."""
    try:
        return ShowValuation(office.log, office.keys)(valuation_id, viewer).record.id == valuation_id
    except ValuationNotFound as error:
        if str(error) != f"No valuation '{valuation_id}' is on record.":
            raise
        return False


class TestShow:
    def test_tells_the_operator_what_was_recorded_and_what_was_said_of_it(self) -> None:
        office = Office()
        other, valuation_id = office.value(), office.value(client_ref="file 7")
        for each in (other, valuation_id):
            office.sold(each)
            office.overridden(each)
        found = ShowValuation(office.log, office.keys)(valuation_id, None)
        assert (found.record.id, found.record.client_ref) == (valuation_id, "file 7")
        assert [outcome.price for outcome in found.outcomes] == [150_000.0]
        assert [override.reason for override in found.overrides] == ["a new roof"]
        assert (
            {said.valuation_id for said in found.outcomes}
            == {said.valuation_id for said in found.overrides}
            == {valuation_id}
        )

    def test_shows_a_key_what_it_asked_for_itself_and_an_auditor_everything(self) -> None:
        own, other, auditor = example_key(), example_key(), example_key(scopes=frozenset({Scope.AUDIT_READ}))
        office = Office(key_id=own.id)
        valuation_id = office.value()
        assert shown(office, valuation_id, own)
        assert not shown(office, valuation_id, other)
        assert shown(office, valuation_id, auditor)
        assert not any(shown(office, "v", viewer) for viewer in (own, auditor, None))

    def test_shows_a_key_what_the_keys_before_it_asked_for_and_none_what_the_keys_behind_it_did(self) -> None:
        first, second, third = example_key(), example_key(), example_key()
        office = Office(key_id=first.id)
        office.keys.add(first)
        for old, new in ((first, second), (second, third)):
            office.keys.rotate(old.id, new, NOON + timedelta(days=1))
        early = office.value()
        office.key_id = third.id
        late = office.value()
        assert [shown(office, early, key) for key in (first, second, third)] == [True, True, True]
        assert [shown(office, late, key) for key in (first, second, third)] == [False, False, True]

    def test_does_not_go_round_in_circles(self) -> None:
        one, two = example_key(), example_key()
        office = Office(key_id=one.id)
        office.keys.add(replace(one, replaced_by=two.id))
        office.keys.add(replace(two, replaced_by=one.id))
        assert not shown(office, office.value(), example_key())


class TestLocate:
    def test_tells_segment_number_and_seal(self) -> None:
        office = Office()
        ids = [office.value(), office.value()]
        office.sold(ids[1])
        located = LocateEvidence(office.log)(ids[1])
        assert located
        assert (located.entry.segment, located.entry.number, located.closed) == ("segment-1", 2, None)
        office.log.tend(close_all=True)
        office.clock.advance(timedelta(days=1))
        office.value()
        sealed = LocateEvidence(office.log)(ids[1])
        assert sealed
        assert sealed.closed
        assert (sealed.entry, sealed.closed.entries) == (located.entry, 3)
        assert LocateEvidence(office.log)("v") is None

    def test_tells_by_whom_and_why_it_was_erased(self) -> None:
        office = Office()
        valuation_id = office.value()
        EraseEvidence(office.log, office.log, office.clock)([valuation_id], "ana", "asked to be forgotten")
        located = LocateEvidence(office.log)(valuation_id)
        assert located
        assert located.erased
        assert (located.erased.by, located.erased.because) == ("ana", "asked to be forgotten")
        assert not shown(office, valuation_id)

    def test_tells_which_prunings_may_have_removed_it(self) -> None:
        office = Office()
        early = office.value()
        office.log.tend(close_all=True)
        office.clock.advance(timedelta(days=400))
        late = office.value()
        PruneEvidence(office.log, office.clock)(timedelta(days=365), "ana")
        locate = LocateEvidence(office.log)
        assert [locate(early), [event.by for event in locate.pruned(early)]] == [None, ["ana"]]
        assert [locate.pruned(late), locate.pruned("6a1c2f0e-6f0c-4f0e-9a53-5f1f7a4f7f10")] == [(), ()]


class TestOfAClient:
    def test_all_that_is_kept_is_exported(self) -> None:
        office = Office()
        ids = [office.value(client_ref=ref) for ref in ("file 7", "file 8", "file 7", None)]
        for valuation_id in ids:
            office.sold(valuation_id)
        office.overridden(ids[0])
        found = ExportClient(office.log)("file 7")
        assert [record.id for record in found.valuations] == [ids[0], ids[2]]
        assert [subject_of(each) for each in found.follow_ups] == [ids[0], ids[2], ids[0]]
        with pytest.raises(ValuationNotFound, match="client reference 'file 9'"):
            ExportClient(office.log)("file 9")

    def test_all_that_is_kept_is_erased_and_nothing_else(self) -> None:
        office = Office()
        ids = [office.value(client_ref=ref) for ref in ("file 7", "file 8", "file 7")]
        office.sold(ids[0])
        erase = EraseEvidence(office.log, office.log, office.clock)
        assert erase.of_client("file 7") == (ids[0], ids[2])
        assert erase(erase.of_client("file 7"), "ana", "asked to be forgotten") == 3
        assert [shown(office, valuation_id) for valuation_id in ids] == [False, True, False]
        with pytest.raises(ValuationNotFound):
            erase.of_client("file 7")
        with pytest.raises(ValuationNotFound):
            erase.check(ids[0])


def test_only_segments_whose_last_record_is_old_enough_are_pruned() -> None:
    office = Office()
    early = office.value()
    office.log.tend(close_all=True)
    office.clock.advance(timedelta(days=10))
    late = office.value()
    prune = PruneEvidence(office.log, office.clock)
    assert prune(timedelta(days=10, minutes=1), "ana").entries == 0
    would = prune(timedelta(days=10), "ana", dry_run=True)
    assert (would.segments, would.entries, shown(office, early)) == (("segment-1",), 1, True)
    assert prune(timedelta(days=10), "ana") == would
    assert [shown(office, early), shown(office, late)] == [False, True]
