"""From rules to objections: each row told once, and no rule believed that would take a market apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from application.sales.table import Objection

Reason = Literal[
    "duplicate", "impossible_place", "area_unit", "impossible_area", "price_currency_or_unit", "non_market_price"
]


@dataclass(frozen=True, slots=True)
class Suspects:
    """The sales that one rule would take, shape (n,); `rule` tells what they are, `explain` tells of row i."""

    reason: Reason
    rule: str
    rows: NDArray[np.bool_]
    explain: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Screening:
    """What came of a screening of `screened` sales.

    objections: the rows to set aside, by position, one objection each, ascending. by_reason: how many have which
    reason, the most frequent first. notes: rules that took none because they would have taken too many.
    """

    objections: tuple[Objection, ...]
    by_reason: Mapping[str, int]
    notes: tuple[str, ...]
    screened: int

    @property
    def share(self) -> float:
        """The share of the sales that was screened out."""
        return len(self.objections) / self.screened if self.screened else 0.0

    def within(self, rows: NDArray[np.intp]) -> "Screening":
        """The same of the larger table whose rows `rows` were screened: its positions, as for `set_aside`."""
        moved = (replace(objection, row=int(rows[objection.row])) for objection in self.objections)
        return replace(self, objections=tuple(moved))


def screening_of(sales: int, suspects: Sequence[Suspects], most: Mapping[Reason, float], default: float) -> Screening:
    """The objections to `sales` sales: where two rules take a row the first has it.

    A rule that would take more than its reason's share of the sales (`most`, else `default`) takes none of them and a
    note says so; so does a reason whose rules would together. One sale may always be taken.
    """
    objected: dict[int, Objection] = {}
    notes: list[str] = []
    for reason in dict.fromkeys(rule.reason for rule in suspects):
        limit = max(1.0, most.get(reason, default) * sales)
        taken: dict[int, Objection] = {}
        for rule in (rule for rule in suspects if rule.reason == reason):
            rows = [row for row in np.flatnonzero(rule.rows).tolist() if row not in objected and row not in taken]
            if len(rows) > limit:
                notes.append(_note(reason, rule.rule, len(rows), sales))
            else:
                taken |= {row: Objection(row, reason, rule.explain(row)) for row in rows}
        if len(taken) > limit:
            notes.append(_note(reason, "sales in several ways wrong", len(taken), sales))
        else:
            objected |= taken
    objections = tuple(objected[row] for row in sorted(objected))
    counts = {reason: sum(objection.reason == reason for objection in objections) for reason in _reasons(objections)}
    return Screening(
        objections, dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))), tuple(notes), sales
    )


def _reasons(objections: Sequence[Objection]) -> list[str]:
    return list(dict.fromkeys(objection.reason for objection in objections))


def _note(reason: str, rule: str, rows: int, sales: int) -> str:
    return (
        f"{reason}: {rows:,} of {sales:,} sales ({rows / sales:.0%}) are {rule}; so many are how the market is or how "
        "the table was made, and none of them was screened out for it: look at the source."
    )
