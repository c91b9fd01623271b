"""A small picture of a holdout, for tests that need one and do not care which."""

from dataclasses import replace
from datetime import date
from typing import Any

from domain.holdout_picture import (
    Histogram,
    HoldoutPicture,
    LevelStudy,
    PicturedGroup,
    PicturedSales,
    WorstSale,
)

NORTH = PicturedGroup("ñuñoa", 20, 1.01, 0.95, 1.0625, 7.5, 0.055)


def a_picture(**changes: Any) -> HoldoutPicture:
    """A picture that is whole, with these fields changed."""
    picture = HoldoutPicture(
        sales=25,
        points=PicturedSales(
            price=(100_000.0, 151_000.5),
            value=(1 / 3, 150_000.0),
            low=(80_000.0, 120_000.0),
            high=(130_000.0, 190_000.0),
            latitude=(-33.45, -33.46),
            longitude=(-70.6, -70.61),
            type=("casa", "departamento"),
            sector=("ñuñoa", "las condes"),
            sold_on=(date(2026, 8, 14), None),
        ),
        ratios=Histogram((0.5, 1.0, 1.5), (12, 13)),
        levels=(LevelStudy(0.5, 0.52, 0.2, 0.15), LevelStudy(0.9, 0.92, 0.4, 0.35)),
        by_sector=(NORTH,),
        by_type=(),
        by_price=(replace(NORTH, label="01", low=50_000.0, high=90_000.0),),
        worst=(WorstSale("s7", 100_000.0, 190_000.0, "casa", "ñuñoa", 80.0, None),),
    )
    return replace(picture, **changes)
