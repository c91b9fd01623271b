"""Many homes at once are valued by other ways than one: each gets what it gets alone, to the last bit."""

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.valuation_models import ranks
from adapters.valuation_models.kernel.nearest import NearestPoints
from adapters.valuation_models.trees import Tree, TreeEnsemble

FEATURES = 5
THRESHOLDS = np.array([-1e300, -1.0, -5e-324, 0.0, 5e-324, 0.1, 1.0, np.nextafter(1.0, 2.0), 7.5, 1e300])
NUMBERS = np.concatenate([THRESHOLDS, np.nextafter(THRESHOLDS, np.inf), [-0.0, np.nan, np.inf, -np.inf]])


def some_tree(leaves: int, rng: np.random.Generator) -> Tree:
    """Of this many leaves, each grown out of any of those before."""
    count = 2 * leaves - 1
    left = np.arange(count, dtype=np.int32)
    right, depth = left.copy(), np.zeros(count, dtype=np.int64)
    grown = [0]
    for child in range(1, count, 2):
        node = grown.pop(int(rng.integers(len(grown))))
        left[node], right[node] = child, child + 1
        depth[child : child + 2] = depth[node] + 1
        grown += [child, child + 1]
    return Tree(
        feature=rng.integers(FEATURES, size=count).astype(np.int32),
        threshold=rng.choice(THRESHOLDS, count),
        nan_left=rng.random(count) < 0.5,
        left=left,
        right=right,
        value=rng.normal(size=count),
        cover=np.ones(count),
        depth=int(depth.max()),
    )


@pytest.mark.parametrize("most_thresholds", [ranks.MOST_THRESHOLDS, 3])
def test_a_row_falls_into_the_same_leaves_among_others_as_alone(
    most_thresholds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "MOST_THRESHOLDS", most_thresholds)
    rng = np.random.default_rng(0)
    trees = [some_tree(leaves, rng) for leaves in (1, 2, 16, 17, 31, 32, 33, 200, 24, 1, 8) for _ in range(4)]
    ensemble = TreeEnsemble.of(trees, base=0.1)
    matrix = rng.choice(NUMBERS, (1_100, FEATURES))
    alone = np.array([ensemble.predict(row[np.newaxis])[0] for row in matrix])
    for many in (49, 63, 64, 65, 1_024, 1_100):
        assert np.array_equal(ensemble.predict(matrix[:many]), alone[:many])
    assert np.array_equal(pickle.loads(pickle.dumps(ensemble)).predict(matrix), alone)  # noqa: S301


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_place_has_the_same_nearest_points_whatever_was_asked_before(dimensions: int) -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([np.zeros((90, dimensions)), rng.normal(size=(300, dimensions)).round(1)])
    jumps = [points[:60], points[::7], rng.normal(size=(60, dimensions)), np.full((1, dimensions), 1e200)]
    jumps += [np.full((2, dimensions), -1e160), np.full((1, dimensions), 1e-170), np.zeros((1, dimensions))]
    places = np.concatenate(jumps)
    search = NearestPoints(points)
    for count in (1, 2, 30, 150, 390):
        squares, rows = search.nearest(places, count)
        expected = np.array([nearest_of_all(points, place, count) for place in places])
        assert np.array_equal(rows, expected)
        with np.errstate(over="ignore"):
            apart = points[rows] - places[:, np.newaxis]
            assert np.array_equal(squares, sum(apart[..., d] ** 2 for d in range(dimensions)))


def nearest_of_all(points: NDArray[np.float64], place: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    with np.errstate(over="ignore"):
        squares = sum((points[:, d] - place[d]) ** 2 for d in range(points.shape[1]))
    return np.lexsort((np.arange(len(points)), squares))[:count]
