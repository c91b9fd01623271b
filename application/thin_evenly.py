"""Choosing some of many sales so that a map of them still looks like a map of all."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

_SHARE_FOR_THE_FEW = 4  # a quarter of what is shown goes to regions, however few sales they have
_BITS = 16
_SPREADING = ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555))


def thinned_evenly(latitude: Vector, longitude: Vector, sectors: NDArray[np.int32], most: int) -> Places:
    """The places of `most` of n sales, ascending; all of them where there are no more. The same sales, the same places.

    One is of each sector, and of each cell of a grid in it, as fine as a quarter of `most` allows (of more sectors than
    `most`, one of every so many); the others are spread evenly over all that remain, as they lie on the ground.
    """
    if len(latitude) <= most:
        return np.arange(len(latitude))
    # Along a curve through the grid, cells of any size are runs: what is even along it is even on the ground.
    curve = sectors.astype(np.uint64) << np.uint64(2 * _BITS) | _along_the_curve(latitude, longitude)
    order = np.argsort(curve, kind="stable")
    firsts = _first_of_each_region(curve[order], most)
    others = np.ones(len(order), dtype=np.bool_)
    others[firsts] = False
    rest = np.flatnonzero(others)
    return np.sort(order[np.concatenate([firsts, rest[_evenly(len(rest), most - len(firsts))]])])


def _first_of_each_region(curve: NDArray[np.uint64], most: int) -> Places:
    """Where the regions begin on the sorted `curve`: as small ones as may be, whole sectors at the most."""
    for bits in range(0, 2 * _BITS + 1, 2):
        regions = curve >> np.uint64(bits)
        firsts = np.flatnonzero(np.concatenate([[True], regions[1:] != regions[:-1]]))
        if len(firsts) <= most // _SHARE_FOR_THE_FEW:
            return firsts
    return firsts[_evenly(len(firsts), min(most, len(firsts)))]


def _evenly(count: int, most: int) -> Places:
    """`most` places among `count`, evenly apart."""
    return (2 * np.arange(most) + 1) * count // max(2 * most, 1)


def _along_the_curve(latitude: Vector, longitude: Vector) -> NDArray[np.uint64]:
    """How far along a Z-order curve through the bounds of all points each of them lies (Morton, 1966)."""
    return _spread(_cells(latitude)) << np.uint64(1) | _spread(_cells(longitude))


def _cells(degrees: Vector) -> NDArray[np.uint64]:
    span = float(np.ptp(degrees)) or 1.0
    cells: Vector = (degrees - degrees.min()) / span * (2**_BITS - 1)
    return cells.astype(np.uint64)


def _spread(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers with a nought before each of their bits."""
    for bits, mask in _SPREADING:
        numbers = (numbers | numbers << np.uint64(bits)) & np.uint64(mask)
    return numbers
