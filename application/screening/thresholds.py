"""How far a sale may stray before it is screened out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScreeningThresholds:
    """Limits of the screening rules; a rule with two limits takes a sale only beyond both.

    A robust SD is that of the middle of the market's own sales (from the median absolute deviation), of logarithms.

    price_deviations: robust SDs between a sale's log price and what its neighbours and features say.
    price_factor: times that a price must be above or below it as well.
    area_deviations: robust SDs between the log of an area, or of areas to rooms or to one another, and the market's.
    usable_to_whole: times that a usable area must be above the whole area as well.
    smallest_room, largest_room: m2 of usable area a room that must be fallen short of or passed as well.
    far_km: kilometres that a home must be away from the nearest other homes to be far from them all.
    most_screened: the share of the sales beyond which a rule is taken to be wrong, not the sales: it takes none.
    most_duplicates: that share for sales listed twice, where the rule is sure; a table stacked on itself has half.
    """

    price_deviations: float = 5.0
    price_factor: float = 2.5
    area_deviations: float = 6.0
    usable_to_whole: float = 2.0
    smallest_room: float = 3.0
    largest_room: float = 300.0
    far_km: float = 20.0
    most_screened: float = 0.1
    most_duplicates: float = 0.5
