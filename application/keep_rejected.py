"""Rows that cannot be used, kept where a person finds them."""

from datetime import datetime

from application.ports.quarantine import Quarantine
from application.sales.table import CheckedSales


def keep_rejected(quarantine: Quarantine, moment: datetime, *tables: CheckedSales) -> str | None:
    """Keeps the rows that were set aside from all of `tables`, under the name of the moment.

    Returns where they can be found, or None where there are none. Raises QuarantineUnavailable.
    """
    import pandas as pd

    rejected = [sales.quarantined for sales in tables if len(sales.quarantined)]
    if not rejected:
        return None
    return quarantine.keep(f"{moment:%Y%m%dT%H%M%S%f}", pd.concat(rejected, ignore_index=True))
