"""The same trees in the forms of what evaluates trees: see tree_walkers.py, which compares them."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

Evaluate = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Rival:
    """store writes the trees into a folder in the rival's form; load reads them there, and says how they are valued.

    imports: the module that it needs. installs: what pip would have to bring.
    """

    imports: str
    installs: tuple[str, ...]
    store: Callable[[Any, Path], object]
    load: Callable[[Path], Evaluate]


def store_arrays(trees: Any, folder: Path) -> None:
    """The nodes as plain arrays."""
    nodes = trees.nodes
    arrays = {name: getattr(nodes, name) for name in ("feature", "threshold", "nan_left", "left", "right", "value")}
    np.savez(folder / "arrays.npz", **arrays, roots=trees.roots, base=trees.base)


def arrays_in(folder: Path) -> tuple[np.ndarray, ...]:
    """Feature, threshold, nan_left, left, right, value, roots, base."""
    with np.load(folder / "arrays.npz") as stored:
        return tuple(stored[name] for name in stored.files)


def numpy_walk(folder: Path) -> Evaluate:
    """All rows through all trees, one level at a time."""
    feature, threshold, nan_left, left, right, value, roots, base = arrays_in(folder)

    def evaluate(matrix: np.ndarray) -> np.ndarray:
        at, rows = np.tile(roots, (len(matrix), 1)), np.arange(len(matrix))[:, None]
        while True:
            numbers = matrix[rows, feature[at]]
            goes_left = (numbers <= threshold[at]) | (np.isnan(numbers) & nan_left[at])
            following = np.where(goes_left, left[at], right[at])
            if np.array_equal(following, at):
                return base + value[at].sum(axis=1)
            at = following

    return evaluate


def numba_walk(folder: Path) -> Evaluate:
    """Row by row, tree by tree, as the kernel does; compiled at the first call."""
    from numba import njit

    arrays = arrays_in(folder)

    @njit
    def walk(matrix, feature, threshold, nan_left, left, right, value, roots, base):  # type: ignore[no-untyped-def]
        values = np.empty(len(matrix))
        for row in range(len(matrix)):
            total = base
            for root in roots:
                at = root
                while left[at] != at:
                    number = matrix[row, feature[at]]
                    at = left[at] if number <= threshold[at] or (np.isnan(number) and nan_left[at]) else right[at]
                total += value[at]
            values[row] = total
        return values

    return lambda matrix: walk(matrix, *arrays[:-1], float(arrays[-1]))


def trees_one_by_one(trees: Any) -> list[range]:
    """The places of each tree's nodes."""
    ends = [*trees.roots[1:].tolist(), len(trees.packed)]
    return [range(start, end) for start, end in zip(trees.roots.tolist(), ends, strict=True)]


def store_treelite(trees: Any, folder: Path) -> None:
    """By treelite's ModelBuilder, all in float64."""
    from treelite import model_builder as made

    nodes, parts = trees.nodes, trees_one_by_one(trees)
    builder = made.ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=made.Metadata(trees.columns, "kRegressor", False, 1, [1], (1, 1)),  # noqa: FBT003 (no mean of the trees)
        tree_annotation=made.TreeAnnotation(len(parts), [0] * len(parts), [0] * len(parts)),
        postprocessor=made.PostProcessorFunc("identity"),
        base_scores=[trees.base],
    )
    feature, threshold, nan_left, left, right, value = (
        getattr(nodes, name).tolist() for name in ("feature", "threshold", "nan_left", "left", "right", "value")
    )
    for part in parts:
        builder.start_tree()
        for at in part:
            builder.start_node(at)
            if left[at] == at:
                builder.leaf(value[at])
            else:
                builder.numerical_test(
                    feature[at],
                    threshold[at],
                    default_left=nan_left[at],
                    opname="<=",
                    left_child_key=left[at],
                    right_child_key=right[at],
                )
            builder.end_node()
        builder.end_tree()
    builder.commit().serialize(str(folder / "treelite.bin"))


def treelite_walk(folder: Path) -> Evaluate:
    """GTIL, its interpreter."""
    import treelite

    model = treelite.Model.deserialize(str(folder / "treelite.bin"))
    return lambda matrix: treelite.gtil.predict(model, matrix, nthread=1).ravel()


def store_lightgbm(trees: Any, folder: Path) -> None:
    """As LightGBM's text; the base is a tree of one leaf."""
    nodes = trees.nodes
    names = " ".join(f"c{place}" for place in range(trees.columns))
    infos = " ".join(["[-inf:inf]"] * trees.columns)
    head = ["tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0"]
    head += [f"max_feature_idx={trees.columns - 1}", "objective=regression", f"feature_names={names}"]
    blocks = [["num_leaves=1", "num_cat=0", f"leaf_value={trees.base!r}", "is_linear=0", "shrinkage=1"]]
    for part in trees_one_by_one(trees):
        places = np.arange(part.start, part.stop)
        leaf = nodes.left[places] == places
        number = np.where(leaf, -np.cumsum(leaf), np.cumsum(~leaf) - 1)  # inner nodes 0, 1, ...; leaves -1, -2, ...
        inner, counts = places[~leaf], [0] * int((~leaf).sum())
        fields = {
            "split_feature": nodes.feature[inner],
            "split_gain": counts,
            "threshold": nodes.threshold[inner],
            "decision_type": np.where(nodes.nan_left[inner], 2, 0) + 8,  # missing is NaN, and goes left or right
            "left_child": number[nodes.left[inner] - part.start],
            "right_child": number[nodes.right[inner] - part.start],
            "leaf_value": nodes.value[places[leaf]],
        }
        lines = [f"{name}={' '.join(map(repr, np.asarray(listed).tolist()))}" for name, listed in fields.items()]
        blocks.append([f"num_leaves={int(leaf.sum())}", "num_cat=0", *lines, "is_linear=0", "shrinkage=1"])
    texts = ["\n".join([f"Tree={place}", *block, "", "", ""]) for place, block in enumerate(blocks)]
    sizes = " ".join(str(len(text)) for text in texts)
    text = "\n".join([*head, f"feature_infos={infos}", f"tree_sizes={sizes}", "", "".join(texts) + "end of trees", ""])
    (folder / "lightgbm.txt").write_text(text)


def lightgbm_walk(folder: Path) -> Evaluate:
    """Booster.predict."""
    import lightgbm

    booster = lightgbm.Booster(model_file=folder / "lightgbm.txt")
    return lambda matrix: booster.predict(matrix, num_threads=1)


def lightgbm_fast(folder: Path) -> Evaluate:
    """The C API for single rows, by ctypes, row by row."""
    import lightgbm

    booster = lightgbm.Booster(model_file=folder / "lightgbm.txt")
    library, config = lightgbm.basic._LIB, ctypes.c_void_p()  # noqa: SLF001
    start = library.LGBM_BoosterPredictForMatSingleRowFastInit
    handle = booster._handle  # noqa: SLF001
    if start(handle, 0, 0, -1, 1, booster.num_feature(), b"num_threads=1", ctypes.byref(config)):
        raise RuntimeError(library.LGBM_GetLastError())
    predict, length = library.LGBM_BoosterPredictForMatSingleRowFast, ctypes.byref(ctypes.c_int64())
    config.booster = booster  # it must live as long

    def evaluate(matrix: np.ndarray) -> np.ndarray:
        values = np.empty(len(matrix))
        row, value = matrix.ctypes.data, values.ctypes.data
        for place in range(len(matrix)):
            predict(
                config, ctypes.c_void_p(row + place * matrix.strides[0]), length, ctypes.c_void_p(value + 8 * place)
            )
        return values

    return evaluate


PIPELINE = "the fitted pipeline"
KERNEL = "the kernel"
RIVALS = {
    PIPELINE: Rival(
        "adapters.valuation_models.boosted",
        ("scikit-learn", "pandas", "category-encoders"),
        lambda _trees, _folder: None,
        lambda folder: joblib.load(folder / "pipeline.joblib").predict,
    ),
    "numpy": Rival("numpy", (), store_arrays, numpy_walk),
    "numba": Rival("numba", ("numba",), store_arrays, numba_walk),
    "treelite": Rival("treelite", ("treelite",), store_treelite, treelite_walk),
    "LightGBM": Rival("lightgbm", ("lightgbm",), store_lightgbm, lightgbm_walk),
    "LightGBM, row API": Rival("lightgbm", ("lightgbm",), store_lightgbm, lightgbm_fast),
    KERNEL: Rival(
        "adapters.valuation_models.trees",
        (),
        lambda trees, folder: joblib.dump(trees, folder / "trees.joblib"),
        lambda folder: joblib.load(folder / "trees.joblib").predict,
    ),
}
