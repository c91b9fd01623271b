"""Places where no home of this market stands."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.screening.market import (
    FEWEST_FOR_A_MARKET,
    FEWEST_TO_COMPARE,
    group_codes,
    market_limit,
    places_of,
)
from application.screening.neighbours import Neighbours, on_the_globe
from application.screening.robust import deviations
from application.screening.suspects import Suspects
from application.screening.thresholds import ScreeningThresholds

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]

_ORIGIN_DEGREES = 0.01
_A_CROWD = 5
_TINY_KM = 0.05
_SECTOR_MEMBERS = 10
_SECTOR_TIMES = 5.0
_SECTOR_KM = 3.0
_SLIPS: Mapping[str, tuple[int, int, int]] = {
    "latitude and longitude are swapped": (1, 1, 1),
    "the sign of the latitude is turned": (0, -1, 1),
    "the sign of the longitude is turned": (0, 1, -1),
    "both signs are turned": (0, -1, -1),
}


def impossible_places(sales: "pd.DataFrame", near: Neighbours, thresholds: ScreeningThresholds) -> list[Suspects]:
    """At 0, 0; of swapped or sign-turned coordinates; far from all others; amid the homes of another sector."""
    latitude, longitude = (sales[name].to_numpy(dtype=np.float64) for name in ("latitude", "longitude"))
    points = places_of(sales)
    away, usual = _from_the_middle(points)
    at_origin = (np.abs(latitude) < _ORIGIN_DEGREES) & (np.abs(longitude) < _ORIGIN_DEGREES)
    at_origin &= away > max(thresholds.far_km, 3 * usual)
    slip = _slips(latitude, longitude, away, max(thresholds.far_km, 10 * usual), usual)
    rules = [
        Suspects("impossible_place", "at latitude 0, longitude 0", at_origin, lambda _: "at latitude 0, longitude 0"),
        Suspects(
            "impossible_place",
            "of swapped or sign-turned coordinates",
            slip != "",
            lambda row: (
                f"{latitude[row]:.5g}, {longitude[row]:.5g} is {away[row]:,.0f} km from the middle of this market, and "
                f"within it where {slip[row]}"
            ),
        ),
    ]
    if len(sales) < FEWEST_TO_COMPARE:
        return rules
    crowd = near.kilometres[:, min(_A_CROWD, near.kilometres.shape[1]) - 1]
    limit = market_limit(8.0, sales)
    far = deviations(np.log(np.maximum(crowd, _TINY_KM)), 0.5) > limit
    far &= crowd > max(thresholds.far_km, usual if len(sales) >= FEWEST_FOR_A_MARKET else 5 * usual)
    rules.append(
        Suspects(
            "impossible_place",
            "far from all others",
            far,
            lambda row: (
                f"{crowd[row]:,.0f} km from the fifth nearest other home; half of them have it within "
                f"{np.median(crowd):,.2g} km"
            ),
        )
    )
    if len(sales) >= FEWEST_FOR_A_MARKET:
        rules.append(_amid_another_sector(sales, points, near.rows))
    return rules


def _from_the_middle(points: Vector) -> tuple[Vector, float]:
    """How far each home is from the market's middle, and how far half of them are at most; kilometres."""
    away = np.sqrt(((points - np.median(points, axis=0)) ** 2).sum(axis=1))
    return away, float(np.median(away)) if len(away) else 0.0


def _slips(latitude: Vector, longitude: Vector, away: Vector, far: float, usual: float) -> NDArray[np.object_]:
    """The slip that explains why a home is far off, shape (n,), "" for none: mended, it lies amid the market."""
    slips = np.full(len(latitude), "", dtype=object)
    middle = np.median(on_the_globe(latitude, longitude), axis=0) if len(latitude) else np.zeros(3)
    for label, (swap, up, right) in _SLIPS.items():
        phi, theta = (longitude, latitude) if swap else (latitude * up, longitude * right)
        mended = np.sqrt(((on_the_globe(phi, theta) - middle) ** 2).sum(axis=1))
        fits = (away > far) & (np.abs(phi) <= 90) & (mended < max(4 * usual, 1.0)) & (slips == "")
        slips[fits] = label
    return slips


def _amid_another_sector(sales: "pd.DataFrame", points: Vector, near: NDArray[np.intp]) -> Suspects:
    """Homes all of whose nearest others are of one other sector, and that are far from every home of their own."""
    codes = group_codes(sales, "sector")
    around = codes[near]
    one_other = (around == around[:, :1]).all(axis=1) & (around[:, 0] != codes)
    members = np.bincount(codes)
    rows = np.zeros(len(sales), dtype=np.bool_)
    nearest = np.full(len(sales), np.nan)
    for code in np.unique(codes[one_other & (members[codes] > _SECTOR_MEMBERS)]):
        own = np.flatnonzero(codes == code)
        away, usual = _from_the_middle(points[own])
        odd = own[one_other[own] & (away > max(_SECTOR_KM, _SECTOR_TIMES * usual))]
        others = points[own[~np.isin(own, odd)]]
        for row in odd.tolist():
            nearest[row] = np.sqrt(((others - points[row]) ** 2).sum(axis=1).min()) if len(others) else 0.0
            rows[row] = nearest[row] > max(_SECTOR_KM, usual)
    names = sales["sector"].tolist()

    def explain(row: int) -> str:
        return (
            f"{nearest[row]:,.2g} km from the nearest other home of {names[row]}, and amid homes of "
            f"{names[near[row, 0]]}"
        )

    return Suspects("impossible_place", "amid the homes of another sector", rows, explain)
