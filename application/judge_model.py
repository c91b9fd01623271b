"""How good a model is on sales that it has not seen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from application.appraisal import Appraised, appraise_table
from application.calibrate_uncertainty import study_intervals
from application.ports.model_trainer import TrainedModel
from application.sales.table import PRICE
from domain.interval_study import IntervalStudy
from domain.ratio_study import ErrorMetrics, RatioStudy, error_metrics, ratio_study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Judgement:
    """Errors, ratio study and intervals on the same sales, the ones that would be refused among them.

    refused: how many homes would not have been valued, by reason.
    """

    metrics: ErrorMetrics
    ratio_study: RatioStudy
    interval: IntervalStudy
    refused: Mapping[str, int]


def judge_model(trained: TrainedModel, sales: "pd.DataFrame", level: float, seed: int = 0) -> Judgement:
    """Values checked sales and holds the values against their prices, with intervals at `level`."""
    return judged(appraise_table(trained, sales, level), sales, level, seed)


def judged(appraised: Appraised, sales: "pd.DataFrame", level: float, seed: int = 0) -> Judgement:
    """Holds what a model said of sales against their prices; the bootstrap intervals of the ratio study are seeded."""
    prices = sales[PRICE].to_numpy()
    return Judgement(
        metrics=error_metrics(appraised.values, prices),
        ratio_study=ratio_study(appraised.values, prices, seed),
        interval=study_intervals(appraised.values, appraised.low, appraised.high, prices, level, appraised.fsd),
        refused=dict(Counter(reason for reason in appraised.refused if reason)),
    )
