"""Shapley values of a tree ensemble, exact, in the fields that a client knows; kernel/shapley.c does the sums.

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
from ctypes import addressof, pointer
from functools import cache
from itertools import chain
from math import factorial

import numpy as np

from adapters.valuation_models.columns import Matrix, Vector
from adapters.valuation_models.kernel.library import STAGE, Games, Quadrature, address, lent, library
from adapters.valuation_models.trees import TreeEnsemble

_POINTS = (2, 3, 4, 5, 6, 8, 64)
"""Of the kernel's quadratures: each is exact for twice as many players on one path."""


class TreeExplainer:
    """Shapley values of a tree ensemble, credited to the fields that its columns are made of.

    fields_of_columns: for each column of the matrix, the fields that it is made of. Columns of the same fields are one
    player of the game. `fields` are all of these, in the order in which they first appear. Raises ValueError where a
    column is made of nothing, or the trees ask for a column that is not named.

    base: the value that the ensemble expects where nothing is known: the mean of its leaves by training weight.

    Safe to use from many threads.
    """

    def __init__(self, trees: TreeEnsemble, fields_of_columns: Sequence[tuple[str, ...]]) -> None:
        if not all(fields_of_columns):
            raise ValueError("Every column must be made of at least one field.")
        if trees.columns > len(fields_of_columns):
            raise ValueError(
                f"The trees ask for more columns than the {len(fields_of_columns)} whose fields are named."
            )
        self._trees = trees
        self._fields_of_columns = tuple(fields_of_columns)
        self.fields = tuple(dict.fromkeys(chain.from_iterable(fields_of_columns)))
        self._players = tuple(dict.fromkeys(self._fields_of_columns))
        number = {fields: number for number, fields in enumerate(self._players)}
        self._player_of_column = np.array([number[fields] for fields in self._fields_of_columns], dtype=np.int32)
        self._stages = np.zeros(len(trees.packed), dtype=STAGE)
        self._stages["share"] = _shares_of(trees)
        self._most_players = np.empty(len(trees.roots), dtype=np.int32)
        self._games = Games(
            pointer(trees.native),
            address(self._player_of_column, np.int32),
            address(self._stages, STAGE),
            address(self._most_players, np.int32),
            len(trees.packed),
            len(self._players),
        )
        self._games_address = addressof(self._games)
        library().games_prepare(self._games_address)
        self.base = trees.base + float(self._stages["expected"][trees.roots].sum())
        self._gauss = [_gauss_legendre(count) for count in _POINTS]
        self._quadratures = (Quadrature * len(self._gauss))(
            *(Quadrature(address(points), address(weights), len(points)) for points, weights in self._gauss)
        )
        self._quadratures_address = addressof(self._quadratures)
        self._unanimity = _unanimity_weights(len(self._players))
        self._unanimity_address = address(self._unanimity)

    def __reduce__(self) -> tuple[type["TreeExplainer"], tuple[TreeEnsemble, tuple[tuple[str, ...], ...]]]:
        return TreeExplainer, (self._trees, self._fields_of_columns)

    def contributions(self, row: Vector) -> Vector:
        """What each field brings to the value of `row`, shape (columns,) -> (fields,).

        With `base`, they add up to what the ensemble predicts for the row. An absent player's conditions are met by the
        part of the training weight that met them on the same path (the path-dependent game of TreeSHAP). Where a
        column is made of several fields, each is credited with an equal part.
        """
        row, values = self._whole(row), np.zeros(len(self._players))
        library().games_contributions(self._games_address, lent(row), self._quadratures_address, lent(values))
        return self._by_field(values, self.fields)

    def steps(self, row: Vector, baseline: Vector, changed: Collection[str]) -> Vector:
        """What each field brings on the way from `baseline` to `row`, each of shape (columns,), -> (fields,).

        They add up to what the ensemble predicts for `row` less what it predicts for `baseline`. An absent player has
        the baseline's columns. Where a column is made of several fields, those of them that `changed` are credited with
        equal parts; all other fields get exactly 0. (Columns that differ though none of their fields did are credited
        to all of these, so that the sum holds.)
        """
        row, baseline, values = self._whole(row), self._whole(baseline), np.zeros(len(self._players))
        library().games_steps(self._games_address, lent(row), lent(baseline), self._unanimity_address, lent(values))
        return self._by_field(values, changed)

    def _whole(self, row: Vector) -> Vector:
        """The row as the kernel takes it. Raises ValueError for one of other columns."""
        if row.shape != (len(self._fields_of_columns),):
            raise ValueError(f"A row has {len(self._fields_of_columns)} columns, and not {row.shape}.")
        return np.ascontiguousarray(row, dtype=np.float64)

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


def _shares_of(trees: TreeEnsemble) -> Vector:
    """Of the training weight that reached the parent of a node, the part that reached it; of a root, all: (nodes,)."""
    child = trees.packed["child"]
    inner = np.flatnonzero(child != np.arange(len(child)))
    shares = np.ones(len(child))
    for side in (0, 1):
        below = child[inner] + side
        # Where no training weight came by, neither side is likelier.
        weight = trees.cover[inner]
        shares[below] = np.divide(trees.cover[below], weight, out=np.full(len(inner), 0.5), where=weight > 0)
    return shares


@cache
def _gauss_legendre(count: int) -> tuple[Vector, Vector]:
    """Points and weights that integrate polynomials of a degree below 2 `count` exactly from 0 to 1."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


def _unanimity_weights(players: int) -> Matrix:
    """(a - 1)! m! / (a + m)! at [a, m]: of a who must be present and m who must not, the part of each of the a."""
    weights = np.zeros((players + 1, players + 1))
    for present in range(1, players + 1):
        for absent in range(players + 1 - present):
            weights[present, absent] = factorial(present - 1) * factorial(absent) / factorial(present + absent)
    return weights
