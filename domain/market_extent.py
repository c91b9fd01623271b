"""What the market that a model knows looks like, and whether a home belongs to it.

All limits come from the sales themselves, so that they fit a dense city, a rural county and a handful of sales alike;
the numbers below say how far beyond the sales a value still means something.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from domain.great_circle import great_circle_km
from domain.property import Property, normalised, printable

AREAS = ("net_usable_area", "net_area")
COUNTS = ("n_rooms", "n_bathroom")

_UNITS = (*((name, " m2") for name in AREAS), *((name, "") for name in COUNTS))
_SHIFTS = (*((name, 0.0) for name in AREAS), *((name, 1.0) for name in COUNTS))

OUTSIDE_MARKET = "outside_market"
IMPLAUSIBLE_PROPERTY = "implausible_property"
CONTRADICTORY_LOCATION = "contradictory_location"

# Of 100 sales 99 have another home's sale within q99. A home at five times that has no neighbours whose prices say
# anything of it; below 2 km it may be the next street to be built, even where a city's sales lie 50 m apart.
_OUTSIDE_TIMES, _OUTSIDE_KM = 5.0, 2.0
_FAR_TIMES, _FAR_KM = 2.0, 0.5
# Twice the largest home seen is another kind of home. n sales leave more of their market unseen the fewer they are
# and the more they differ: of what they span (the logs of areas, the radius) 10 / (n + 2) is added, nearly all of it
# for ten sales, a tenth for a hundred, nothing to speak of for thousands.
_SIZE_TIMES, _COUNT_SLACK = 2.0, 2.0
_FEW_SALES = 10.0
# Measured by other rules, a usable area may be a tenth more of the whole than was seen; twice the whole is no rounding.
_RATIO_LIMITED, _RATIO_REFUSED, _RATIO_TIMES = 1.1, 2.0, 1.5
# Borders of sectors are drawn by people, and people err by a street or two: not by kilometres and the sector's size.
_CONTRADICTORY_KM, _CONTRADICTORY_TIMES = 3.0, 4.0
_MISMATCH_KM, _MISMATCH_TIMES = 1.0, 1.5
_FEWEST_IN_SECTOR = 5
_SURE_OF_RADIUS = 10
_LARGEST_LOG = 50.0


@dataclass(frozen=True, slots=True)
class SeenRange:
    """The lowest and the highest that the sales have of something."""

    lowest: float
    highest: float

    def spans_beyond(self, number: float) -> float:
        """How far a number lies outside, in spans of the range (or in its size, of a range without span)."""
        away = max(self.lowest - number, number - self.highest, 0.0)
        return away / ((self.highest - self.lowest) or max(abs(self.highest), 1.0))


@dataclass(frozen=True, slots=True)
class Spacing:
    """Kilometres from a sale to the nearest sale of another home: quantiles over all homes; 0 where there is one."""

    median: float
    q90: float
    q99: float


@dataclass(frozen=True, slots=True)
class GroundCircle:
    """The circle about a centre, degrees and kilometres, and how many of `sales` it was drawn for."""

    latitude: float
    longitude: float
    radius_km: float
    sales: int

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies in it."""
        return great_circle_km(self.latitude, self.longitude, latitude, longitude) <= self.radius_km


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no value is given: a stable slug, and a sentence with figures."""

    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class MarketJudgement:
    """What speaks against a value.

    limiting_factors: stable slugs, each with its sentence in `warnings`. extrapolation: how far the home lies beyond
    what was seen: the sum over areas and counts (+ 1) of |log ratio| to the nearest bound, and over further numbers of
    the spans beyond theirs; 0 inside.
    """

    refusal: Refusal | None
    limiting_factors: tuple[str, ...]
    warnings: tuple[str, ...]
    extrapolation: float


@dataclass(frozen=True, slots=True)
class _Finding:
    """Something that limits a value (`factor`), or refuses it (`refusal`), or both."""

    explanation: str
    factor: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class MarketExtent:
    """The market of the sales that a model learned from.

    ranges: by field, of areas and counts. highest_usable_share: of usable area in the whole area. types, sectors:
    normalised; a sector's circle holds 95 % of its sales. usual_sector_km: the radius that one sector in ten of those
    with ten sales or more exceeds; that of the market where there is none. whole: the circle that holds all sales.
    extra_ranges, extra_categories: what was seen of the further features, categories normalised.
    """

    ranges: Mapping[str, SeenRange]
    highest_usable_share: float
    spacing: Spacing
    types: tuple[str, ...]
    sectors: Mapping[str, GroundCircle]
    usual_sector_km: float
    whole: GroundCircle
    extra_ranges: Mapping[str, SeenRange] = field(default_factory=dict)
    extra_categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def judge(self, home: Property, nearest_km: float, nearest_in_sector_km: float | None) -> MarketJudgement:
        """Judges a home by itself and by how far it is from any sale, and from any of its sector (None: unknown).

        The first thing that refuses gives the reason; the explanation names all. A home that is among the sales is
        never refused, and no home is once it lies nearer to them than one that is not refused, all else equal.
        """
        findings = [
            *self._distance(home, nearest_km),
            *self._sizes(home),
            *self._share(home),
            *self._names(home),
            *self._extras(home),
            *self._sector(home, nearest_in_sector_km),
        ]
        refusals = [finding for finding in findings if finding.refusal]
        limits = [finding for finding in findings if finding.factor]
        return MarketJudgement(
            refusal=Refusal(str(refusals[0].refusal), "; ".join(finding.explanation for finding in refusals))
            if refusals
            else None,
            limiting_factors=tuple(str(finding.factor) for finding in limits),
            warnings=tuple(finding.explanation for finding in limits),
            extrapolation=self._extrapolation(home),
        )

    @property
    def usual_km(self) -> float:
        """Within so many kilometres of a sale, nothing speaks against a home's place."""
        return max(_FAR_TIMES * self.spacing.q99, _FAR_KM)

    @property
    def usual_share(self) -> float:
        """Up to here, nothing speaks against the share of the usable area in the whole."""
        return _RATIO_LIMITED * self.highest_usable_share

    def usual_km_in_sector(self, name: str) -> float:
        """Within so many kilometres of a sale of its sector, nothing speaks against a home's being there.

        `name` in normalised form; below zero where the sector itself is something unusual: unknown, or of few sales.
        """
        sector = self.sectors.get(name)
        return -1.0 if sector is None or sector.sales < _FEWEST_IN_SECTOR else self._usual_km_in(sector)

    def _radius_of(self, sector: GroundCircle) -> float:
        # A few sales do not show how large their sector is: then it may be as large as others are.
        return sector.radius_km if sector.sales >= _SURE_OF_RADIUS else max(sector.radius_km, self.usual_sector_km)

    def _usual_km_in(self, sector: GroundCircle) -> float:
        return max(_FAR_TIMES * self.spacing.q99, _MISMATCH_KM, _MISMATCH_TIMES * self._radius_of(sector))

    @property
    def _unseen(self) -> float:
        return _FEW_SALES / (self.whole.sales + 2)

    def _distance(self, home: Property, nearest_km: float) -> Iterator[_Finding]:
        if nearest_km <= self.usual_km:
            return
        found = (
            f"the nearest sale is {_km(nearest_km)} away, while nearly all sales have another within "
            f"{_km(self.spacing.q99)}"
        )
        if nearest_km > max(_OUTSIDE_TIMES * self.spacing.q99, _OUTSIDE_KM, self._unseen * self.whole.radius_km):
            yield _Finding(found + self._slip(home), "far_from_sales", OUTSIDE_MARKET)
        else:
            yield _Finding(found, "far_from_sales")

    def _slip(self, home: Property) -> str:
        """The slip of the pen that would explain a home outside the market, as the end of a sentence, or nothing."""
        north, east = home.latitude, home.longitude
        slips = {
            "with latitude and longitude swapped": (east, north),
            "with the latitude's sign turned": (-north, east),
            "with the longitude's sign turned": (north, -east),
            "with both signs turned": (-north, -east),
        }
        for slip, (latitude, longitude) in slips.items():
            if abs(latitude) <= 90 and self.whole.holds(latitude, longitude):
                return f"; {slip} it would lie among them"
        return ""

    def _sizes(self, home: Property) -> Iterator[_Finding]:
        for name, unit in _UNITS:
            seen, number = self.ranges[name], getattr(home, name)
            if seen.lowest <= number <= seen.highest:
                continue
            if name in AREAS:
                span = max(seen.highest / seen.lowest, _SIZE_TIMES)
                factor = _SIZE_TIMES * math.exp(min(self._unseen * math.log(span), _LARGEST_LOG))
                implausible = not seen.lowest / factor <= number <= seen.highest * factor
            else:
                # None where the smallest home seen has three is as far off as half of its area.
                too_few = (number + 1) * _SIZE_TIMES < seen.lowest + 1
                implausible = too_few or number > _SIZE_TIMES * seen.highest + _COUNT_SLACK
            yield _Finding(
                f"{name} of {number:,.12g}{unit} is {'above' if number > seen.highest else 'below'} the "
                f"{seen.lowest:,.12g} to {seen.highest:,.12g}{unit} of the sales that the model knows",
                f"beyond_seen_{name}",
                IMPLAUSIBLE_PROPERTY if implausible else None,
            )

    def _share(self, home: Property) -> Iterator[_Finding]:
        share = home.net_usable_area / home.net_area
        if share <= self.usual_share:
            return
        implausible = share > max(_RATIO_REFUSED, _RATIO_TIMES * self.highest_usable_share)
        yield _Finding(
            f"the usable area of {home.net_usable_area:,.12g} m2 is {share:,.3g} times the whole area of "
            f"{home.net_area:,.12g} m2, and at most {self.highest_usable_share:,.3g} times in the sales that the model "
            "knows",
            "usable_above_total_area" if share > 1 else "beyond_seen_usable_share",
            IMPLAUSIBLE_PROPERTY if implausible else None,
        )

    def _names(self, home: Property) -> Iterator[_Finding]:
        if normalised(home.type) not in self.types:
            yield _Finding(
                f"type '{printable(home.type)}' is not among the sales that the model knows: valued from the other "
                "features",
                "unknown_type",
            )
        if normalised(home.sector) not in self.sectors:
            yield _Finding(
                f"sector '{printable(home.sector)}' is not among the sales that the model knows: valued from its "
                "coordinates",
                "unknown_sector",
            )

    def _extras(self, home: Property) -> Iterator[_Finding]:
        for name, seen in self.extra_ranges.items():
            number = home.extras.get(name)
            if not isinstance(number, int | float) or seen.lowest <= number <= seen.highest:
                continue
            yield _Finding(
                f"{name} of {number:,.12g} is {'above' if number > seen.highest else 'below'} the "
                f"{seen.lowest:,.12g} to {seen.highest:,.12g} of the sales that the model knows",
                f"beyond_seen_{name}",
                # As far again beyond the sales as they lie apart; farther where they are few.
                IMPLAUSIBLE_PROPERTY if seen.spans_beyond(number) > 1 + 10 * self._unseen else None,
            )
        for name in self.unseen_categories(home):
            category = printable(str(home.extras[name]))
            yield _Finding(
                f"{name} '{category}' is not among the sales that the model knows: valued from the other features",
                f"unknown_{name}",
            )

    def unseen_categories(self, home: Property) -> list[str]:
        """The further features of which the home has a category that no sale had."""
        return [
            name
            for name, seen in self.extra_categories.items()
            if home.extras.get(name) is not None and normalised(str(home.extras[name])) not in seen
        ]

    def _sector(self, home: Property, nearest_km: float | None) -> Iterator[_Finding]:
        sector = self.sectors.get(normalised(home.sector))
        if sector is None or nearest_km is None:
            return
        radius = self._radius_of(sector)
        if nearest_km > self._usual_km_in(sector):
            found = (
                f"the nearest sale in sector '{printable(home.sector)}' is {_km(nearest_km)} away, while nearly all of "
                f"its sales lie within {_km(sector.radius_km)} of its middle"
            )
            if nearest_km > max(_OUTSIDE_TIMES * self.spacing.q99, _CONTRADICTORY_KM, _CONTRADICTORY_TIMES * radius):
                yield _Finding(f"{found}: its coordinates contradict it", "sector_mismatch", CONTRADICTORY_LOCATION)
            else:
                yield _Finding(found, "sector_mismatch")
        if sector.sales < _FEWEST_IN_SECTOR:
            number = "one sale" if sector.sales == 1 else f"{sector.sales} sales"
            yield _Finding(f"the model knows {number} in sector '{printable(home.sector)}'", "few_sales_in_sector")

    def _extrapolation(self, home: Property) -> float:
        beyond = 0.0
        for name, shift in _SHIFTS:
            number, seen = getattr(home, name), self.ranges[name]
            if not seen.lowest <= number <= seen.highest:
                bound = min(max(number, seen.lowest), seen.highest)
                beyond += abs(math.log(number + shift) - math.log(bound + shift))
        for name, seen in self.extra_ranges.items():
            extra = home.extras.get(name)
            if isinstance(extra, int | float):
                beyond += seen.spans_beyond(extra)
        return min(beyond, _LARGEST_LOG)


_DISTANCE_OF_A_HOME = re.compile(r"[\d.,]+ k?m away")


def without_distances(text: str) -> str:
    """A sentence of a judgement that no longer tells how far the home is from any sale."""
    return _DISTANCE_OF_A_HOME.sub("far away", text)


def _km(kilometres: float) -> str:
    return (
        f"{1000 * kilometres:,.0f} m"
        if kilometres < 1
        else f"{kilometres:,.3g} km"
        if kilometres < 100
        else (f"{kilometres:,.0f} km")
    )
