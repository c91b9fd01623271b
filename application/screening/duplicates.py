"""Sales that are listed twice."""

from typing import TYPE_CHECKING

import numpy as np

from application.sales.table import ID
from application.screening.suspects import Suspects

if TYPE_CHECKING:
    import pandas as pd


def duplicates(sales: "pd.DataFrame") -> Suspects:
    """The same sale listed twice: all columns alike but the id. The first one stays."""
    names = [name for name in sales.columns if name != ID]
    number = sales.groupby(names, sort=False, dropna=False).ngroup().to_numpy()
    first = np.full(len(sales), -1, dtype=np.intp)
    if len(sales):
        firsts = np.unique(number, return_index=True)[1]
        first = firsts[number]
    ids = sales[ID].tolist() if ID in sales else [None] * len(sales)

    def explain(row: int) -> str:
        other = f" (id {ids[first[row]]})" if ids[first[row]] else ""
        return f"the same home, price and date as another row{other}, which is kept"

    return Suspects("duplicate", "listed more than once", first != np.arange(len(sales)), explain)
