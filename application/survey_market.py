"""What the market of some sales looks like."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.sales.homes import home_numbers
from application.screening.neighbours import EARTH_RADIUS_KM, nearest_others, on_the_globe
from domain.market_extent import AREAS, COUNTS, GroundCircle, MarketExtent, SeenRange, Spacing
from domain.model_version import FeatureSchema

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]

_OF_A_SECTOR = 0.95
_SALES_FOR_A_RADIUS = 10
_LARGE_SECTOR = 0.9
_ROUNDING_KM = 1e-6


def survey_market(sales: "pd.DataFrame", features: FeatureSchema | None = None) -> MarketExtent:
    """The extent of the market of checked sales, at least one, as a model that learned from them knows it.

    With `features`, that of the further features too.

    200,000 sales take some seconds. Raises ValueError for no sales.
    """
    if not len(sales):
        raise ValueError("there is no sale, hence no market")
    latitude, longitude = (sales[name].to_numpy(dtype=np.float64) for name in ("latitude", "longitude"))
    usable, whole_area = (sales[name].to_numpy(dtype=np.float64) for name in AREAS)
    market = _circle(latitude, longitude, 1.0)
    sectors = {
        name: _circle(latitude[rows], longitude[rows], _OF_A_SECTOR)
        for name, rows in _members(sales["sector"].tolist()).items()
    }
    sure = [sector.radius_km for sector in sectors.values() if sector.sales >= _SALES_FOR_A_RADIUS]
    return MarketExtent(
        ranges={name: SeenRange(float(sales[name].min()), float(sales[name].max())) for name in (*AREAS, *COUNTS)},
        highest_usable_share=float((usable / whole_area).max()),
        spacing=_spacing(sales, latitude, longitude),
        types=tuple(sorted(set(sales["type"].tolist()))),
        sectors=sectors,
        usual_sector_km=float(np.quantile(sure, _LARGE_SECTOR)) if sure else market.radius_km,
        whole=market,
        extra_ranges={
            name: SeenRange(float(sales[name].min()), float(sales[name].max()))
            for name in (features.numeric if features else ())
            if sales[name].notna().any()
        },
        extra_categories={
            name: tuple(sorted(set(sales[name].dropna().tolist())))
            for name in (features.categorical if features else ())
        },
    )


def _members(sectors: list[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for row, sector in enumerate(sectors):
        members.setdefault(sector, []).append(row)
    return dict(sorted(members.items()))


def _spacing(sales: "pd.DataFrame", latitude: Vector, longitude: Vector) -> Spacing:
    """From one sale of each home to the nearest of another; a home that is sold often stands for one."""
    one_each = np.unique(home_numbers(sales), return_index=True)[1]
    near = nearest_others(on_the_globe(latitude[one_each], longitude[one_each]), 1).kilometres
    if not near.size:
        return Spacing(0.0, 0.0, 0.0)
    ground = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(near[:, 0] / (2 * EARTH_RADIUS_KM), 1.0))
    median, q90, q99 = np.quantile(ground, [0.5, 0.9, 0.99]).tolist()
    return Spacing(median, q90, q99)


def _circle(latitude: Vector, longitude: Vector, share: float) -> GroundCircle:
    """The circle about the middle (median) of some points that holds a share of them."""
    points = on_the_globe(latitude, longitude)
    middle = np.median(points, axis=0)
    # Seen from the Earth's centre; a market all around the globe has no middle, and any will do.
    north = float(np.degrees(np.arctan2(middle[2], np.hypot(middle[0], middle[1]))))
    east = float(np.degrees(np.arctan2(middle[1], middle[0])))
    chords = np.sqrt(((points - on_the_globe(np.array([north]), np.array([east]))) ** 2).sum(axis=1))
    ground = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / (2 * EARTH_RADIUS_KM), 1.0))
    radius = float(np.quantile(ground, share)) + _ROUNDING_KM
    return GroundCircle(north, east, radius, len(points))
