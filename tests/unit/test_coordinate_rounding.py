"""What is recorded with `coordinate_decimals` does not tell where a home lies any more."""

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.comparable import SimilarSale
from domain.coordinate_rounding import with_rounded_coordinates
from domain.great_circle import great_circle_km
from domain.market_extent import CONTRADICTORY_LOCATION, Refusal
from domain.sale import Sale
from domain.valuation import Comparable
from tests.fakes.records import PLACE, a_record

OTHER = replace(PLACE, latitude=-33.451234, longitude=-70.604321)
METRES = 1000 * great_circle_km(PLACE.latitude, PLACE.longitude, OTHER.latitude, OTHER.longitude)
SIMILAR = SimilarSale("s1", Sale(OTHER, 90.0, date(2026, 5, 9)), METRES, 0.987654)
RECORD = replace(
    a_record("a", home=replace(PLACE, extras={"lat": PLACE.latitude, "year_built": 1987.0})),
    comparables=(Comparable(SIMILAR, 95.0, {"location": 5.0}, 95.0),),
    warnings=("the nearest sale in sector 'x' is 1.23 km away, while nearly all of its sales lie within 900 m of it",),
    refusal=Refusal(CONTRADICTORY_LOCATION, "the nearest sale is 12,345 km away; unknown type"),
)


def test_the_home_and_its_comparables_are_rounded_and_the_record_says_so() -> None:
    kept = with_rounded_coordinates(RECORD, 2)
    assert (kept.property.latitude, kept.property.longitude) == (-33.46, -70.61)
    assert kept.coordinate_decimals == 2
    assert kept.comparables
    [comparable] = kept.comparables
    assert (comparable.similar.sale.property.latitude, comparable.similar.sale.property.longitude) == (-33.45, -70.6)


def test_no_distance_is_left_that_was_measured_from_the_home() -> None:
    kept = with_rounded_coordinates(RECORD, 2)
    assert kept.comparables
    similar = kept.comparables[0].similar
    assert similar.distance_m == 1000 * great_circle_km(-33.46, -70.61, -33.45, -70.6)
    assert similar.similarity == 0.99
    assert kept.warnings == (
        "the nearest sale in sector 'x' is far away, while nearly all of its sales lie within 900 m of it",
    )
    assert kept.refusal == Refusal(CONTRADICTORY_LOCATION, "the nearest sale is far away; unknown type")


def test_the_figures_are_those_that_were_answered() -> None:
    kept = with_rounded_coordinates(RECORD, 0)
    same = ("id", "at", "value", "interval", "confidence", "percentiles", "explanation", "model_version")
    assert [getattr(kept, name) for name in same] == [getattr(RECORD, name) for name in same]
    assert kept.comparables
    assert RECORD.comparables
    assert kept.comparables[0].adjusted_price == RECORD.comparables[0].adjusted_price
    assert kept.property.extras["year_built"] == 1987.0


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 8))
@settings(max_examples=50)
def test_the_exact_place_is_nowhere_in_the_record(latitude: float, longitude: float, decimals: int) -> None:
    home = replace(PLACE, latitude=latitude, longitude=longitude, extras={"lat": latitude, "lon": longitude})
    kept = with_rounded_coordinates(replace(RECORD, property=home), decimals)
    numbers = [kept.property.latitude, kept.property.longitude, *kept.property.extras.values()]
    assert numbers == [round(latitude, decimals), round(longitude, decimals)] * 2


def test_what_has_no_comparables_and_no_refusal_stays_without() -> None:
    kept = with_rounded_coordinates(a_record("a"), 3)
    assert (kept.comparables, kept.refusal) == (None, None)
    assert kept.property.latitude == -33.457
