"""What the homes of a part of a portfolio are worth: in vectors, and to the last digit as each home by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.answer_details import comparables_text, explanation_text
from application.calibrate_uncertainty import fsd_table, interval_table
from application.portfolio_order import COMPARABLES, EXPLANATION, FIGURES, PortfolioOrder
from application.ports.portfolio_source import PortfolioRows
from application.sales.checked_homes import CheckedHomes
from application.served_model import ServedVersion
from application.unusual_homes import TableDoubts, doubts_of_table, of_each_category
from application.value_property import (
    comparables_of,
    explanation_of,
    warning_of_unknown,
    warnings_of_day,
    warnings_of_level,
)
from domain.market_extent import CONTRADICTORY_LOCATION, IMPLAUSIBLE_PROPERTY, OUTSIDE_MARKET, Refusal
from domain.model_version import ModelCard
from domain.portfolio_totals import PortfolioTotals
from domain.ratio_study import Vector
from domain.uncertainty import HIGH_ABOVE, LOW_BELOW

if TYPE_CHECKING:
    import pandas as pd

INVALID_PROPERTY = "invalid_property"
REASONS = (INVALID_PROPERTY, OUTSIDE_MARKET, IMPLAUSIBLE_PROPERTY, CONTRADICTORY_LOCATION)
STATUSES = ("valued", "refused")

Days = NDArray[np.datetime64]
Sentences = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Valued:
    """The m homes of a part with their figures, by name and of shape (m,), refused ones included.

    at_reference: values at the reference day of the index. refusals: by row of the m.
    """

    homes: CheckedHomes
    figures: Mapping[str, Vector]
    at_reference: Vector
    days: Days
    doubts: TableDoubts
    refusals: Mapping[int, Refusal]

    @property
    def kept(self) -> NDArray[np.intp]:
        """The homes that get a value."""
        kept = np.ones(len(self.days), dtype=np.bool_)
        kept[list(self.refusals)] = False
        return np.flatnonzero(kept)


def answer_homes(
    served: ServedVersion, order: PortfolioOrder, rows: PortfolioRows
) -> tuple["pd.DataFrame", PortfolioTotals]:
    """The answers to n rows, RangeIndex and the columns of `order.answers`, and what they come to.

    Figures (float64, NaN for null), status, reason and model_version (categories), detail and what else was asked for
    (text or None). `detail` says why a row is refused, or what is particular about a value; what holds for the whole
    portfolio is not said again in each row: see `notes_on_day` and `HomeReading.notes`.
    """
    import pandas as pd

    valued = _valued(served, order, order.reading.read(rows))
    homes, kept = valued.homes, valued.kept
    answered = homes.good[kept]
    answers: dict[str, object] = {}
    for name in FIGURES:
        answers[name] = figures = np.full(homes.count, np.nan)
        figures[answered] = valued.figures[name][kept]
    status = np.ones(homes.count, dtype=np.int8)
    status[answered] = 0
    reason = np.full(homes.count, -1, dtype=np.int8)
    reason[list(homes.wrong)] = 0
    reason[homes.good[list(valued.refusals)]] = [REASONS.index(each.reason) for each in valued.refusals.values()]
    one = np.zeros(homes.count, dtype=np.int8)
    answers["status"] = pd.Categorical.from_codes(status, pd.Index(STATUSES))
    answers["reason"] = pd.Categorical.from_codes(reason, pd.Index(REASONS))
    answers["model_version"] = pd.Categorical.from_codes(one, pd.Index([order.version]))
    answers["detail"] = _spread(_details(served, order, valued), homes.good, homes.count, homes.wrong)
    if order.explain or order.comparables:
        explanations, comparables = _one_by_one(served, order, valued)
        if order.explain:
            answers[EXPLANATION] = _spread(explanations, homes.good, homes.count)
        if order.comparables:
            answers[COMPARABLES] = _spread(comparables, homes.good, homes.count)
    table = pd.DataFrame(answers, index=range(homes.count), copy=False)
    table.columns = pd.Index(order.answers)
    return table, _totals(valued)


def notes_on_day(card: ModelCard, day: date) -> Sentences:
    """What holds for every home that is valued as of the portfolio's own day."""
    return tuple(warnings_of_day(card.index, day, asked=False))


def _valued(served: ServedVersion, order: PortfolioOrder, homes: CheckedHomes) -> _Valued:
    trained, table = served.trained, homes.table
    days = np.where(np.isnat(homes.days), np.datetime64(order.day), homes.days)
    at_reference = trained.model.value_table(table)
    if trained.equity:  # as single homes have it: numpy's powers differ in the last digit here and there
        at_reference = np.array([trained.equity.apply(value) for value in at_reference.tolist()], dtype=np.float64)
    doubts = doubts_of_table(trained, table, days, homes.at)
    spreads = doubts.widened(trained, trained.spread.spreads_table(table, at_reference))
    levels = _price_levels(served, table["sector"], days)
    low, high = interval_table(trained.errors, at_reference, spreads, order.level)
    fsd = fsd_table(trained.errors, spreads)
    figures = at_reference * levels, low * levels, high * levels, fsd, _scores(fsd, doubts.limited)
    return _Valued(
        homes, dict(zip(FIGURES, figures, strict=True)), at_reference, days, doubts, refusals=doubts.refusals()
    )


def _price_levels(served: ServedVersion, sectors: "pd.Series[str]", days: Days) -> Vector:
    """`served.price_level` of each home, worked out once for each group of sectors and day."""
    import pandas as pd

    index = served.trained.index
    member: dict[str, str] = {}  # of each group any sector stands for all
    for sector in sectors.cat.categories:
        member.setdefault(index.group(sector), sector)
    groups = list(member)
    group = of_each_category(sectors, lambda sector: groups.index(index.group(sector)), missing=0)
    day, distinct = pd.factorize(days)
    pair, pairs = pd.factorize(group * max(len(distinct), 1) + day)
    known = np.asarray(distinct, dtype="datetime64[D]").astype(object)
    levels = [
        served.price_level(member[groups[one]], known[other])
        for one, other in (divmod(each, len(known)) for each in pairs.tolist())
    ]
    return np.array(levels, dtype=np.float64)[pair]


def _scores(fsd: Vector, limited: NDArray[np.bool_]) -> Vector:
    """`Confidence.of` of each home: its score."""
    scores = np.rint(100 * (1 - np.minimum(np.maximum(fsd, 0.0), 1.0)))
    return np.asarray(np.where(limited, np.minimum(scores, HIGH_ABOVE), scores))


def _details(served: ServedVersion, order: PortfolioOrder, valued: _Valued) -> NDArray[np.object_]:
    """What is particular about each home, None where nothing is; shape (m,)."""
    import pandas as pd

    index, errors, doubts = served.description.card.index, served.trained.errors, valued.doubts
    absent = order.reading.absent
    lacking = [tuple(warning_of_unknown(name) for name in names if name not in absent) for names in doubts.not_given]
    of_all = notes_on_day(served.description.card, order.day)
    own, distinct = pd.factorize(valued.homes.days)
    known = np.asarray(distinct, dtype="datetime64[D]").astype(object)
    dated = [tuple(each for each in warnings_of_day(index, day, asked=True) if each not in of_all) for day in known]
    dated.append(())  # of those without a day of their own, whose place is -1
    band = np.searchsorted([each.up_to for each in errors.bands], valued.at_reference, side="left")
    leveled = [tuple(warnings_of_level(errors, each.up_to, order.level)) for each in errors.bands]

    def told(row: int, judged: Sequence[str] = ()) -> str | None:
        return "; ".join([*lacking[doubts.lacks[row]], *dated[own[row]], *judged, *leveled[band[row]]]) or None

    details = np.full(len(valued.days), None, dtype=object)
    if any(map(any, (lacking, dated, leveled))):
        kinds = (doubts.lacks * len(dated) + own + 1) * len(leveled) + band
        code = pd.factorize(kinds)[0]
        one_each = np.unique(code, return_index=True)[1]
        details = np.array([*map(told, one_each.tolist()), None], dtype=object)[code]
    for row, doubt in doubts.one_by_one.items():
        refusal = doubt.judgement.refusal
        details[row] = refusal.explanation if refusal else told(row, doubt.judgement.warnings)
    return details


def _one_by_one(
    served: ServedVersion, order: PortfolioOrder, valued: _Valued
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Explanations and comparables of the homes that have a value, as text; shapes (m,)."""
    explanations, comparables = (np.full(len(valued.days), None, dtype=object) for _ in range(2))
    kept = valued.kept
    values, days = valued.figures["value"][kept].tolist(), valued.days[kept].astype(object)
    for row, home, day, value in zip(kept.tolist(), valued.homes.at(kept), days, values, strict=True):
        if order.explain:
            explanations[row] = explanation_text(explanation_of(served, home, day, value))
        if order.comparables:
            comparables[row] = comparables_text(comparables_of(served, home, day, value, order.comparables))
    return explanations, comparables


def _spread(
    texts: NDArray[np.object_], rows: NDArray[np.intp], count: int, others: Mapping[int, str] | None = None
) -> "pd.Series[Any]":
    """Texts of some rows among all, None for the rest or what `others` has of them."""
    import pandas as pd

    spread = np.full(count, None, dtype=object)
    spread[rows] = texts
    for row, text in (others or {}).items():
        spread[row] = text
    return pd.Series(spread, dtype=object)  # else pandas would make other text of it, with NaN


def _totals(valued: _Valued) -> PortfolioTotals:
    figures = {name: valued.figures[name][valued.kept] for name in FIGURES}
    refused = [each.reason for each in valued.refusals.values()] + [INVALID_PROPERTY] * len(valued.homes.wrong)
    scores = figures["confidence_score"]
    high, low = int((scores > HIGH_ABOVE).sum()), int((scores < LOW_BELOW).sum())
    by_confidence = {"high": high, "medium": len(scores) - high - low, "low": low}
    return PortfolioTotals(
        valued=len(scores),
        refused={reason: refused.count(reason) for reason in REASONS if reason in refused},
        value=float(figures["value"].sum()),
        by_confidence={level: count for level, count in by_confidence.items() if count},
    )
