"""What is unusual about the homes of a table: the great majority is seen to be usual at a glance, the rest looked at.

Tables are as for `ValuationModel.value_table`, with texts as categories; unknown further features are NaN.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.doubts import Doubts, factor_of_unknown, judged, widened
from application.ports.model_trainer import TrainedModel
from domain.market_extent import Refusal
from domain.model_version import FeatureSchema
from domain.property import Property
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class TableDoubts:
    """What is unusual about n homes, as `Doubts` has it of one.

    one_by_one: by row, of the homes that are not certainly usual. not_given: the distinct sets of further features
    that homes lack, and of each row which one it is, shape (n,). time_errors: see `Doubts`, shape (n,).
    """

    one_by_one: Mapping[int, Doubts]
    not_given: tuple[tuple[str, ...], ...]
    lacks: Rows
    time_errors: Vector

    def widened(self, trained: TrainedModel, spreads: Vector) -> Vector:
        """`widened` of all homes, to the last digit, shape (n,)."""
        factors = np.array([factor_of_unknown(trained, names) if names else 1.0 for names in self.not_given])
        lacking = np.array([bool(names) for names in self.not_given], dtype=np.bool_)[self.lacks]
        grown = np.where(lacking, np.maximum(spreads, trained.typical_spread) * factors[self.lacks], spreads)
        # By the standard library, as single homes have it; to a usual home nothing is extrapolated.
        lengths = map(math.hypot, grown.tolist(), repeat(0.0), self.time_errors.tolist())
        grown = np.fromiter(lengths, dtype=np.float64, count=len(grown))
        for row, doubts in self.one_by_one.items():
            grown[row] = widened(trained, float(spreads[row]), doubts)
        return grown

    def refusals(self) -> dict[int, Refusal]:
        """By row, of the homes that get no value."""
        judgements = ((row, doubts.judgement.refusal) for row, doubts in self.one_by_one.items())
        return {row: refusal for row, refusal in judgements if refusal}

    @property
    def limited(self) -> Mask:
        """Which homes have limiting factors, shape (n,)."""
        limited = self.time_errors > 0
        for row, doubts in self.one_by_one.items():
            limited[row] = bool(doubts.limiting_factors)
        return limited


def doubts_of_table(
    trained: TrainedModel,
    homes: "pd.DataFrame",
    days: NDArray[np.datetime64],
    homes_at: Callable[[Rows], Iterable[Property]],
) -> TableDoubts:
    """`doubts_about` n homes as of their days (datetime64[D], NaT for none); `homes_at` gives those of some rows."""
    distances = trained.comparables.distances_table(homes)
    rows = np.flatnonzero(~_certainly_usual(trained, homes, distances))
    nearest = [(km, None if math.isnan(inside) else inside) for km, inside in distances[rows].tolist()]
    doubts = judged(trained, homes_at(rows), days[rows].astype(object), nearest)
    not_given, lacks = _not_given(homes, trained.model.features)
    return TableDoubts(
        one_by_one=dict(zip(rows.tolist(), doubts, strict=True)),
        not_given=not_given,
        lacks=lacks,
        time_errors=of_each_distinct(days, trained.index.log_error, missing=0.0),
    )


def of_each_distinct(days: NDArray[np.datetime64], figure: Callable[[date], float], missing: float) -> Vector:
    """A figure of each day, `missing` where there is none; it is worked out once for each distinct day; shape (n,)."""
    import pandas as pd

    codes, distinct = pd.factorize(days)
    figures = [figure(day) for day in np.asarray(distinct, dtype="datetime64[D]").astype(object)]
    return np.array([*figures, missing], dtype=np.float64)[codes]


def _certainly_usual(trained: TrainedModel, homes: "pd.DataFrame", distances: Vector) -> Mask:
    """Homes of which `MarketExtent.judge` finds nothing, and of which the model knows type, sector and categories.

    Others may be usual as well: each of them is looked at.
    """
    extent, features = trained.extent, trained.model.features
    usual = distances[:, 0] <= extent.usual_km
    for name, seen in extent.ranges.items():
        usual &= _between(homes[name], seen.lowest, seen.highest)
    usable, whole = (homes[name].to_numpy(dtype=np.float64) for name in ("net_usable_area", "net_area"))
    usual &= usable / whole <= extent.usual_share
    usual &= of_each_category(homes["type"], set(extent.types).intersection(features.types).__contains__, missing=False)
    usual &= of_each_category(homes["sector"], set(features.sectors).__contains__, missing=False)
    usual &= distances[:, 1] <= of_each_category(homes["sector"], extent.usual_km_in_sector, missing=-1.0)
    for name, seen in extent.extra_ranges.items():
        usual &= _between(homes[name], seen.lowest, seen.highest) | homes[name].isna().to_numpy()
    for name, known in extent.extra_categories.items():
        usual &= of_each_category(homes[name], frozenset(known).__contains__, missing=True)
    return usual


def _between(column: "pd.Series[Any]", lowest: float, highest: float) -> Mask:
    numbers = column.to_numpy(dtype=np.float64)
    return np.asarray((lowest <= numbers) & (numbers <= highest))


def of_each_category(column: "pd.Series[Any]", figure: Callable[[str], object], missing: object) -> NDArray[Any]:
    """A figure of each row's category, `missing` where it has none; it is worked out once for each; shape (n,)."""
    figures = [figure(category) for category in column.cat.categories]
    return np.array([*figures, missing])[column.cat.codes.to_numpy()]


def _not_given(homes: "pd.DataFrame", features: FeatureSchema) -> tuple[tuple[tuple[str, ...], ...], Rows]:
    """The distinct sets of further features that homes lack, and of each row which one it is."""
    import pandas as pd

    names = (*features.numeric, *features.categorical)
    lacking = {name: homes[name].isna().to_numpy() for name in names}
    codes = np.zeros(len(homes), dtype=np.int64)
    for rows in lacking.values():
        codes = pd.factorize(2 * codes + rows)[0].astype(np.int64)
    one_each = np.unique(codes, return_index=True)[1].tolist()
    return tuple(tuple(name for name in names if lacking[name][row]) for row in one_each), codes
