"""Sales that no model should learn from: errors of typing, of units and of place, and prices that no market made.

Nothing is mended or dropped in silence: each row that is objected to goes to the quarantine with a reason code and the
figures (`application.sales.table.set_aside`). What both functions find depends on the sales and on nothing else.
"""

from typing import TYPE_CHECKING, get_args

from application.screening.areas import area_units, impossible_areas
from application.screening.duplicates import duplicates
from application.screening.market import places_of
from application.screening.neighbours import nearest_others
from application.screening.places import impossible_places
from application.screening.prices import implausible_prices
from application.screening.suspects import Reason, Screening, screening_of
from application.screening.thresholds import ScreeningThresholds

if TYPE_CHECKING:
    import pandas as pd

_NEIGHBOURS = 10
SCREENED: frozenset[str] = frozenset(get_args(Reason))
"""The reasons that come from here, among all for which rows are set aside."""


def screen_homes(sales: "pd.DataFrame", thresholds: ScreeningThresholds) -> Screening:
    """Objects to sales listed twice, impossible places and areas, and areas in another unit.

    `sales` is `CheckedSales.usable`. It looks at prices only to tell whether two sales are the same one, so it may be
    applied to sales that a model is judged by.
    """
    suspects = [duplicates(sales)]
    if len(sales):
        near = nearest_others(places_of(sales), _NEIGHBOURS)
        suspects += impossible_places(sales, near, thresholds)
        suspects += [*area_units(sales, near, thresholds), *impossible_areas(sales, thresholds)]
    return screening_of(len(sales), suspects, {"duplicate": thresholds.most_duplicates}, thresholds.most_screened)


def screen_prices(train: "pd.DataFrame", thresholds: ScreeningThresholds) -> Screening:
    """Objects to prices in another currency or unit, and to prices that no market made.

    `train` is sales to learn from. Never apply it to sales that a model is judged by: that would flatter the model.
    """
    return screening_of(len(train), implausible_prices(train, thresholds), {}, thresholds.most_screened)
