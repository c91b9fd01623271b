"""Records that no longer tell exactly where a home lies."""

from dataclasses import replace

from domain.great_circle import great_circle_km
from domain.market_extent import without_distances
from domain.property import Property
from domain.valuation import Comparable
from domain.valuation_record import ValuationRecord

_SIMILARITY_DECIMALS = 2


def with_rounded_coordinates(record: ValuationRecord, decimals: int) -> ValuationRecord:
    """The record with latitudes and longitudes to so many decimals, and nothing that they could be worked out from.

    Three exact distances to known sales would tell the place: comparables are as far off as the rounded places are, and
    sentences no longer say how far the home is from any sale. Further numbers that repeat a coordinate are rounded too.
    Figures stay as they were answered.
    """
    home = _rounded(record.property, decimals)
    return replace(
        record,
        property=home,
        comparables=record.comparables
        and tuple(_seen_from(home, comparable, decimals) for comparable in record.comparables),
        refusal=record.refusal and replace(record.refusal, explanation=without_distances(record.refusal.explanation)),
        warnings=tuple(without_distances(warning) for warning in record.warnings),
        coordinate_decimals=decimals,
    )


def _rounded(home: Property, decimals: int) -> Property:
    exact = {home.latitude, home.longitude}
    return replace(
        home,
        latitude=round(home.latitude, decimals),
        longitude=round(home.longitude, decimals),
        extras={
            name: round(extra, decimals) if isinstance(extra, float) and extra in exact else extra
            for name, extra in home.extras.items()
        },
    )


def _seen_from(home: Property, comparable: Comparable, decimals: int) -> Comparable:
    similar = comparable.similar
    other = _rounded(similar.sale.property, decimals)
    kilometres = great_circle_km(home.latitude, home.longitude, other.latitude, other.longitude)
    return replace(
        comparable,
        similar=replace(
            similar,
            sale=replace(similar.sale, property=other),
            distance_m=1000 * kilometres,
            similarity=round(similar.similarity, _SIMILARITY_DECIMALS),
        ),
    )
