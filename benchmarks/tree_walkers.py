"""What evaluates the trees of the default recipe, and at which price: the kernel and what could stand in its place.

OMP_NUM_THREADS=1 python benchmarks/tree_walkers.py [--sizes]

The recipe is fitted on the bundled sales; each rival gets the same trees in a form of its own, and the matrix of the
rows; the pipeline gets a DataFrame and makes its matrix itself. Import, first value (of a row of the matrix, from the
stored form) and memory are those of a fresh process that has numpy already. The rivals take turns; of their rounds
the least and the median are shown. A rival that is not installed is skipped: numba, treelite, lightgbm.
--sizes also installs each into a temporary folder, to weigh it.
"""

import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table
from tree_rivals import KERNEL, PIPELINE, RIVALS

BUNDLED = Path(__file__).parent.parent / "data" / "ames_sales.csv"
ROUNDS, ROWS, BATCH = 9, 50, 1_000


def in_a_fresh_process(name: str, folder: Path) -> dict[str, float]:
    """Seconds of the import and up to the first value, and MB of memory that came with them."""
    ended = subprocess.run(  # noqa: S603 (this file)
        [sys.executable, __file__, "--fresh", name, str(folder)], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def fresh(name: str, folder: Path) -> None:
    """What `in_a_fresh_process` runs."""
    row = np.load(folder / "matrix.npy")[:1]
    before, started = resident(), time.perf_counter()
    importlib.import_module(RIVALS[name].imports)
    imported = time.perf_counter()
    RIVALS[name].load(folder)(row)
    figures = {"import": imported - started, "first": time.perf_counter() - imported, "memory": resident() - before}
    sys.stdout.write(json.dumps(figures))


def resident() -> float:
    """MB of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def installed_size(packages: tuple[str, ...]) -> float:
    """MB of the packages and all that they drag in."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 (packages named in tree_rivals.py)
            [sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--target", folder, *packages],
            check=True,
        )
        files = {file.stat().st_ino: file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()}
    return sum(files.values()) / 1e6


def rounds(one: dict[str, Callable[[int], object]], many: dict[str, Callable[[], object]]) -> dict[str, np.ndarray]:
    """By rival, microseconds of one row and of a row among many, shape (ROUNDS, 2); the rivals take turns."""
    figures = {name: np.empty((ROUNDS, 2)) for name in one}
    for turn in range(ROUNDS):
        for name, value in one.items():
            times = [seconds(lambda value=value, row=row: value(row)) for row in range(ROWS)]
            figures[name][turn] = statistics.median(times) * 1e6, seconds(many[name]) / BATCH * 1e6
    return figures


def seconds(call: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main(weigh: bool) -> None:
    """Prints the table."""
    from adapters.data_sources.csv_file import CsvDataSource
    from adapters.valuation_models.trainer import RECIPES
    from application.sales.layout import SalesLayout
    from application.sales.table import check_sales
    from domain.model_version import FeatureSchema

    console = Console(width=170)
    sales = check_sales(CsvDataSource(BUNDLED, None).sales(), SalesLayout()).usable
    features = FeatureSchema((), (), tuple(sales["type"].unique()), tuple(sales["sector"].unique()))
    fitted = RECIPES["boosted"].fit(sales, features, 0)
    trees, line, matrix = fitted.model.trees, fitted.model._line, fitted.prepare(sales)  # noqa: SLF001
    whole = fitted.pipeline.predict(matrix)
    straight = (line.slopes * np.clip(matrix, line.lowest, line.highest)).sum(axis=1)
    matrix_of_batch, batch, rows = matrix[:BATCH].copy(), sales[:BATCH], [sales.iloc[[row]] for row in range(ROWS)]
    console.print(f"{len(trees.roots)} trees, {len(trees.packed)} nodes, {matrix.shape[1]} columns, {len(sales)} sales")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        np.save(folder / "matrix.npy", matrix)
        joblib.dump(fitted.pipeline, folder / "pipeline.joblib")
        found = {name: each for name, each in RIVALS.items() if importlib.util.find_spec(each.imports)}
        for name in [name for name in RIVALS if name not in found]:
            console.print(f"{name} is skipped: it is not installed (pip install {' '.join(RIVALS[name].installs)})")
        for each in found.values():
            each.store(trees, folder)
        starts = {name: [in_a_fresh_process(name, folder) for _ in range(3)] for name in found}
        walks = {name: each.load(folder) for name, each in found.items()}
    ours = trees.predict(matrix)
    one: dict[str, Callable[[int], object]] = {
        name: lambda row, walk=walk: walk(matrix[row : row + 1]) for name, walk in walks.items()
    }
    many: dict[str, Callable[[], object]] = {
        name: lambda walk=walk: walk(matrix_of_batch) for name, walk in walks.items()
    }
    one[PIPELINE], many[PIPELINE] = lambda row: fitted.predict(rows[row]), lambda: fitted.predict(batch)
    values = {name: walk(matrix) for name, walk in walks.items()}  # and all are warm
    figures = rounds(one, many)
    empty = installed_size(("numpy",)) if weigh else 0.0
    table = Table("", "1 row, us", "of 1,000, us a row", "off the pipeline", "kernel's bits", "import, s")
    for heading in ("first value, s", "memory, MB", *(["installed, MB"] if weigh else [])):
        table.add_column(heading)
    for name, measured in figures.items():
        least, middle = measured.min(axis=0), np.median(measured, axis=0)
        logs = values[name] if name == PIPELINE else values[name] + straight
        start = {key: min(each[key] for each in starts[name]) for key in starts[name][0]}
        cells = [f"{least[0]:,.1f} / {middle[0]:,.1f}", f"{least[1]:,.2f} / {middle[1]:,.2f}"]
        cells += [f"{np.max(np.abs(logs / whole - 1)):.1e}"]
        cells += ["-" if name == PIPELINE else "yes" if np.array_equal(values[name], ours) else "no"]
        cells += [f"{start['import']:.2f}", f"{start['first']:.2f}", f"{start['memory']:,.0f}"]
        if weigh:
            packages = RIVALS[name].installs
            own = (BUNDLED.parent.parent / "adapters/valuation_models/kernel/kernel.so").stat().st_size / 1e6
            size = installed_size(("numpy", *packages)) - empty if packages else own if name == KERNEL else 0.0
            cells.append(f"{size:,.2f}" if size < 1 else f"{size:,.0f}")
        table.add_row(name, *cells)
    console.print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fresh"]:
        fresh(sys.argv[2], Path(sys.argv[3]))
    else:
        main("--sizes" in sys.argv)
