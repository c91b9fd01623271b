"""Columns that are learned from prices: what homes of a category or a place fetched.

A sale that is learned from must not see its own price in its columns, nor another one of its home: a learner would
trust them more than they deserve. Leaving one sale out at a time leaks as well. So each training sale gets the columns
that were learned from the other nine tenths of the homes, while new homes get those learned from all.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adapters.valuation_models.columns import (
    Columns,
    Encoded,
    EncodedTogether,
    Fields,
    Matrix,
    Table,
    Vector,
    matrix_of,
)

PARTS = 10
_PRIOR_SALES = 10.0
"""How many sales of the market's mean are mixed into the mean of a category."""

Homes = NDArray[np.int64]
Learn = Callable[[Table, Vector], Sequence[Columns]]


def out_of_part(learn: Learn, table: Table, log_prices: Vector, homes: Homes, seed: int) -> Matrix:
    """The columns of `learn` for the sales that they are learned from, each learned from the other parts of them.

    homes: the number of the home of each sale, from 0 without gaps; the sales of a home lie in one part, unless all do.
    """
    count = len(log_prices)
    if not homes.any():
        homes = np.arange(count)
    number_of_homes = int(homes.max()) + 1
    part = (np.random.default_rng(seed).permutation(number_of_homes) % min(PARTS, number_of_homes))[homes]
    matrix: Matrix = np.empty((count, 0))
    for number in range(part.max() + 1):
        inside, outside = part != number, part == number
        columns = learn(rows(table, inside), log_prices[inside])
        learned = matrix_of(columns, rows(table, outside), int(outside.sum()))
        if number == 0:
            matrix = np.empty((count, learned.shape[1]))
        matrix[outside] = learned
    return matrix


def rows(table: Table, chosen: NDArray[np.bool_]) -> Table:
    """Some rows of a table."""
    return {name: column[chosen] for name, column in table.items()}


def encoded(name: str, table: Table, target: Vector) -> Encoded:
    """A category by the mean of `target` of its sales, drawn to the market's mean where they are few."""
    codes, categories = _numbered(table[name])
    means, market = _means(codes, target)
    return Encoded(name, {category: (mean,) for category, mean in zip(categories, means, strict=True)}, (market,))


def encoded_together(names: Fields, table: Table, target: Vector) -> EncodedTogether:
    """Combinations of categories, likewise."""
    numbered = [_numbered(table[name]) for name in names]
    shape = tuple(len(categories) for _, categories in numbered)
    combined = np.ravel_multi_index(tuple(codes for codes, _ in numbered), shape)
    codes, distinct = pd.factorize(combined, sort=True)
    means, market = _means(codes, target)
    parts = np.unravel_index(distinct, shape)
    categories = zip(*(categories[part] for (_, categories), part in zip(numbered, parts, strict=True)), strict=True)
    return EncodedTogether(names, dict(zip(categories, means, strict=True)), market)


def _numbered(texts: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """For each text its place among the distinct ones, and those in their order."""
    codes, distinct = pd.factorize(np.asarray(texts, dtype=object), sort=True)
    return codes, distinct


def _means(codes: NDArray[np.intp], target: Vector) -> tuple[list[float], float]:
    """The mean of each category, drawn to the market's, and that one."""
    market = float(target.mean())
    sums = pd.Series(target).groupby(codes, sort=True).sum().to_numpy()  # compensated: numpy's own are less exact
    return list(((sums + _PRIOR_SALES * market) / (np.bincount(codes) + _PRIOR_SALES)).tolist()), market
