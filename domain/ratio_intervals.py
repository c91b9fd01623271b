"""How far the figures of a ratio study would move with other sales of the same market: a bootstrap."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.sale_pairs import Vector, sale_pairs

DRAWS, LEVEL = 1000, 0.95
FEWEST_SALES = 10
MOST_AT_FULL_DRAWS = 20_000
FEWEST_DRAWS = 200
CELLS_AT_ONCE = 2**18  # a few megabytes: a block of resamples stays in the processor's cache


def bootstrap_intervals(
    values: ArrayLike, prices: ArrayLike, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> dict[str, tuple[float, float]]:
    """The percentile bootstrap's interval of median, cod, prd, prb and mdape: (low, high) by name, at `level`.

    Sales are drawn with replacement, `draws` times, at random by `seed`: the same sales in any order and the same seed
    give the same intervals. Above 20,000 sales there are proportionally fewer draws, down to 200: the intervals are
    narrow there and time is not. Fewer than 10 sales say too little of their own spread: no intervals. A prb that a
    resample does not have is left out; prb is missing where no resample has one. Raises ValueError for sales that are
    no pairs of positive amounts, for draws < 1 and unless 0 < level < 1.
    """
    value, price = sale_pairs(values, prices)
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws {draws} are at least 1, and level {level} lies between 0 and 1")
    if len(price) < FEWEST_SALES:
        return {}
    order = np.lexsort((price, value / price))
    figures = _figures(value[order], price[order], seed, _affordable(draws, len(price)))
    intervals = {}
    for name, drawn in figures.items():
        known = drawn[np.isfinite(drawn)]
        if len(known):
            intervals[name] = _ends(known, level)
    return intervals


def median_interval(amounts: ArrayLike, seed: int) -> tuple[float, float] | None:
    """The percentile bootstrap's interval at 95 per cent of the median of n finite amounts, shape (n,).

    Drawn as in `bootstrap_intervals`: the order of the amounts does not matter. None of fewer than 10.
    """
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    if len(ordered) < FEWEST_SALES:
        return None
    drawn = _resamples(len(ordered), seed, _affordable(DRAWS, len(ordered)))
    medians = np.concatenate([np.median(ordered[each], axis=1) for each in drawn])
    return _ends(medians, LEVEL)


def _ends(drawn: Vector, level: float) -> tuple[float, float]:
    low, high = np.quantile(drawn, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def _affordable(draws: int, sales: int) -> int:
    if sales <= MOST_AT_FULL_DRAWS:
        return draws
    return min(draws, max(FEWEST_DRAWS, draws * MOST_AT_FULL_DRAWS // sales))


def _figures(value: Vector, price: Vector, seed: int, draws: int) -> dict[str, Vector]:
    """Each figure of each resample, shape (draws,)."""
    ratio = value / price
    names = ("median", "cod", "prd", "prb", "mdape")
    blocks = [_block(ratio[drawn], price[drawn]) for drawn in _resamples(len(price), seed, draws)]
    return {name: np.concatenate([block[at] for block in blocks]) for at, name in enumerate(names)}


def _resamples(sales: int, seed: int, draws: int) -> Iterator[NDArray[np.int64]]:
    chance = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // sales)
    for start in range(0, draws, at_once):
        yield chance.integers(sales, size=(min(at_once, draws - start), sales))


def _block(ratio: Vector, price: Vector) -> tuple[Vector, ...]:
    """Median, COD, PRD, PRB and MdAPE of resamples of shape (resamples, n); a PRB without a slope is NaN."""
    median = np.median(ratio, axis=1)
    away = ratio / median[:, None] - 1
    prd = ratio.mean(axis=1) * price.sum(axis=1) / (ratio * price).sum(axis=1)
    size = np.log2(price * (away + 2))  # V / m is P (away + 1); halving only shifts the logarithm
    size -= size.mean(axis=1, keepdims=True)
    spread = (size**2).sum(axis=1)
    slope = (size * away).sum(axis=1) / np.where(spread > 1e-12 * size.shape[1], spread, np.nan)
    return median, 100 * np.abs(away).mean(axis=1), prd, slope, np.median(np.abs(ratio - 1), axis=1)
