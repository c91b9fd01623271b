"""The ratio study of each part of the market: by type, by sector, by decile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.ratio_study import RatioStudy, ratio_study
from domain.sale_pairs import percentile_groups, sale_pairs

FEWEST_SALES = 20


@dataclass(frozen=True, slots=True)
class StudiesByGroup:
    """`studies` by label, in the order of labels; `too_few`: how many sales the groups have that got no study.

    All sales are counted in one or the other.
    """

    studies: Mapping[str, RatioStudy]
    too_few: Mapping[str, int]


def ratio_studies_by(
    values: ArrayLike, prices: ArrayLike, groups: Sequence[str], fewest: int = FEWEST_SALES, seed: int | None = None
) -> StudiesByGroup:
    """A study of each label in `groups`, one label a sale; with bootstrap intervals if there is a seed.

    Groups of fewer than `fewest` sales get no study, and their counts are told. They are not pooled: a pool of small
    groups, each appraised at a level of its own, shows the differences between them as if they were dispersion within
    one market. Raises ValueError unless there is a label a sale.
    """
    value, price = sale_pairs(values, prices)
    if len(groups) != len(price):
        raise ValueError(f"{len(price)} sales have as many labels, not {len(groups)}")
    labels, place = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    studies, too_few = {}, {}
    grouped = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    for label, members in zip(labels, grouped, strict=True):
        count = len(members)
        if count < fewest:
            too_few[str(label)] = count
        else:
            studies[str(label)] = ratio_study(value[members], price[members], seed)
    return StudiesByGroup(studies, too_few)


def deciles(amounts: ArrayLike) -> list[str]:
    """The tenth of the market that each amount belongs to: "01", the cheapest, to "10"; equal amounts share one.

    Which amounts is the caller's choice, and must be told beside the figures: by value, what can be known when a home
    is valued; by `market_value_proxy`, what the standard compares cheap and dear homes by. By price, the cheapest tenth
    looks overvalued under any model, because homes sold below their worth gather there.
    """
    return [f"{number + 1:02d}" for number in percentile_groups(amounts, 10)]
