"""How good a model is on sales that it has not seen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from application.appraisal import Appraised, appraise_table
from application.calibrate_uncertainty import study_intervals
from application.ports.model_trainer import TrainedModel
from application.sales.table import PRICE
from domain.interval_study import IntervalStudy
from domain.property import TEXT_FIELDS
from domain.ratio_groups import StudiesByGroup, deciles, ratio_studies_by
from domain.ratio_study import ErrorMetrics, RatioStudy, Vector, error_metrics, ratio_study
from domain.sale_pairs import percentile_groups
from domain.spellings import Spellings

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


AREA_BANDS = 5


def labels_of(values: Vector, sales: "pd.DataFrame") -> dict[str, list[str]]:
    """By what a ratio study is parted: for each way a label a sale.

    type, sector; decile: tenths by value, "01" the cheapest; area_band: fifths by usable area, "01" the smallest.
    """
    areas = sales["net_usable_area"].to_numpy(dtype=np.float64)
    return {
        "type": sales["type"].tolist(),
        "sector": sales["sector"].tolist(),
        "decile": deciles(values),
        "area_band": [f"{number + 1:02d}" for number in percentile_groups(areas, AREA_BANDS)],
    }


def studies_by_group(appraised: Appraised, sales: "pd.DataFrame", spellings: Spellings) -> dict[str, StudiesByGroup]:
    """The ratio study of each part of the sales, in each way of `labels_of`; groups of few sales are counted only.

    Types and sectors are labelled by their spellings.
    """
    prices = sales[PRICE].to_numpy(dtype=np.float64)
    labels = labels_of(appraised.values, sales)
    labels |= {field: spellings.of_all(field, labels[field]) for field in TEXT_FIELDS}
    return {way: ratio_studies_by(appraised.values, prices, names) for way, names in labels.items()}


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
