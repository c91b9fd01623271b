"""What several rules ask of the sales: enough of them, their groups, their places."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.screening.neighbours import on_the_globe

if TYPE_CHECKING:
    import pandas as pd

FEWEST_FOR_A_MARKET = 50
"""With fewer sales than this there is no market to speak of, and only gross errors are told."""
FEWEST_TO_COMPARE = 8


def market_limit(limit: float, sales: "pd.DataFrame") -> float:
    """How many robust SDs count as far: `limit`, or twice that in a small table."""
    return limit if len(sales) >= FEWEST_FOR_A_MARKET else 2 * limit


def group_codes(sales: "pd.DataFrame", name: str) -> NDArray[np.intp]:
    """A number for the text of a column in each row, shape (n,), from 0 without gaps."""
    return np.asarray(sales.groupby(name).ngroup(), dtype=np.intp)


def places_of(sales: "pd.DataFrame") -> NDArray[np.float64]:
    """Where the homes are, as `on_the_globe` has it, shape (n, 3)."""
    return on_the_globe(*(sales[name].to_numpy(dtype=np.float64) for name in ("latitude", "longitude")))
