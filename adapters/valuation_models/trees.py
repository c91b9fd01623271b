"""Ensembles of regression trees as flat arrays, walked with numpy alone.

scikit-learn's estimators take milliseconds for one row and seconds to import; their trees are small tables. All trees
of an ensemble stand in one set of arrays and are walked side by side, a level at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import Matrix, Vector

_ROWS_AT_ONCE = 256


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


@dataclass(frozen=True, slots=True)
class TreeEnsemble:
    """Trees side by side: the value of a row is `base` plus the sum of the leaves that it falls into.

    roots and depths: shape (trees,), the shallow trees first; the other arrays as in Tree, of shape (all nodes,).
    """

    roots: NDArray[np.int32]
    depths: NDArray[np.int32]
    nodes: Tree
    base: float

    @classmethod
    def of(cls, trees: Sequence[Tree], base: float) -> "TreeEnsemble":
        """The ensemble of `trees`, whose values are summed."""
        trees = sorted(trees, key=lambda tree: tree.depth)
        starts = np.cumsum([0] + [len(tree.feature) for tree in trees])[:-1].astype(np.int32)
        nodes = Tree(
            feature=np.concatenate([tree.feature for tree in trees]),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            nan_left=np.concatenate([tree.nan_left for tree in trees]),
            left=np.concatenate([tree.left + start for tree, start in zip(trees, starts, strict=True)]),
            right=np.concatenate([tree.right + start for tree, start in zip(trees, starts, strict=True)]),
            value=np.concatenate([tree.value for tree in trees]),
            cover=np.concatenate([tree.cover for tree in trees]),
            depth=trees[-1].depth,
        )
        return cls(starts, np.array([tree.depth for tree in trees], dtype=np.int32), nodes, base)

    def predict(self, matrix: Matrix) -> Vector:
        """The values of the rows of `matrix`, shape (n, features) -> (n,)."""
        chunks = [
            self._predict(matrix[start : start + _ROWS_AT_ONCE]) for start in range(0, len(matrix), _ROWS_AT_ONCE)
        ]
        return np.concatenate(chunks) if chunks else np.empty(0)

    def _predict(self, matrix: Matrix) -> Vector:
        nodes = self.nodes
        rows = np.arange(len(matrix))[:, np.newaxis]
        at = np.repeat(self.roots[np.newaxis, :], len(matrix), axis=0)
        has_nan = bool(np.isnan(matrix).any())
        for level in range(nodes.depth):
            deeper = slice(int(np.searchsorted(self.depths, level, side="right")), None)
            here = at[:, deeper]
            number = matrix[rows, nodes.feature[here]]
            goes_left = number <= nodes.threshold[here]
            if has_nan:
                goes_left |= np.isnan(number) & nodes.nan_left[here]
            at[:, deeper] = np.where(goes_left, nodes.left[here], nodes.right[here])
        # A row's leaves lie side by side in memory, so that their sum is the same however many rows there are.
        return np.asarray(self.base + np.ascontiguousarray(nodes.value[at]).sum(axis=1))


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
