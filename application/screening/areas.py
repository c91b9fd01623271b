"""Areas that no home has, or that are given in another unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.sales.layout import M2_PER_FT2
from application.screening.market import FEWEST_FOR_A_MARKET, group_codes, market_limit
from application.screening.neighbours import Neighbours
from application.screening.robust import deviations, local_spread, residuals, spread
from application.screening.suspects import Suspects
from application.screening.thresholds import ScreeningThresholds

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]

_LEAST_SPREAD = 0.1  # of log areas: a market of equal homes may have another one
_AREA_COLUMNS = ("net_usable_area", "net_area")
_TAIL = 16.0  # four robust SDs, squared: what a market without a tail hardly reaches
_TELLING = 5.0  # robust SDs between the units
_UNIT_SLIPS: Mapping[str, tuple[float, float]] = {
    "both areas are": (1, 1),
    "the usable area is": (1, 0),
    "the whole area is": (0, 1),
    "both areas, too small, are": (-1, -1),
    "the usable area, too small, is": (-1, 0),
    "the whole area, too small, is": (0, -1),
}


def area_units(sales: "pd.DataFrame", near: Neighbours, thresholds: ScreeningThresholds) -> list[Suspects]:
    """Areas that fit the market only when taken to be in the other unit, m2 or ft2.

    How far the logs of both areas are from what rooms, bathrooms, type, sector and neighbours say, as one distance
    (Mahalanobis, robust), before and after the unit of one or both is changed: the change must explain nearly all of
    it. Where as many homes lie half-way, between the market and that change, it is the market that reaches so far.
    """
    strays = _strays(sales, near)
    limit = market_limit(thresholds.area_deviations, sales) ** 2
    before = strays.distance((0.0, 0.0))
    after = {slip: strays.distance(move) for slip, move in _UNIT_SLIPS.items()}
    best = np.min(list(after.values()), axis=0)
    usable, whole = (sales[name].to_numpy(dtype=np.float64) for name in _AREA_COLUMNS)
    rooms = sales["n_rooms"].tolist()

    def suspects(slip: str, move: tuple[float, float]) -> Suspects:
        halfway = strays.distance((move[0] / 2, move[1] / 2))
        between = (before - halfway > _TAIL) & (halfway <= best)
        rows = (before - best > limit) & (best < limit / 3) & (after[slip] == best)
        rows &= int(rows.sum()) > int(between.sum()) and strays.tells(move)
        return Suspects(
            "area_unit",
            f"as if {slip} in another unit",
            rows,
            lambda row: (
                f"{slip} as in another unit (ft2 for m2, or the reverse): {usable[row]:,.4g} m2 usable of "
                f"{whole[row]:,.4g} m2 for {rooms[row]:g} rooms fits this market only {1 / M2_PER_FT2:.2f} times "
                f"{'smaller' if sum(move) > 0 else 'larger'}"
            ),
        )

    return [suspects(slip, move) for slip, move in _UNIT_SLIPS.items()]


@dataclass(frozen=True, slots=True)
class _Strays:
    """How far each home's log areas are from what the others say, usable and whole, shape (n, 2), in robust SDs."""

    deviations: Vector
    scales: Vector
    correlation: float

    def tells(self, move: tuple[float, float]) -> bool:
        """Whether the market's homes are alike enough in an area of this move to tell one unit from the other."""
        telling = -np.log(M2_PER_FT2) >= _TELLING * np.median(self.scales, axis=0)
        return bool((telling & (np.array(move) != 0)).any())

    def distance(self, move: tuple[float, float]) -> Vector:
        """The squared Mahalanobis distance, shape (n,), once the areas are made smaller by ft2 / m2 `move` times."""
        usable, whole = (self.deviations + np.log(M2_PER_FT2) * np.array(move) / self.scales).T
        crossed = 2 * self.correlation * usable * whole
        return np.asarray((usable**2 - crossed + whole**2) / (1 - self.correlation**2))


def _strays(sales: "pd.DataFrame", near: Neighbours) -> _Strays:
    logs = np.log(sales[list(_AREA_COLUMNS)].to_numpy(dtype=np.float64)).T
    if len(sales) < FEWEST_FOR_A_MARKET:
        rest = np.column_stack([log - np.median(log) for log in logs])
        scales = np.broadcast_to([spread(column, _LEAST_SPREAD) for column in rest.T], rest.shape)
    else:
        counts = [np.log1p(sales[name].to_numpy(dtype=np.float64)) for name in ("n_rooms", "n_bathroom")]
        groups = [group_codes(sales, name) for name in ("type", "sector")]
        rest = np.column_stack([residuals(log, counts, groups, near.rows) for log in logs])
        scales = np.column_stack([local_spread(column, near.rows, _LEAST_SPREAD) for column in rest.T])
    scaled = rest / scales
    together, apart = (spread(scaled @ np.array([1.0, sign]), 0.05) for sign in (1.0, -1.0))
    correlation = float(np.clip((together**2 - apart**2) / (together**2 + apart**2), -0.95, 0.95))
    return _Strays(scaled, scales, correlation)


def impossible_areas(sales: "pd.DataFrame", thresholds: ScreeningThresholds) -> list[Suspects]:
    """A usable area far above the whole area; areas a room absurdly small or large: for this market, and for any."""
    usable, whole = (sales[name].to_numpy(dtype=np.float64) for name in _AREA_COLUMNS)
    rooms = sales["n_rooms"].to_numpy(dtype=np.float64)
    limit = market_limit(thresholds.area_deviations, sales)
    times, a_room = usable / whole, usable / np.maximum(rooms, 1.0)
    beyond = deviations(np.log(times), _LEAST_SPREAD) > limit
    unusual = np.abs(deviations(np.log(a_room), _LEAST_SPREAD)) > limit
    extreme = (a_room < thresholds.smallest_room) | (a_room > thresholds.largest_room)
    middle = float(np.median(a_room)) if len(sales) else 0.0
    return [
        Suspects(
            "impossible_area",
            "larger in usable area than as a whole by far",
            beyond & (times > thresholds.usable_to_whole),
            lambda row: (
                f"{usable[row]:,.4g} m2 usable is {times[row]:,.3g} times the whole area of {whole[row]:,.4g} m2"
            ),
        ),
        Suspects(
            "impossible_area",
            "of absurd areas a room",
            unusual & extreme,
            lambda row: (
                f"{usable[row]:,.4g} m2 usable for {rooms[row]:g} rooms is {a_room[row]:,.3g} m2 a room; "
                f"half of this market has more than {middle:,.3g}"
            ),
        ),
    ]
