"""The picture of a holdout, made while a model is judged: later, the sales may be elsewhere."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from application.appraisal import Appraised
from application.group_ratios import Grouping, by_amount, by_name
from application.judge_model import labels_of
from application.pick_sales import drawn, farthest_off, is_known, name_of
from application.ports.model_trainer import TrainedModel
from application.sales.table import PRICE, SOLD_ON
from application.study_levels import study_levels
from domain.holdout_picture import Histogram, HoldoutPicture, PicturedGroup, PicturedSales, WorstSale
from domain.ratio_study import Vector
from domain.spellings import Spellings

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 1_500
_EDGES = tuple(step / 40 for step in range(20, 61))
"""From 0.5 to 1.5, so that 0.9 and 1.1 are edges."""
_DIGITS = 6
_DECIMALS = 5


def picture_holdout(
    trained: TrainedModel, sales: "pd.DataFrame", appraised: Appraised, level: float, seed: int
) -> HoldoutPicture:
    """What charts show of checked sales, at least one, and of what a model said of them with intervals at `level`.

    Values and their ends are kept to six figures and places to about a metre: a chart shows no more. Names are spelled
    as the model's sales mostly spell them.
    """
    prices, values = sales[PRICE].to_numpy(dtype=np.float64), appraised.values
    labels = labels_of(values, sales)
    return HoldoutPicture(
        sales=len(sales),
        points=_points(sales, prices, appraised, trained.spellings, seed),
        ratios=_histogram(values / prices),
        levels=study_levels(trained, sales, appraised, level),
        by_sector=_pictured(by_name(values, prices, labels["sector"]).spelled("sector", trained.spellings)),
        by_type=_pictured(by_name(values, prices, labels["type"]).spelled("type", trained.spellings)),
        by_price=_pictured(by_amount(values, prices, labels["decile"], values)),
        worst=_worst(sales, prices, values, trained.spellings),
    )


def _points(sales: "pd.DataFrame", prices: Vector, said: Appraised, spellings: Spellings, seed: int) -> PicturedSales:
    chosen = drawn(len(sales), MOST_POINTS, seed)
    rows = sales.iloc[chosen]
    return PicturedSales(
        price=tuple(prices[chosen].tolist()),
        value=_short(said.values[chosen]),
        low=_short(said.low[chosen]),
        high=_short(said.high[chosen]),
        latitude=tuple(rows["latitude"].round(_DECIMALS).tolist()),
        longitude=tuple(rows["longitude"].round(_DECIMALS).tolist()),
        type=tuple(spellings.of_all("type", rows["type"].tolist())),
        sector=tuple(spellings.of_all("sector", rows["sector"].tolist())),
        sold_on=tuple(_day(cell) for cell in rows[SOLD_ON]) if SOLD_ON in rows else (None,) * len(rows),
    )


def _short(amounts: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(f"{amount:.{_DIGITS}g}") for amount in amounts)


def _histogram(ratios: Vector) -> Histogram:
    counts, _ = np.histogram(np.clip(ratios, _EDGES[0], _EDGES[-1]), bins=_EDGES)
    return Histogram(_EDGES, tuple(counts.tolist()))


def _pictured(grouping: Grouping) -> tuple[PicturedGroup, ...]:
    return tuple(
        PicturedGroup(
            label=group.label,
            sales=group.study.count,
            median=group.quartiles[1],
            low_quartile=group.quartiles[0],
            high_quartile=group.quartiles[2],
            cod=group.study.cod,
            mdape=group.study.mdape or 0.0,
            low=group.low,
            high=group.high,
        )
        for group in grouping.shown
    )


def _worst(sales: "pd.DataFrame", prices: Vector, values: Vector, spellings: Spellings) -> tuple[WorstSale, ...]:
    farthest = farthest_off(values, prices)
    return tuple(
        WorstSale(
            id=name_of(sales, row),
            price=float(prices[row]),
            value=float(values[row]),
            type=spellings.of("type", str(sales["type"].iloc[row])),
            sector=spellings.of("sector", str(sales["sector"].iloc[row])),
            net_usable_area=float(sales["net_usable_area"].iloc[row]),
            sold_on=_day(sales[SOLD_ON].iloc[row]) if SOLD_ON in sales else None,
        )
        for row in farthest
    )


def _day(cell: "pd.Timestamp") -> date | None:
    return cell.date() if is_known(cell) else None
