"""Rows that cannot be used, kept where a person finds them."""

from datetime import datetime
from typing import TYPE_CHECKING

from application.ports.quarantine import Quarantine
from application.sales.table import CheckedSales

if TYPE_CHECKING:
    import pandas as pd


def keep_rejected(quarantine: Quarantine, moment: datetime, *tables: CheckedSales) -> str | None:
    """Keeps the rows that were set aside from all of `tables`, under the name of the moment.

    Returns where they can be found, or None where there are none. Raises QuarantineUnavailable.
    """
    import pandas as pd

    rejected = [_counted_columns(sales.quarantined) for sales in tables if len(sales.quarantined)]
    if not rejected:
        return None
    rows = pd.concat(rejected, ignore_index=True)
    return quarantine.keep(f"{moment:%Y%m%dT%H%M%S%f}", rows.set_axis([counted[0] for counted in rows.columns], axis=1))


def _counted_columns(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Each column named by its name and how often it came before: a source may have `row` and `reason` itself."""
    import pandas as pd

    names = [str(name) for name in rows.columns]
    counted = [(name, names[:place].count(name)) for place, name in enumerate(names)]
    return rows.set_axis(pd.Index(counted, tupleize_cols=False), axis=1)
