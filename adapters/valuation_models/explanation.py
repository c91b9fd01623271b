"""Shapley values of a tree ensemble, exact, in the fields that a client knows, with numpy alone.

An ensemble is a sum over its leaves: each gives its value v to the rows that meet the conditions on its path. Columns
made of the same fields play as one player, so that a leaf is a game of few players. Let o_j be 1 where the row meets
all conditions on player j's columns, else 0, and z_j what stands for it while j is absent: a coalition S is worth
v * prod(o_j for j in S) * prod(z_j for j not in S). The Shapley value of i is then, by Owen's multilinear extension,

    v * (o_i - z_i) * integral from 0 to 1 of prod(z_j + (o_j - z_j) * t for j != i) dt,

a polynomial of a degree below the number of players, which Gauss and Legendre's quadrature integrates exactly. The
values of a sum of games are the sums of their values.

Owen, "Multilinear Extensions of Games", Management Science 18 (1972). Lundberg et al., "From local explanations to
global understanding with explainable AI for trees", Nature Machine Intelligence 2 (2020), has the two games that are
played here. Yu et al., "Linear TreeShap", NeurIPS 2022, use the same polynomials node by node.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import factorial
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import Matrix, Vector
from adapters.valuation_models.trees import Tree, TreeEnsemble

_LEAVES_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class _Leaves:
    """Leaves whose paths have the same number of players.

    values: shape (leaves,). players: which they are, and shares: the part of the training weight that met all of a
    player's conditions; both of shape (players of a leaf, leaves).

    The conditions, of shape (conditions,): the number in `columns` is above `lows` (NaN: no bound) and at most `highs`,
    or is NaN where `nan_passes`. `places` says to which player of which leaf each belongs, in the flattened shape.
    """

    values: Vector
    players: NDArray[np.int32]
    shares: Matrix
    columns: NDArray[np.int32]
    lows: Vector
    highs: Vector
    nan_passes: NDArray[np.bool_]
    places: NDArray[np.int32]

    def met(self, row: Vector) -> NDArray[np.bool_]:
        """Whether `row`, shape (columns of the matrix,), meets all conditions: shape (players of a leaf, leaves)."""
        numbers = row[self.columns]
        missed = ~(numbers <= self.highs)
        missed |= numbers <= self.lows
        if np.isnan(row).any():
            missed &= ~(np.isnan(numbers) & self.nan_passes)
        met = np.ones(self.players.size, dtype=np.bool_)
        met[self.places[missed]] = False
        return met.reshape(self.players.shape)


@dataclass(frozen=True, slots=True)
class _Paths:
    """All leaves of an ensemble, and its expectation over the training weights."""

    blocks: tuple[_Leaves, ...]
    base: float


class TreeExplainer:
    """Shapley values of a tree ensemble, credited to the fields that its columns are made of.

    fields_of_columns: for each column of the matrix, the fields that it is made of. Columns of the same fields are one
    player of the game. `fields` are all of these, in the order in which they first appear. Raises ValueError where a
    column is made of nothing, or the trees ask for a column that is not named.

    The paths of the trees are prepared when they are first needed, and never pickled. Safe to use from many threads.
    """

    def __init__(self, trees: TreeEnsemble, fields_of_columns: Sequence[tuple[str, ...]]) -> None:
        if not all(fields_of_columns):
            raise ValueError("Every column must be made of at least one field.")
        if trees.nodes.feature.max(initial=0) >= len(fields_of_columns):
            raise ValueError(
                f"The trees ask for more columns than the {len(fields_of_columns)} whose fields are named."
            )
        self._trees = trees
        self._fields_of_columns = tuple(fields_of_columns)
        self.fields = tuple(dict.fromkeys(chain.from_iterable(fields_of_columns)))
        self._players = tuple(dict.fromkeys(self._fields_of_columns))
        number = {fields: number for number, fields in enumerate(self._players)}
        self._player_of_column = np.array([number[fields] for fields in self._fields_of_columns], dtype=np.int32)
        self._prepared: _Paths | None = None
        self._lock = Lock()

    def __reduce__(self) -> tuple[type["TreeExplainer"], tuple[TreeEnsemble, tuple[tuple[str, ...], ...]]]:
        return TreeExplainer, (self._trees, self._fields_of_columns)

    @property
    def base(self) -> float:
        """The value that the ensemble expects where nothing is known: the mean of its leaves by training weight."""
        return self._paths().base

    def contributions(self, row: Vector) -> Vector:
        """What each field brings to the value of `row`, shape (columns,) -> (fields,).

        With `base`, they add up to what the ensemble predicts for the row. An absent player's conditions are met by the
        part of the training weight that met them on the same path (the path-dependent game of TreeSHAP). Where a
        column is made of several fields, each is credited with an equal part.
        """
        values = np.zeros(len(self._players))
        for leaves in self._paths().blocks:
            absent = leaves.shares
            gains = leaves.met(row) - absent
            moments = np.zeros_like(gains)
            for point, weight in zip(*_quadrature(len(gains)), strict=True):
                moments += weight * _products_of_the_others(absent + gains * point)
            parts = leaves.values * gains * moments
            values += np.bincount(leaves.players.ravel(), weights=parts.ravel(), minlength=len(values))
        return self._by_field(values, self.fields)

    def steps(self, row: Vector, baseline: Vector, changed: Collection[str]) -> Vector:
        """What each field brings on the way from `baseline` to `row`, each of shape (columns,), -> (fields,).

        They add up to what the ensemble predicts for `row` less what it predicts for `baseline`. An absent player has
        the baseline's columns. Where a column is made of several fields, those of them that `changed` are credited with
        equal parts; all other fields get exactly 0. (Columns that differ though none of their fields did are credited
        to all of these, so that the sum holds.)
        """
        leaves, gained, lost = self._reach(row, baseline)
        ours, theirs = gained.sum(axis=1), lost.sum(axis=1)
        weights = _unanimity_weights(int((ours + theirs).max()))
        by_row, by_baseline = weights[ours, theirs][:, np.newaxis], weights[theirs, ours][:, np.newaxis]
        parts = self._trees.nodes.value[leaves][:, np.newaxis] * (gained * by_row - lost * by_baseline)
        return self._by_field(parts.sum(axis=0), changed)

    def _reach(self, row: Vector, baseline: Vector) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
        """The leaves that mixtures of the two rows reach: these, and the players that must have come from either.

        Shapes (leaves,), (leaves, players) and (leaves, players). A player of whom it is indifferent is in neither.
        """
        nodes = self._trees.nodes
        at = self._trees.roots
        gained = np.zeros((len(at), len(self._players)), dtype=np.bool_)
        lost = gained
        reached = []
        while len(at):
            leaf = nodes.left[at] == at
            reached.append((at[leaf], gained[leaf], lost[leaf]))
            at, gained, lost = at[~leaf], gained[~leaf], lost[~leaf]
            player = self._player_of_column[nodes.feature[at]]
            ours, theirs = _next(nodes, at, row), _next(nodes, at, baseline)
            everyone = np.arange(len(at))
            split = ours != theirs
            # Where the ways part, a player who came from one row cannot also take the way of the other.
            to_ours = np.flatnonzero(split & ~lost[everyone, player])
            to_theirs = np.flatnonzero(split & ~gained[everyone, player])
            on = np.concatenate([np.flatnonzero(~split), to_ours, to_theirs])
            at = np.concatenate([ours[~split], ours[to_ours], theirs[to_theirs]])
            gained, lost = gained[on], lost[on]
            from_theirs = len(on) - len(to_theirs)
            from_ours = from_theirs - len(to_ours)
            gained[np.arange(from_ours, from_theirs), player[to_ours]] = True
            lost[np.arange(from_theirs, len(on)), player[to_theirs]] = True
        return (
            np.concatenate([leaves for leaves, _, _ in reached]),
            np.concatenate([gained for _, gained, _ in reached]),
            np.concatenate([lost for _, _, lost in reached]),
        )

    def credited(self, effects: Vector, creditable: Collection[str] | None = None) -> Vector:
        """Effects of the columns of the matrix, shape (columns,), credited to the fields as `steps` does: (fields,)."""
        values: Vector = np.bincount(self._player_of_column, effects, len(self._players)).astype(np.float64)
        return self._by_field(values, self.fields if creditable is None else creditable)

    def _by_field(self, values: Vector, creditable: Collection[str]) -> Vector:
        place = {field: number for number, field in enumerate(self.fields)}
        credited = np.zeros(len(self.fields))
        for player, value in zip(self._players, values, strict=True):
            fields = [field for field in player if field in creditable] or player
            for field in fields:
                credited[place[field]] += value / len(fields)
        return credited

    def _paths(self) -> _Paths:
        if self._prepared is None:
            with self._lock:
                if self._prepared is None:
                    self._prepared = _paths_of(self._trees, self._player_of_column)
        return self._prepared


def _next(nodes: Tree, at: NDArray[np.int32], row: Vector) -> NDArray[np.int32]:
    """The child to which `row` goes on from each of these nodes."""
    number = row[nodes.feature[at]]
    goes_left = (number <= nodes.threshold[at]) | (np.isnan(number) & nodes.nan_left[at])
    return np.where(goes_left, nodes.left[at], nodes.right[at])


@cache
def _quadrature(players: int) -> tuple[Vector, Vector]:
    """Points and weights that integrate polynomials of a degree below `players` exactly from 0 to 1."""
    points, weights = np.polynomial.legendre.leggauss((players + 1) // 2)
    return (points + 1) / 2, weights / 2


def _products_of_the_others(factors: Matrix) -> Matrix:
    """For each factor the product of the others in its column, shape (players, leaves); factors may be 0."""
    products = np.ones_like(factors)
    np.cumprod(factors[:-1], axis=0, out=products[1:])
    after = factors[-1].copy()
    for place in range(len(factors) - 2, -1, -1):
        products[place] *= after
        after *= factors[place]
    return products


def _unanimity_weights(players: int) -> Matrix:
    """(a - 1)! m! / (a + m)! at [a, m]: of a who must be present and m who must not, the part of each of the a."""
    weights = np.zeros((players + 1, players + 1))
    for present in range(1, players + 1):
        for absent in range(players + 1 - present):
            weights[present, absent] = factorial(present - 1) * factorial(absent) / factorial(present + absent)
    return weights


def _paths_of(trees: TreeEnsemble, player_of_column: NDArray[np.int32]) -> _Paths:
    """The leaves of `trees` with all that is asked on the way to them."""
    nodes = trees.nodes
    itself = np.arange(len(nodes.left))
    inner = np.flatnonzero(nodes.left != itself)
    leaves = np.flatnonzero(nodes.left == itself)
    parent = np.full(len(itself), -1)
    parent[nodes.left[inner]] = inner
    parent[nodes.right[inner]] = inner
    blocks: list[_Leaves] = []
    base = trees.base
    for start in range(0, len(leaves), _LEAVES_AT_ONCE):
        some = leaves[start : start + _LEAVES_AT_ONCE]
        base += float(nodes.value[some[parent[some] < 0]].sum())
        blocks += _blocks_of(trees, parent, some, player_of_column)
    base += sum(float((block.values * block.shares.prod(axis=0)).sum()) for block in blocks)
    return _Paths(tuple(blocks), base)


def _blocks_of(
    trees: TreeEnsemble, parent: NDArray[np.int64], leaves: NDArray[np.int64], player_of_column: NDArray[np.int32]
) -> list[_Leaves]:
    """`leaves`, by the number of players on their paths; those that are roots have none and are left out."""
    nodes = trees.nodes
    leaf, node = _steps_to(leaves, parent)
    if not len(leaf):
        return []
    # Side by side: the steps to one leaf, among them those on one player's columns, among them those on one column.
    rank = np.empty(len(player_of_column), dtype=np.int64)
    rank[np.argsort(player_of_column, kind="stable")] = np.arange(len(rank))
    key = leaf * len(rank) + rank[nodes.feature[parent[node]]]
    order = np.argsort(key, kind="stable")
    key, leaf, node = key[order], leaf[order], node[order]
    above = parent[node]
    column = nodes.feature[above]
    player = player_of_column[column]
    first_of_column = _changes(key)
    first_of_player = np.union1d(_changes(leaf), _changes(player))

    goes_left = nodes.left[above] == node
    low = np.fmax.reduceat(np.where(goes_left, np.nan, nodes.threshold[above]), first_of_column)
    high = np.fmin.reduceat(np.where(goes_left, nodes.threshold[above], np.inf), first_of_column)
    nan_passes = np.logical_and.reduceat(goes_left == nodes.nan_left[above], first_of_column)
    column = column[first_of_column]
    game = np.searchsorted(first_of_player, first_of_column, side="right") - 1  # a player at a leaf

    # Where no training weight came by, neither side is likelier.
    weight = nodes.cover[above]
    share = np.divide(nodes.cover[node], weight, out=np.full(len(node), 0.5), where=weight > 0)
    share = np.multiply.reduceat(share, first_of_player)
    player, leaf = player[first_of_player], leaf[first_of_player]

    blocks = []
    players_at = np.bincount(leaf, minlength=len(leaves))
    for count in np.unique(players_at[players_at > 0]):
        chosen = np.flatnonzero(players_at == count)
        games = np.flatnonzero(players_at[leaf] == count)
        place = np.empty(len(leaf), dtype=np.int32)
        place[games] = np.arange(len(games)).reshape(count, len(chosen)).T.ravel()
        asked = players_at[leaf[game]] == count
        blocks.append(
            _Leaves(
                values=nodes.value[leaves[chosen]],
                players=np.ascontiguousarray(player[games].reshape(len(chosen), count).T),
                shares=np.ascontiguousarray(share[games].reshape(len(chosen), count).T),
                columns=column[asked],
                lows=low[asked],
                highs=high[asked],
                nan_passes=nan_passes[asked],
                places=place[game[asked]],
            )
        )
    return blocks


def _steps_to(leaves: NDArray[np.int64], parent: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All nodes below a root on the ways to `leaves`, each with the place of its leaf among them."""
    place, node = np.arange(len(leaves)), leaves
    places, nodes = [], []
    while True:
        below_root = parent[node] >= 0
        place, node = place[below_root], node[below_root]
        places.append(place)
        nodes.append(node)
        if not len(node):
            return np.concatenate(places), np.concatenate(nodes)
        node = parent[node]


def _changes(numbers: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    """Where a new number starts, among numbers of which equal ones stand side by side."""
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
