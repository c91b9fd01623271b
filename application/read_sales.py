"""The sales of a source that can be used: checked, and screened for what is wrong with the homes themselves."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from application.ports.clock import Clock
from application.ports.data_source import SourceTable
from application.sales.layout import SalesLayout
from application.sales.table import SOLD_ON, CheckedSales, Objection, check_sales, set_aside
from application.screen_sales import screen_homes
from application.screening.thresholds import ScreeningThresholds

FUTURE = "sold_on is in the future"


@dataclass(frozen=True, slots=True)
class SalesReading:
    """How sales are read: how a source's columns become ours, and what is screened out (None: nothing).

    With a `clock`, sales of days that are still to come are set aside.
    """

    layout: SalesLayout
    screening: ScreeningThresholds | None = None
    clock: Clock | None = None

    def __call__(self, table: SourceTable) -> CheckedSales:
        """Checked sales without those whose homes cannot be as told; no price is held against a sale here.

        Raises SourceMalformed.
        """
        checked = self._until_today(check_sales(table, self.layout), table)
        if self.screening is None:
            return checked
        found = screen_homes(checked.usable, self.screening)
        return noted(set_aside(checked, table, found.objections), found.notes)

    def _until_today(self, checked: CheckedSales, table: SourceTable) -> CheckedSales:
        if self.clock is None or SOLD_ON not in checked.usable:
            return checked
        today = self.clock.now().date()
        days = checked.usable[SOLD_ON]
        later = np.flatnonzero(days > np.datetime64(today + timedelta(days=1)))  # wherever on earth it is already
        explained = "sold on {:%Y-%m-%d}, which is still to come"
        return set_aside(
            checked, table, [Objection(row, FUTURE, explained.format(days.iloc[row])) for row in later.tolist()]
        )


def noted(checked: CheckedSales, notes: tuple[str, ...]) -> CheckedSales:
    """The same sales with more notes."""
    return replace(checked, notes=(*checked.notes, *notes))
