"""How good a model is on sales that it has not seen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from application.ports.model_trainer import TrainedModel
from application.sales.table import PRICE
from domain.model_version import IntervalStudy
from domain.ratio_study import ErrorMetrics, RatioStudy, error_metrics, ratio_study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Judgement:
    """Errors, ratio study and interval coverage on the same sales."""

    metrics: ErrorMetrics
    ratio_study: RatioStudy
    interval: IntervalStudy


def judge_model(trained: TrainedModel, sales: "pd.DataFrame", level: float) -> Judgement:
    """Values checked sales and holds the values against their prices, with intervals at `level`."""
    prices = sales[PRICE].to_numpy()
    values = trained.model.value_table(sales)
    share = trained.errors.interval(1.0, level)  # intervals are relative: one serves for all values
    within = (share.low * values <= prices) & (prices <= share.high * values)
    return Judgement(
        metrics=error_metrics(values, prices),
        ratio_study=ratio_study(values, prices),
        interval=IntervalStudy(level, float(np.mean(within)), share.high - share.low),
    )
