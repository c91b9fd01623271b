"""Which sales of a source can be used."""

from application.ports.data_source import SourceTable
from application.read_sales import SalesReading, noted
from application.sales.layout import SalesLayout
from application.screening.thresholds import ScreeningThresholds
from tests.fakes.in_memory_data_source import InMemoryDataSource
from tests.fakes.sales import some_sales, with_errors

PLAIN = SalesReading(SalesLayout())
SCREENING = SalesReading(SalesLayout(), ScreeningThresholds())


def wrong_in_three_ways() -> SourceTable:
    """Sales of which one has no price, one an absurd area, and one an absurd price."""
    sales = with_errors(some_sales(120), prices=[11], areas=[7])
    sales.loc[3, "price"] = float("nan")
    return InMemoryDataSource(sales).sales()


def test_without_screening_only_what_breaks_the_rules_of_a_sale_is_set_aside() -> None:
    checked = PLAIN(wrong_in_three_ways())
    assert (len(checked.usable), len(checked.quarantined)) == (119, 1)


def test_with_screening_homes_that_cannot_be_are_set_aside_as_well_and_prices_are_left_alone() -> None:
    checked = SCREENING(wrong_in_three_ways())
    assert set(checked.quarantined["id"]) == {"s0003", "s0007"}
    assert "s0011" in set(checked.usable["id"])
    assert checked.by_reason["impossible_area"] == 1
    assert checked.read == len(checked.usable) + len(checked.quarantined) == 120


def test_sound_sales_are_read_as_they_are() -> None:
    table = InMemoryDataSource(some_sales(200)).sales()
    assert SCREENING(table).usable.equals(PLAIN(table).usable)


def test_no_sale_is_no_trouble() -> None:
    assert len(SCREENING(InMemoryDataSource(some_sales(0)).sales()).usable) == 0


def test_notes_are_added_to_those_that_are_there() -> None:
    checked = PLAIN(InMemoryDataSource(some_sales(3)).sales())
    assert noted(noted(checked, ("one",)), ("two", "three")).notes == (*checked.notes, "one", "two", "three")
