"""Ensembles of regression trees as flat arrays, walked by the kernel.

scikit-learn's estimators take milliseconds for one row and seconds to import; their trees are small tables.
"""

from collections.abc import Sequence
from ctypes import addressof
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import Matrix, Vector
from adapters.valuation_models.kernel.library import NODE, Ensemble, address, lent, library
from adapters.valuation_models.ranks import Ranks

_LEAF = np.int64(np.iinfo(np.int64).max)
"""The key of a leaf: no row goes on from it."""
_DEEPEST = 2_000
_FEW_ROWS = 48  # as in trees.c
_MOST_COLUMNS = np.iinfo(np.int16).max


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: arrays of shape (nodes,), the root first. A leaf is its own left and right child.

    A row goes left where its feature is at most the threshold, or is NaN and `nan_left` holds. `cover` is the weight of
    the training rows that reached each node.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    nan_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]
    depth: int

    def scaled(self, factor: float) -> "Tree":
        """The same tree with its values times `factor`."""
        return replace(self, value=self.value * factor)

    def on(self, columns: NDArray[np.int64]) -> "Tree":
        """The same tree, its feature j standing at `columns[j]` of a wider matrix."""
        return replace(self, feature=columns[self.feature].astype(np.int32))


class TreeEnsemble:
    """Trees side by side: the value of a row is `base` plus the sum of the leaves that it falls into.

    packed: shape (all nodes,), the trees one after another, the shallow ones first; the children of a node stand after
    it, side by side. values (of the leaves) and cover: of the same shape. roots: shape (trees,). Raises ValueError
    where a node refers to what is not there.
    """

    def __init__(
        self,
        roots: NDArray[np.int32],
        packed: NDArray[np.void],
        values: NDArray[np.float64],
        cover: NDArray[np.float64],
        base: float,
    ) -> None:
        self.roots, self.packed, self.values, self.cover, self.base = roots, packed, values, cover, base
        self._check()
        self.columns = int(packed["feature"].max(initial=0)) + 1
        self.native = Ensemble(
            address(packed, NODE), address(values), address(roots, np.int32), len(roots), self.columns, base
        )
        self._native_address = addressof(self.native)
        self._ranks: Ranks | None = None
        self._making_ranks = Lock()

    def expect(self, rows: int) -> None:
        """To be told before the kernel values so many rows: what only many of them need is made the first time."""
        if rows <= _FEW_ROWS or self._ranks:
            return
        with self._making_ranks:  # once only: another thread may be using them
            if not self._ranks:
                self._ranks = Ranks(self.native, self.packed, self.roots)
                self.native.ranking = self._ranks.address

    @classmethod
    def of(cls, trees: Sequence[Tree], base: float) -> "TreeEnsemble":
        """The ensemble of `trees`, whose values are summed."""
        trees = sorted(trees, key=lambda tree: tree.depth)
        starts = np.cumsum([0] + [len(tree.feature) for tree in trees])[:-1]
        orders = [_siblings_together(tree) for tree in trees]
        packed = np.concatenate([_packed(*each) for each in zip(trees, orders, starts.tolist(), strict=True)])
        values, cover = (
            np.concatenate([getattr(tree, name)[order] for tree, order in zip(trees, orders, strict=True)])
            for name in ("value", "cover")
        )
        return cls(starts.astype(np.int32), packed, values, cover, base)

    def __reduce__(self) -> tuple[Any, ...]:
        return TreeEnsemble, (self.roots, self.packed, self.values, self.cover, self.base)

    @property
    def nodes(self) -> Tree:
        """All nodes as those of one tree: arrays of shape (all nodes,)."""
        itself = np.arange(len(self.packed), dtype=np.int32)
        left = self.packed["child"].astype(np.int32)
        leaf = left == itself
        return Tree(
            feature=self.packed["feature"].astype(np.int32),
            threshold=np.where(leaf, 0.0, _numbers_of(self.packed["key"])),
            nan_left=self.packed["nan_left"].astype(np.bool_),
            left=left,
            right=np.where(leaf, itself, left + 1),
            value=self.values,
            cover=self.cover,
            depth=len(self.packed),
        )

    def predict(self, matrix: Matrix) -> Vector:
        """The values of the rows of `matrix`, shape (n, features) -> (n,). Raises ValueError for too few features."""
        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        if matrix.shape[1] < self.columns:
            raise ValueError(f"The trees ask for {self.columns} columns, and not for {matrix.shape[1]}.")
        values = np.empty(len(matrix))
        self.expect(len(matrix))
        library().ensemble_values(self._native_address, lent(matrix), matrix.shape[1], len(matrix), lent(values))
        return values

    def _check(self) -> None:
        """All that walks from a root ends in a leaf of its own tree, and each node is reached on one way alone."""
        count, child = len(self.packed), self.packed["child"].astype(np.int64)
        itself = np.arange(count)
        inner = np.flatnonzero(child != itself)
        ends = np.append(self.roots[1:], count)
        below = np.concatenate([child[inner], child[inner] + 1])
        sound = (
            len(self.values) == len(self.cover) == count
            and len(self.roots) > 0
            and self.roots[0] == 0
            and bool((np.diff(self.roots) > 0).all())
            and bool((below > np.concatenate([inner, inner])).all())
            and bool((below < np.tile(ends[np.searchsorted(self.roots, inner, side="right") - 1], 2)).all())
            and np.array_equal(np.sort(below), np.setdiff1d(itself, self.roots))
            and bool((self.packed["feature"] >= 0).all())
            and self._depth(child) <= _DEEPEST
        )
        if not sound:
            raise ValueError("The nodes of these trees refer to what is not there.")

    def _depth(self, child: NDArray[np.int64]) -> int:
        """Of the deepest tree; explanations follow it by recursion."""
        level, depth = self.roots.astype(np.int64), 0
        while len(inner := level[child[level] != level]):
            level, depth = np.concatenate([child[inner], child[inner] + 1]), depth + 1
        return depth


def _siblings_together(tree: Tree) -> NDArray[np.int64]:
    """The nodes of a tree in the order in which they are packed: siblings, then all below the left one, then the right.

    Whoever walks the whole tree finds most of it where it just was.
    """
    levels = [np.zeros(1, dtype=np.int64)]
    while len(level := levels[-1]):
        inner = level[tree.left[level] != level]
        levels.append(np.column_stack([tree.left[inner], tree.right[inner]]).ravel())
    inner_nodes = [level[tree.left[level] != level] for level in levels]
    below = np.zeros(len(tree.left), dtype=np.int64)  # how many
    for inner in reversed(inner_nodes):
        below[inner] = 2 + below[tree.left[inner]] + below[tree.right[inner]]
    place, start = np.zeros_like(below), np.ones_like(below)  # its own, and where those below it begin
    for inner in inner_nodes:
        left, right = tree.left[inner], tree.right[inner]
        place[left], place[right] = start[inner], start[inner] + 1
        start[left], start[right] = start[inner] + 2, start[inner] + 2 + below[left]
    return np.argsort(place)


def _packed(tree: Tree, order: NDArray[np.int64], start: int) -> NDArray[np.void]:
    """The nodes in that order, to stand from `start` on."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(start, start + len(order))
    leaf = tree.left[order] == order
    if tree.feature.max(initial=0) > _MOST_COLUMNS:
        raise ValueError(f"Trees ask for at most {_MOST_COLUMNS} columns, and not for {tree.feature.max()}.")
    packed = np.zeros(len(order), dtype=NODE)
    packed["child"] = place[tree.left[order]]
    packed["key"] = np.where(leaf, _LEAF, _keys_of(tree.threshold[order]))
    packed["feature"] = tree.feature[order]
    packed["nan_left"] = leaf | tree.nan_left[order]
    return packed


def _keys_of(numbers: Vector) -> NDArray[np.int64]:
    """Integers in the order of the numbers, none of which is NaN; kernel.h says the same."""
    bits = (numbers + 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & _LEAF)


def _numbers_of(keys: NDArray[np.int64]) -> Vector:
    return (keys ^ ((keys >> 63) & _LEAF)).view(np.float64)


def tree_of_scikit_learn(tree: Any, factor: float) -> Tree:
    """A `sklearn.tree._tree.Tree` of one output, its values times `factor`.

    Such a tree rounds numbers to float32 before it compares them; here, thresholds are moved instead.
    """
    nodes = tree.__getstate__()["nodes"]
    return _tree(
        leaf=nodes["left_child"] < 0,
        feature=nodes["feature"],
        threshold=_before_rounding(nodes["threshold"]),
        nan_left=nodes["missing_go_to_left"],
        left=nodes["left_child"],
        right=nodes["right_child"],
        value=tree.value[:, 0, 0] * factor,
        cover=nodes["weighted_n_node_samples"],
        depth=tree.max_depth,
    )


def _before_rounding(thresholds: Vector) -> Vector:
    """The largest numbers that float32 rounds to at most `thresholds`."""
    lower = thresholds.astype(np.float32)
    lower = np.where(lower > thresholds, np.nextafter(lower, np.float32(-np.inf)), lower)
    halfway = (lower.astype(np.float64) + np.nextafter(lower, np.float32(np.inf)).astype(np.float64)) / 2
    return np.where(halfway.astype(np.float32) <= lower, halfway, np.nextafter(halfway, -np.inf))


def tree_of_histogram_boosting(nodes: NDArray[Any]) -> Tree:
    """The nodes of one predictor of a HistGradientBoostingRegressor without categorical splits."""
    return _tree(
        leaf=nodes["is_leaf"] > 0,
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        nan_left=nodes["missing_go_to_left"],
        left=nodes["left"],
        right=nodes["right"],
        value=nodes["value"],
        cover=nodes["count"],
        depth=nodes["depth"].max(),
    )


def _tree(
    *,
    leaf: NDArray[np.bool_],
    feature: NDArray[Any],
    threshold: NDArray[Any],
    nan_left: NDArray[Any],
    left: NDArray[Any],
    right: NDArray[Any],
    value: NDArray[Any],
    cover: NDArray[Any],
    depth: int,
) -> Tree:
    """A tree whose leaves, which the libraries mark in ways of their own, are their own children."""
    itself = np.arange(len(leaf))
    return Tree(
        feature=np.where(leaf, 0, feature).astype(np.int32),
        threshold=np.where(leaf, 0.0, threshold),
        nan_left=nan_left.astype(np.bool_),
        left=np.where(leaf, itself, left).astype(np.int32),
        right=np.where(leaf, itself, right).astype(np.int32),
        value=value.astype(np.float64),
        cover=cover.astype(np.float64),
        depth=int(depth),
    )
