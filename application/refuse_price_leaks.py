"""Features that determine the price.

A column that was computed from the price (a tax assessed on it, a rank, the price per m2) makes a model look perfect
and be worthless: when a home is to be valued, its price is what is not known.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from application.ports.model_trainer import Extras
from application.sales.layout import SalesLayout
from application.sales.table import PRICE
from domain.errors import PriceLeak
from domain.property import NUMBER_FIELDS

if TYPE_CHECKING:
    import pandas as pd

RANK_CORRELATION = 0.999
LINEAR_CORRELATION = 1 - 1e-9
_ENOUGH_FOR_RANKS = 20
_ENOUGH_FOR_LINES = 4
_MOSTLY = 0.5


def refuse_price_leaks(sales: "pd.DataFrame", layout: SalesLayout) -> None:
    """Raises PriceLeak, naming every feature of `sales` that determines the price.

    A number does if its ranks, or its ranks times an area, are those of the price (Spearman's coefficient beyond 0.999
    in either direction, over 20 sales or more) or if it is a straight line of the price; a category does if it is the
    price in words, or if each of its values stands for one price and each price for one value.
    """
    leaks = list(_leaks(sales, layout.extras))
    if leaks:
        named = "; ".join(f"'{layout.label(name)}' {how}" for name, how in leaks)
        raise PriceLeak(
            f"Not trained: {named}. Whoever asks for a value does not know the price: take it out of data_source.extra "
            "or map another column in data_source.columns."
        )


def _leaks(sales: "pd.DataFrame", extras: Extras) -> Iterator[tuple[str, str]]:
    price = sales[PRICE]
    for name in NUMBER_FIELDS:
        if _follows(sales[name], price):
            yield name, "determines the price"
    for name in extras.numeric:
        if _follows(sales[name], price):
            yield name, "determines the price"
        elif any(_follows(sales[name] * sales[area], price) for area in ("net_usable_area", "net_area")):
            yield name, "is the price per area"
    for name in extras.categorical:
        if _spells(sales[name], price):
            yield name, "determines the price"


def _follows(feature: "pd.Series[float]", price: "pd.Series[float]") -> bool:
    """Whether `feature` is a monotone function of `price`, where it is known."""
    known = feature.notna() & np.isfinite(feature)
    feature, price = feature[known], price[known]
    if feature.nunique() < _ENOUGH_FOR_LINES or price.nunique() < _ENOUGH_FOR_LINES:
        return False
    if abs(feature.corr(price)) >= LINEAR_CORRELATION:
        return True
    if len(feature) < _ENOUGH_FOR_RANKS:
        return False
    return bool(abs(feature.rank().corr(price.rank())) >= RANK_CORRELATION)


def _spells(category: "pd.Series[str]", price: "pd.Series[float]") -> bool:
    import pandas as pd

    known = category.notna()
    category, price = category[known].astype(str), price[known]
    digits = pd.to_numeric(category.str.replace(r"[^0-9]", "", regex=True), errors="coerce")
    if digits.notna().mean() > _MOSTLY and _follows(digits, price):
        return True
    repeated = len(price) - price.nunique()
    return bool(
        repeated >= _ENOUGH_FOR_RANKS
        and price.groupby(category).nunique().max() == 1
        and category.groupby(price).nunique().max() == 1
    )
