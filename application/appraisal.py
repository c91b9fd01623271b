"""Values as of a day, from a trained model: the model's own, calibrated for equity, at the price level of that day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from application.calibrate_uncertainty import fsd_table, interval_table
from application.equity_calibration import calibrated
from application.fit_market_index import log_levels_of_table
from application.ports.model_trainer import TrainedModel
from application.sales.table import SOLD_ON
from application.unusual_homes import doubts_of_table
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Appraised:
    """What a model says of n sales, as of their own days; amounts in the currency, all of shape (n,).

    fsd: the forecast standard deviation, as a share of the value. refused: the reason for which a home would not be
    valued, else an empty text; figures are there all the same.
    """

    values: Vector
    low: Vector
    high: Vector
    fsd: Vector
    refused: tuple[str, ...]


def appraise_table(trained: TrainedModel, sales: "pd.DataFrame", level: float) -> Appraised:
    """Values checked sales, with intervals at `level`."""
    features = trained.model.features
    texts = (*TEXT_FIELDS, *features.categorical)
    homes = sales.assign(**{name: sales[name].astype("category") for name in texts})
    raw = trained.model.value_table(homes)
    reference = calibrated(raw, trained.equity) if trained.equity else raw
    days = sales[SOLD_ON].to_numpy() if SOLD_ON in sales else np.full(len(sales), np.datetime64("NaT"))
    doubts = doubts_of_table(
        trained, homes, days.astype("datetime64[D]"), lambda rows: homes_of(sales.iloc[rows], features)
    )
    spreads = doubts.widened(trained, trained.spread.spreads_table(homes, reference))
    levels = np.exp(log_levels_of_table(trained.index, homes))
    low, high = interval_table(trained.errors, reference, spreads, level)
    refused = {row: refusal.reason for row, refusal in doubts.refusals().items()}
    return Appraised(
        values=reference * levels,
        low=low * levels,
        high=high * levels,
        fsd=fsd_table(trained.errors, spreads),
        refused=tuple(refused.get(row, "") for row in range(len(sales))),
    )


def homes_of(sales: "pd.DataFrame", features: FeatureSchema) -> Iterator[Property]:
    """The homes of checked sales."""
    extras = (*features.numeric, *features.categorical)
    names = [*TEXT_FIELDS, *NUMBER_FIELDS]
    for row in sales[[*names, *extras]].to_dict("records"):
        known: Mapping[str, float | str | None] = {
            name: None if row[name] is None or row[name] != row[name] else row[name] for name in extras
        }
        yield Property(**{name: row[name] for name in names}, extras=known)
