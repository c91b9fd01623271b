"""Intervals at other levels than the one that a model is judged at."""

from typing import TYPE_CHECKING

import numpy as np

from application.appraisal import Appraised, appraise_table
from application.calibrate_uncertainty import interval_table
from application.fit_market_index import log_levels_of_table
from application.ports.model_trainer import TrainedModel
from application.sales.table import PRICE
from domain.holdout_picture import LevelStudy
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def study_levels(
    trained: TrainedModel, sales: "pd.DataFrame", appraised: Appraised, own: float
) -> tuple[LevelStudy, ...]:
    """What intervals at each of LEVELS, and at the level `own` of `appraised`, held of the prices of these sales."""
    prices = sales[PRICE].to_numpy(dtype=np.float64)
    ends = {own: (appraised.low, appraised.high)}
    for level in LEVELS:
        if level != own:
            ends[level] = _interval(trained, sales, appraised, level)
    return tuple(_level_study(level, *ends[level], appraised.values, prices) for level in sorted(ends))


def _interval(trained: TrainedModel, sales: "pd.DataFrame", said: Appraised, level: float) -> tuple[Vector, Vector]:
    """The ends at `level`; each FSD tells the spread that they rest on."""
    errors = trained.errors
    per_spread = errors.fsd_factor * errors.allowance
    if per_spread == 0:
        again = appraise_table(trained, sales, level)
        return again.low, again.high
    moved = np.exp(log_levels_of_table(trained.index, sales))
    low, high = interval_table(errors, said.values / moved, said.fsd / per_spread, level)
    return low * moved, high * moved


def _level_study(level: float, low: Vector, high: Vector, values: Vector, prices: Vector) -> LevelStudy:
    width = (high - low) / values
    held = (low <= prices) & (prices <= high)
    return LevelStudy(level, float(held.mean()), float(width.mean()), float(np.median(width)))
