"""How the level of prices moved: what a home of the same kind fetched on other days, by month and group of sectors."""

import math
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

ALL_SECTORS = "all"
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
YEARLY_DEVIATION = 0.05
"""How far a market's level is assumed to move in a year that no sale tells of: an assumption, not measured."""


@dataclass(frozen=True, slots=True)
class MarketIndex:
    """Log price levels relative to the day `reference`, the last one of the sales that they were learned from.

    months: the months with sales, ascending, as "2014-05"; none where no sale was dated. counts: sales of each.
    log_levels: by group, the natural log of the level in the middle of each month. The group "all" is the whole market.
    group_of_sector: the group of a sector, in normalised form; all others follow the whole market.
    drift: by group, the log per month by which the level moves on after the last month, for `drift_months`; then it
        stays. Before the first month it stays too.
    """

    reference: date
    months: tuple[str, ...] = ()
    log_levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    group_of_sector: Mapping[str, str] = field(default_factory=dict)
    drift: Mapping[str, float] = field(default_factory=dict)
    drift_months: int = 0
    counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(one >= later for one, later in pairwise(self.months)) or len(self.counts) != len(self.months):
            raise ValueError("months are ascending, with a count of sales each")
        if self.log_levels.keys() != self.drift.keys() or (ALL_SECTORS in self.drift) != bool(self.months):
            raise ValueError("the whole market and each group have levels and a drift, if any month has sales")
        if any(len(levels) != len(self.months) for levels in self.log_levels.values()):
            raise ValueError("every group has a level for each month")
        if not set(self.group_of_sector.values()) <= self.drift.keys():
            raise ValueError("every sector is of a group with levels")
        if not all(
            map(math.isfinite, [*self.drift.values(), *(x for levels in self.log_levels.values() for x in levels)])
        ):
            raise ValueError("levels and drifts are finite")

    @property
    def is_dated(self) -> bool:
        """Whether any sale was dated; without dates there is one level always, and every day is covered."""
        return bool(self.months)

    @property
    def first_day(self) -> date:
        """The first day of the first month with sales; the reference where no sale was dated."""
        return _first_day_of(self.months[0]) if self.months else self.reference

    @property
    def last_day(self) -> date:
        """The last day that the sales speak for: the reference."""
        return self.reference

    def covers(self, day: date) -> bool:
        """Whether sales were known around that day; a level outside is carried on from the nearest month."""
        return not self.months or self.first_day <= day <= self.last_day

    def log_error(self, day: date) -> float:
        """The log error to be expected of a level on that day, on top of that of the months after the last sale.

        0 until a year after the last day, and from the first on; beyond it grows with the root of the time, as that of
        a random walk: by 4 % in the first year, which is a standard deviation of YEARLY_DEVIATION.
        """
        if not self.months:
            return 0.0
        later = (day - self.last_day).days / DAYS_PER_YEAR - 1
        earlier = (self.first_day - day).days / DAYS_PER_YEAR
        return YEARLY_DEVIATION * math.sqrt(2 / math.pi) * math.sqrt(max(later, earlier, 0.0))

    def group(self, sector: str) -> str:
        """The group that a sector, in normalised form, follows."""
        return self.group_of_sector.get(sector, ALL_SECTORS)

    def log_level(self, sector: str, day: date) -> float:
        """The log of the price level on that day over that on the reference day; 0 on the reference day itself.

        `sector` in normalised form. Continuous from day to day: linear between the middles of months.
        """
        if not self.months:
            return 0.0
        group = self.group(sector)
        return self._level(group, day) - self._level(group, self.reference)

    def mean_log_level(self, sector: str) -> float:
        """The mean log level of the dated sales: the best guess for a sale of an unknown day."""
        if not self.months:
            return 0.0
        group = self.group(sector)
        levels = self.log_levels[group]
        total = sum(count * level for count, level in zip(self.counts, levels, strict=True))
        return total / sum(self.counts) - self._level(group, self.reference)

    def _level(self, group: str, day: date) -> float:
        levels = self.log_levels[group]
        place = day.toordinal() + 0.5
        after = bisect_right(self.months, f"{day.year:04d}-{day.month:02d}")
        # The day's own month may be `after - 1`: then its middle may still lie ahead.
        if after and middle_of(self.months[after - 1]) > place:
            after -= 1
        if after == 0:
            return levels[0]
        start = middle_of(self.months[after - 1])
        if after == len(self.months):
            gone = min((place - start) / DAYS_PER_MONTH, float(self.drift_months))
            return levels[-1] + self.drift[group] * gone
        share = (place - start) / (middle_of(self.months[after]) - start)
        return levels[after - 1] + share * (levels[after] - levels[after - 1])


@lru_cache(maxsize=4096)
def _first_day_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


@lru_cache(maxsize=4096)
def middle_of(month: str) -> float:
    """The middle of a month as a proleptic ordinal, where noon of a day is its ordinal and a half."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1).toordinal() + monthrange(year, number)[1] / 2


NO_INDEX = MarketIndex(reference=date(1970, 1, 1))
"""The index of sales without dates: one level, always."""
