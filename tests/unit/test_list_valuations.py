"""Which valuations are listed, to whom, and how far a search looks."""

from datetime import timedelta

import pytest

from application.list_valuations import ListValuations, Sought, ValuationPage
from application.show_valuation import ShowValuation
from domain.api_key import Scope
from domain.errors import ValuationNotShown
from domain.valuation_id import new_valuation_id
from tests.example_keys import example_key
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.office import HOME, Office
from tests.fakes.records import a_record

AUDITOR = example_key(scopes=frozenset({Scope.AUDIT_READ}))


def ids(page: ValuationPage) -> list[str]:
    return [record.id for record in page.records]


def ten(*, most_looked_at: int = 100) -> ListValuations:
    """Ten valuations a minute apart, of which every third is refused and every fifth is of "File Ñ 7"."""
    log = InMemoryValuationLog()
    for number in range(10):
        value, ref = None if number % 3 == 0 else 100.0, "File Ñ 7" if number % 5 == 0 else None
        log.record([a_record(f"id-{number}", value, at=NOON + timedelta(minutes=number), client_ref=ref)])
    return ListValuations(log, InMemoryKeyStore(), most_looked_at)


def test_pages_follow_one_another_to_the_last() -> None:
    listing = ten()
    first = listing(AUDITOR, Sought(), 5)
    second = listing(AUDITOR, Sought(), 5, first.next)
    assert ids(first) + ids(second) == [f"id-{number}" for number in range(9, -1, -1)]
    assert (second.next, first.searched_back_to, second.searched_back_to) == (None, None, None)


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(status="refused"), "9630"),
        (Sought(status="valued", since=NOON + timedelta(minutes=4)), "8754"),
        (Sought(until=NOON + timedelta(minutes=2)), "10"),
        (Sought(since=NOON + timedelta(minutes=8), until=NOON + timedelta(minutes=9)), "8"),
        (Sought(client_ref="File Ñ 7"), "50"),
        (Sought(client_ref="file ñ 7"), ""),
        (Sought(search=" FILE  n"), "50"),
        (Sought(search="nunoa", status="refused", client_ref="File Ñ 7"), "0"),
        (Sought(search="DEPARTA"), "9876543210"),
        (Sought(search="ID-4"), "4"),
        (Sought(search="d-4"), ""),
    ],
)
def test_what_is_sought_is_found(sought: Sought, found: str) -> None:
    page = ten()(AUDITOR, sought, 50)
    assert (ids(page), page.next) == ([f"id-{number}" for number in found], None)


def test_a_search_that_finds_little_stops_and_goes_on_from_there() -> None:
    listing, sought = ten(most_looked_at=4), Sought(client_ref="File Ñ 7")
    first = listing(AUDITOR, sought, 50)
    assert (ids(first), first.searched_back_to) == ([], NOON + timedelta(minutes=6))
    second = listing(AUDITOR, sought, 50, first.next)
    assert (ids(second), second.searched_back_to) == (["id-5"], NOON + timedelta(minutes=2))
    third = listing(AUDITOR, sought, 50, second.next)
    assert (ids(third), third.next, third.searched_back_to) == (["id-0"], None, None)


def test_a_whole_id_is_found_however_many_came_after_it() -> None:
    listing, old = ten(most_looked_at=4), new_valuation_id(NOON - timedelta(days=300))
    listing.log.record([a_record(old, at=NOON - timedelta(days=300))])
    assert ids(listing(AUDITOR, Sought(search=f" {old.upper()}"), 50)) == [old]
    assert ids(listing(example_key(), Sought(search=old), 50)) == []
    assert ids(listing(AUDITOR, Sought(search=old, status="refused"), 50)) == []


def test_a_key_is_shown_in_the_list_what_it_is_shown_one_by_one() -> None:
    first, second, stranger = example_key(), example_key(), example_key()
    office = Office(key_id=first.id)
    office.keys.add(first)
    made = [office.value(HOME)]
    office.keys.rotate(first.id, second, NOON + timedelta(days=1))
    office.key_id = second.id
    made.append(office.value(HOME))
    listing, show = ListValuations(office.log, office.keys), ShowValuation(office.log, office.keys)
    seen = {key.id: ids(listing(key, Sought(), 50)) for key in (first, second, stranger, AUDITOR)}
    assert list(seen.values()) == [made[:1], made[::-1], [], made[::-1]]
    for key in (first, second, stranger, AUDITOR):
        for each in made:
            if each in seen[key.id]:
                assert show(each, key).record.id == each
            else:
                with pytest.raises(ValuationNotShown):
                    show(each, key)


def test_what_cannot_be_read_is_passed_over_and_counted() -> None:
    listing = ten()
    assert isinstance(listing.log, InMemoryValuationLog)
    listing.log.spoil("id-3", "id-7")
    page = listing(AUDITOR, Sought(), 50)
    assert (ids(page), page.unreadable) == ([f"id-{number}" for number in (9, 8, 6, 5, 4, 2, 1, 0)], 2)
