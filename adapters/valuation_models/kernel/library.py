"""The shared library that `hatch_build.py` makes of the C files here, and its structures.

kernel.h explains them. Arrays are handed over by their addresses: whoever fills a structure keeps its arrays alive, and
has checked that what they refer to lies within them.
"""

import ctypes
from collections.abc import Callable
from ctypes import POINTER, byref, c_char, c_double, c_int32, c_int64, c_uint64, c_void_p
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.kernel.digest import FOLDER, sources_digest
from domain.errors import InstallationIncomplete

FILE = FOLDER / "kernel.so"
_NO_NUMBER = 2
_MEND = "install Tasador again (`make run`, or `pip install` of its folder)"

NODE = np.dtype([("key", "<i8"), ("child", "<i4"), ("feature", "<i2"), ("nan_left", "<i2")])
"""A node of a tree, as in kernel.h."""

RANKED_NODE = np.dtype([("below", "<u4"), ("rank", "<u2"), ("column", "<u2")])
"""A node of a tree for many rows, as in kernel.h."""

RANKED_COLUMN = np.dtype([("first", "<i8"), ("last", "<i8"), ("feature", "<i4"), ("nan_left", "<i4")])
"""A column of ranks, as in kernel.h."""

SPLIT = np.dtype([("rank", "<i2"), ("column", "<u2"), ("gone", "<u2")])
"""What a row cannot fall into, as in kernel.h."""

BUSH = np.dtype([("splits", "<i4"), ("leaves", "<i4"), ("count", "<i4", 2)])
"""A small tree for many rows, as in kernel.h."""

MOST_LEAVES = 32
"""Of a bush, as in kernel.h."""

STAGE = np.dtype([("share", "<f8"), ("expected", "<f8"), ("below", "<u8")])
"""Of a node, what games need, as in kernel.h."""

(NUMBER, SHARE, SHARE_OF_AT_LEAST_ONE, TURNED, CODED, NEIGHBOURHOOD, LOCAL_ERRORS) = range(7)
"""Kinds of columns, as in kernel.h."""


class Ensemble(ctypes.Structure):
    """Trees side by side."""

    _fields_ = (
        ("nodes", c_void_p),
        ("values", c_void_p),
        ("roots", c_void_p),
        ("trees", c_int64),
        ("features", c_int64),
        ("base", c_double),
        ("ranking", c_void_p),
    )


class Ranking(ctypes.Structure):
    """An ensemble for many rows."""

    _fields_ = (
        ("thresholds", c_void_p),
        ("columns", c_void_p),
        ("column_count", c_int64),
        ("nodes", c_void_p),
        ("splits", c_void_p),
        ("leaves", c_void_p),
        ("bushes", c_void_p),
    )


class Points(ctypes.Structure):
    """Points in a tree of boxes."""

    _fields_ = (
        ("coordinates", c_void_p),
        ("rows", c_void_p),
        ("boxes", c_void_p),
        ("points", c_int64),
        ("dimensions", c_int64),
    )


class Places(ctypes.Structure):
    """Sales on the unit sphere."""

    _fields_ = (
        ("everywhere", POINTER(Points)),
        ("sectors", POINTER(Points)),
        ("latitudes", c_void_p),
        ("longitudes", c_void_p),
    )


class Plane(ctypes.Structure):
    """Kilometres east and north of a centre."""

    _fields_ = (
        ("latitude", c_int64),
        ("longitude", c_int64),
        ("centre_latitude", c_double),
        ("centre_longitude", c_double),
        ("km_per_latitude", c_double),
        ("km_per_longitude", c_double),
    )


class Neighbourhood(ctypes.Structure):
    """What is known around a place."""

    _fields_ = (
        ("plane", Plane),
        ("points", Points),
        ("figures", c_void_p),
        ("market", c_void_p),
        ("figure_count", c_int64),
        ("attributes", c_void_p),
        ("own", c_void_p),
        ("attribute_count", c_int64),
        ("nearest", c_void_p),
        ("nearest_count", c_int64),
        ("radii", c_void_p),
        ("radius_count", c_int64),
        ("far", c_void_p),
        ("far_count", c_int64),
        ("alike", c_int64),
        ("prior", c_double),
    )


class Column(ctypes.Structure):
    """One or more columns of a matrix."""

    _fields_ = (
        ("kind", c_int64),
        ("width", c_int64),
        ("a", c_int64),
        ("b", c_int64),
        ("centre", c_double),
        ("scale", c_double),
        ("numbers", c_void_p),
        ("plane", POINTER(Plane)),
        ("around", POINTER(Neighbourhood)),
    )


class Columns(ctypes.Structure):
    """All columns of a matrix."""

    _fields_ = (
        ("columns", POINTER(Column)),
        ("count", c_int64),
        ("width", c_int64),
        ("numbers", c_int64),
        ("codes", c_int64),
    )


class Model(ctypes.Structure):
    """Columns, trees and perhaps a line."""

    _fields_ = (
        ("columns", POINTER(Columns)),
        ("ensemble", POINTER(Ensemble)),
        ("slopes", c_void_p),
        ("lowest", c_void_p),
        ("highest", c_void_p),
    )


class Games(ctypes.Structure):
    """What the games on an ensemble need."""

    _fields_ = (
        ("ensemble", POINTER(Ensemble)),
        ("player", c_void_p),
        ("stages", c_void_p),
        ("most_players", c_void_p),
        ("nodes", c_int64),
        ("players", c_int64),
    )


class Quadrature(ctypes.Structure):
    """Points and weights."""

    _fields_ = (("points", c_void_p), ("weights", c_void_p), ("count", c_int64))


class Library:
    """The functions of the kernel. Each takes addresses.

    Those that may fail raise MemoryError, or ValueError for a place that is no number.
    """

    def __init__(self, loaded: ctypes.CDLL) -> None:
        self.ensemble_values = _fallible(loaded.ensemble_values, c_void_p, c_void_p, c_int64, c_int64, c_void_p)
        self.ranking_prepare = _fallible(loaded.ranking_prepare, c_void_p, c_void_p, c_int64)
        self.columns_write = _fallible(loaded.columns_write, c_void_p, c_void_p, c_void_p, c_int64, c_void_p, c_int64)
        self.model_figures = _fallible(loaded.model_figures, c_void_p, c_void_p, c_void_p, c_int64, c_void_p)
        self.games_prepare = _fallible(loaded.games_prepare, c_void_p)
        self.games_contributions = _fallible(loaded.games_contributions, c_void_p, c_void_p, c_void_p, c_void_p)
        self.games_steps = _fallible(loaded.games_steps, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
        self.places_distances = _fallible(loaded.places_distances, c_void_p, c_void_p, c_void_p, c_int64, c_void_p)
        self.points_boxes = _function(loaded.points_boxes, c_int64, c_int64)
        self.points_sort = _fallible(loaded.points_sort, c_void_p)
        self.points_nearest = _fallible(loaded.points_nearest, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_void_p)


@cache
def library() -> Library:
    """The kernel, loaded once. Raises InstallationIncomplete where it was not built, or not from the sources here."""
    try:
        loaded = ctypes.CDLL(str(FILE))
        built_from = _function(loaded.kernel_sources, c_uint64)()
    except (OSError, AttributeError) as error:
        raise InstallationIncomplete(
            f"The native part of Tasador, {FILE.name}, cannot be loaded ({error}): {_MEND}."
        ) from error
    if built_from != sources_digest():
        raise InstallationIncomplete(f"The native part of Tasador, {FILE.name}, is of other sources: {_MEND}.")
    return Library(loaded)


def address(array: NDArray[Any], kind: Any = np.float64) -> int:
    """Where the first element of an array lies. Raises ValueError unless its numbers of this kind lie side by side."""
    if array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"The kernel wants {np.dtype(kind)} side by side, and not {array.dtype}.")
    return array.ctypes.data


def lent(array: Any) -> Any:
    """A contiguous numpy array, lent to a function of the kernel for one call: four times as fast as its address."""
    if not array.size:
        return None
    return byref(c_char.from_buffer(array)) if array.flags.writeable else array.ctypes.data


def _fallible(function: Any, *arguments: Any) -> Callable[..., int]:
    checked = _function(function, c_int32, *arguments)
    checked.errcheck = _raise_failure  # type: ignore[attr-defined]
    return checked


def _function(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


def _raise_failure(result: int, _: Any, __: Any) -> int:
    if result == _NO_NUMBER:
        raise ValueError("A place is no number: nothing is near to it.")
    if result:
        raise MemoryError
    return result
