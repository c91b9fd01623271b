"""Trees for many rows at once: thresholds and numbers as ranks of 15 bits; ranks.c walks them."""

from ctypes import addressof

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.kernel.library import (
    BUSH,
    MOST_LEAVES,
    RANKED_COLUMN,
    RANKED_NODE,
    SPLIT,
    Ensemble,
    Ranking,
    address,
    library,
)

_HIGHEST = np.iinfo(np.int16).max
MOST_THRESHOLDS = _HIGHEST - 1
"""Of a column: there is a rank above them all, and NaN's above that."""


class Ranks:
    """What the kernel makes of an ensemble whose nodes have been checked, to be kept as long as it uses them.

    A feature has a column of ranks for each 32,766 of its thresholds and for each way that NaN takes.
    """

    def __init__(self, ensemble: Ensemble, packed: NDArray[np.void], roots: NDArray[np.int32]) -> None:
        inner = np.flatnonzero(packed["child"] != np.arange(len(packed)))
        features, keys = packed["feature"][inner].astype(np.int64), packed["key"][inner]
        order = np.argsort(keys)
        order = order[np.argsort(packed["feature"][inner][order], kind="stable")]
        features, keys, nodes = features[order], keys[order], inner[order]
        changed = np.ones(len(nodes), dtype=np.bool_)
        changed[1:] = (np.diff(features) != 0) | (keys[1:] != keys[:-1])
        place = np.cumsum(changed) - 1  # of each node's threshold among all of them
        starts = np.searchsorted(features[changed], np.arange(ensemble.features + 1))
        part, rank = np.divmod(place - starts[features], MOST_THRESHOLDS)
        parts = part.max(initial=0) + 1
        asked = 2 * (features * parts + part) + (packed["nan_left"][nodes] != 0)
        is_asked = np.bincount(asked) > 0
        distinct, column = np.flatnonzero(is_asked), (np.cumsum(is_asked) - 1)[asked]

        columns = np.zeros(len(distinct), dtype=RANKED_COLUMN)
        feature, part = np.divmod(distinct // 2, parts)
        columns["first"] = starts[feature] + part * MOST_THRESHOLDS
        columns["last"] = np.minimum(columns["first"] + MOST_THRESHOLDS, starts[feature + 1])
        columns["feature"], columns["nan_left"] = feature, distinct % 2
        ranked = np.zeros(len(packed), dtype=RANKED_NODE)
        ranked["below"] = packed["child"] - np.arange(len(packed))
        ranked["rank"] = _HIGHEST  # no row goes on from a leaf
        ranked["rank"][nodes], ranked["column"][nodes] = rank, column

        sizes = np.diff(np.append(roots, len(packed)))
        of_bushes = int(sizes[sizes < 2 * MOST_LEAVES].sum())
        thresholds = np.ascontiguousarray(keys[changed])
        splits, leaves, bushes = np.zeros(of_bushes, SPLIT), np.zeros(of_bushes), np.zeros(len(roots), BUSH)
        self._keeps = (thresholds, columns, ranked, splits, leaves, bushes)
        self._native = Ranking(
            address(thresholds, np.int64),
            address(columns, RANKED_COLUMN),
            len(columns),
            address(ranked, RANKED_NODE),
            address(splits, SPLIT),
            address(leaves),
            address(bushes, BUSH),
        )
        self.address = addressof(self._native)
        library().ranking_prepare(self.address, addressof(ensemble), len(packed))
