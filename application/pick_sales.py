"""Which single sales an evaluation shows, and what they are called."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.sales.table import ID
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd

WORST = 20


def drawn(count: int, most: int, seed: int) -> NDArray[np.intp]:
    """At most `most` of `count` rows, drawn at random by the seed, in their order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def farthest_off(values: Vector, prices: Vector) -> list[int]:
    """The rows whose value and price are the farthest apart, as a ratio whichever is the larger."""
    farthest: list[int] = np.argsort(-np.abs(np.log(values / prices)), kind="stable")[:WORST].tolist()
    return farthest


def name_of(sales: "pd.DataFrame", row: int) -> str:
    """The sale's own id; without one, its place in the order that checked sales have."""
    own = sales[ID].iloc[row] if ID in sales else None
    return str(own) if is_known(own) else f"sale {row + 1}"


def is_known(cell: object) -> bool:
    """Whether a cell holds anything."""
    return cell is not None and cell == cell  # noqa: PLR0124 (NaN and NaT)
