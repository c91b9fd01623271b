"""Student's t distribution, as far as confidence intervals need it."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


def central_t(level: float, freedom: int) -> float:
    """The t for which |T| <= t with probability `level`, by `freedom` degrees of freedom.

    To ten digits for a thousand degrees of freedom, to eight for a million.

    With t = sqrt(freedom) tan(a), the probability is the integral of cos(x)^(freedom - 1) from 0 to a, times a
    constant: smooth, so that Gauss's quadrature is exact to rounding, and concave, so that Newton's steps from the
    normal quantile, which is always too small, approach the angle from below. Raises ValueError unless 0 < level < 1
    and freedom >= 1.
    """
    if not 0 < level < 1 or freedom < 1:
        raise ValueError(f"level {level} lies between 0 and 1, and freedom {freedom} is at least 1")
    nodes, weights = _quadrature()
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(NormalDist().inv_cdf((1 + level) / 2) / math.sqrt(freedom))
    for _ in range(100):
        inside = constant * angle * float(weights @ np.cos(angle * (nodes + 1) / 2) ** (freedom - 1))
        step = (level - inside) / (2 * constant * math.cos(angle) ** (freedom - 1))
        angle += step
        if abs(step) <= 1e-13 * angle:
            break
    return math.sqrt(freedom) * math.tan(angle)


@cache
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss's nodes and weights on -1 to 1: a millisecond's work, the same each time."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    return nodes, weights
