"""The promotion gate of a training: the new model beside the one in service, on the same unseen sales."""

from typing import TYPE_CHECKING

import numpy as np

from application.appraisal import Appraised, appraise_table
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from application.promotion_gate import Judged, judge_promotion
from application.sales.table import PRICE
from domain.errors import ModelNotFound, ModelRefused
from domain.model_version import Gate, served_stack

if TYPE_CHECKING:
    import pandas as pd

FEWEST_COMPARED = 10


def hold_against_served(
    models: ModelRepository,
    trained: TrainedModel,
    appraised: Appraised,
    test: "pd.DataFrame",
    *,
    level: float,
    currency: str,
) -> Gate:
    """Whether `trained`, which said `appraised` of the sales `test`, may take the place of the version in service.

    Compared are the sales of homes from which neither has learned. The first version passes, and so does one whose
    predecessor cannot be loaded. Raises ModelStoreUnavailable.
    """
    stack = served_stack(models.promotions())
    if not stack:
        return Gate(None, passed=True, reason="it is the first version")
    served = stack[-1]
    try:
        description, other = models.describe(served), models.load(served)
    except (ModelNotFound, ModelRefused) as error:
        return Gate(served, passed=True, reason=f"{served} cannot be loaded to compare with: {error}")
    if description.card.currency != currency:
        theirs = description.card.currency
        return Gate(served, passed=False, reason=f"it values in {currency}, and {served} in service in {theirs}")
    unseen = ~(trained.comparables.known_homes(test) | other.comparables.known_homes(test))
    compared = test[unseen].reset_index(drop=True)
    if len(compared) < FEWEST_COMPARED:
        reason = f"only {len(compared)} of its holdout sales are of homes unknown to {served}, too few to compare"
        return Gate(served, passed=True, reason=reason, sales=len(compared))
    theirs_said = appraise_table(other, _as_known_to(other, compared), level)
    decision = judge_promotion(
        Judged(appraised.values[unseen], appraised.low[unseen], appraised.high[unseen]),
        Judged(theirs_said.values, theirs_said.low, theirs_said.high),
        compared[PRICE].to_numpy(),
        compared["sector"].tolist(),
        level=level,
        spellings=trained.spellings,
    )
    return Gate(served, decision.passed, decision.reason(served), len(compared), decision.checks)


def _as_known_to(model: TrainedModel, sales: "pd.DataFrame") -> "pd.DataFrame":
    """The sales with the further columns of `model`; empty where they are not there, or now of the other kind."""
    features = model.model.features
    numbers = set(sales.select_dtypes("number").columns)
    return sales.assign(
        **{name: np.nan for name in features.numeric if name not in numbers},
        **{name: None for name in features.categorical if name not in sales or name in numbers},
    )
