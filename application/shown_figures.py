"""Figures of many sales as they are shown: what no one can tell apart need not be sent."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_DECIMALS_OF_DEGREES = 6  # a tenth of a metre
_FIGURES_OF_PRICES = 6
_SMALLEST, _LARGEST = -9, 15  # powers of ten; beyond them no price is meant


def shown_degrees(degrees: Vector) -> list[float]:
    """Coordinates to a tenth of a metre."""
    rounded: list[float] = np.round(degrees, _DECIMALS_OF_DEGREES).tolist()
    return rounded


def shown_prices(prices: Vector) -> list[float]:
    """Prices per m2 to as many decimals as give the highest six figures: a currency is worth much, or little."""
    if not len(prices):
        return []
    figures = int(np.floor(np.clip(np.log10(prices.max()), _SMALLEST, _LARGEST))) + 1
    rounded: list[float] = np.round(prices, _FIGURES_OF_PRICES - figures).tolist()
    return rounded
