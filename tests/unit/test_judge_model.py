"""How a model is judged by sales that it has not seen."""

import numpy as np
import pandas as pd
import pytest

from application.appraisal import appraise_table
from application.judge_model import judge_model, judged
from domain.ratio_study import error_metrics, ratio_study
from tests.fakes.models import ANYWHERE, a_trained_model
from tests.fakes.sales import some_sales

TRAINED = a_trained_model(60.0, log_ratios=tuple(np.linspace(-0.5, 0.5, 99)), extent=ANYWHERE)
SALES = some_sales(200)


def test_errors_and_ratios_are_those_of_the_values_against_the_prices() -> None:
    judgement = judge_model(TRAINED, SALES, 0.9, seed=3)
    values, prices = 60.0 * SALES["net_usable_area"].to_numpy(), SALES["price"].to_numpy()
    assert judgement.metrics == error_metrics(values, prices)
    assert judgement.ratio_study == ratio_study(values, prices, 3)


def test_intervals_are_studied_at_the_level_asked_for() -> None:
    wide, narrow = (judge_model(TRAINED, SALES, level).interval for level in (0.9, 0.5))
    assert (wide.level, narrow.level) == (0.9, 0.5)
    assert wide.coverage > narrow.coverage
    assert wide.mean_width > narrow.mean_width


def test_what_was_appraised_once_can_be_judged_without_the_model() -> None:
    appraised = appraise_table(TRAINED, SALES, 0.8)
    assert judged(appraised, SALES, 0.8, 5) == judge_model(TRAINED, SALES, 0.8, 5)


def test_homes_that_would_be_refused_are_counted_and_judged_all_the_same() -> None:
    sales = pd.concat([SALES, SALES.head(3).assign(n_rooms=500.0)], ignore_index=True)
    judgement = judge_model(TRAINED, sales, 0.9)
    assert judgement.refused == {"implausible_property": 3}
    assert judgement.metrics.count == 203
    assert judge_model(TRAINED, SALES, 0.9).refused == {}


@pytest.mark.parametrize("count", [1, 2])
def test_very_few_sales_are_judged_as_far_as_they_go(count: int) -> None:
    judgement = judge_model(TRAINED, SALES.head(count), 0.9)
    assert judgement.metrics.count == judgement.ratio_study.count == count
    assert judgement.ratio_study.prb_low is None
