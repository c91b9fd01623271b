"""The sales of a source that can be used: checked, and screened for what is wrong with the homes themselves."""

from dataclasses import dataclass, replace

from application.ports.data_source import SourceTable
from application.sales.table import CheckedSales, SalesLayout, check_sales, set_aside
from application.screen_sales import screen_homes
from application.screening.thresholds import ScreeningThresholds


@dataclass(frozen=True, slots=True)
class SalesReading:
    """How sales are read: how a source's columns become ours, and what is screened out (None: nothing)."""

    layout: SalesLayout
    screening: ScreeningThresholds | None = None

    def __call__(self, table: SourceTable) -> CheckedSales:
        """Checked sales without those whose homes cannot be as told; no price is held against a sale here.

        Raises SourceMalformed.
        """
        checked = check_sales(table, self.layout)
        if self.screening is None:
            return checked
        found = screen_homes(checked.usable, self.screening)
        return noted(set_aside(checked, table, found.objections), found.notes)


def noted(checked: CheckedSales, notes: tuple[str, ...]) -> CheckedSales:
    """The same sales with more notes."""
    return replace(checked, notes=(*checked.notes, *notes))
