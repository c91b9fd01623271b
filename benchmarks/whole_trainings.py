"""What whole trainings come to, on held-out sales: accuracy, intervals, confidence, ratio study; time and peak memory.

python benchmarks/whole_trainings.py [--seeds N] [--validation SCHEME] [FILE.csv ...]   figures, averaged over seeds
python benchmarks/whole_trainings.py --rows N [FILE.csv]       time and peak memory of a training on N sales, made of
                                                               the file's own by drawing with jitter

Default: the bundled sales, 3 seeds, random holdouts of a quarter. Each training is the command `tasador train` itself.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "data" / "ames_sales.csv"
_JITTER = {"net_usable_area": 0.05, "net_area": 0.05, "price": 0.05}
_DEGREES = 0.002


def train(file: Path, **settings: object) -> dict[str, Any]:
    """What `tasador train --json` says of a training in an empty folder of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TASADOR_HOME": home, "TASADOR_DATA_SOURCE__PATH": str(file.resolve())}
        environment |= {f"TASADOR_{name.upper()}": str(value) for name, value in settings.items()}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-c", "from entrypoints.cli.main import main; main()", "train", "--json"]
        done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            sys.exit(done.stderr)
        document: dict[str, Any] = json.loads(done.stdout)
        return document


def figures(files: list[Path], seeds: int, validation: str) -> None:
    """Prints a table with a column for each file: means over the seeds."""
    rows: dict[str, list[str]] = {}
    for file in files:
        trainings = [train(file, training__seed=seed, training__validation=validation) for seed in range(seeds)]
        for name, figure in _means([_figures_of(each) for each in trainings]).items():
            rows.setdefault(name, []).append(f"{figure:,.3f}" if abs(figure) < 100 else f"{figure:,.0f}")
    table = Table("", *(file.stem for file in files), title=f"{validation} holdouts, means of {seeds} seeds")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    Console().print(table)


def _figures_of(training: Mapping[str, Any]) -> dict[str, float]:
    errors, study, ratios = training["metrics"], training["interval"], training["ratio_study"]
    found = {
        "seconds": training["training_seconds"],
        "screened, share": training["rows"]["screened_share"],
        "MAE": errors["mae"],
        "MdAPE": errors["mdape"],
        "PE10": errors["pe10"],
        "coverage": study["coverage"],
        "width": study["mean_width"],
        "cheapest fifth": study["cheapest_fifth"],
        "FSD coverage": study["fsd_coverage"],
        "median ratio": ratios["median"],
        "COD": ratios["cod"],
        "PRD": ratios["prd"],
        "PRB": ratios["prb"],
    }
    found |= {f"coverage, decile {n}": share for n, share in enumerate(study["coverage_by_decile"] or [], start=1)}
    for level in study["by_confidence"]:
        if level["mdape"] is not None:
            found |= {f"{level['level']}: share": level["share"], f"{level['level']}: MdAPE": level["mdape"]}
    return found


def _means(studies: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for study in studies for name in study)
    return {name: float(np.mean([study[name] for study in studies if name in study])) for name in names}


def drawn(file: Path, rows: int, into: Path) -> Path:
    """Writes `rows` sales, made of the file's own by drawing with jitter, always the same ones; returns their file."""
    random = np.random.default_rng(0)
    sales = pd.read_csv(file).sample(rows, replace=True, random_state=0, ignore_index=True)
    for name, share in _JITTER.items():
        sales[name] = (sales[name] * np.exp(random.normal(0, share, rows))).round(2)
    for name in ("latitude", "longitude"):
        sales[name] = (sales[name] + random.normal(0, _DEGREES, rows)).round(6)
    sales.drop(columns="id", errors="ignore").to_csv(into, index=False)
    return into


def effort(file: Path, rows: int) -> None:
    """Prints how long a training on `rows` sales takes, and how much memory at most."""
    with tempfile.TemporaryDirectory() as folder:
        done = train(drawn(file, rows, Path(folder) / "sales.csv"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    Console().print(
        f"{rows:,} sales: {done['training_seconds']:.0f} s, peak memory {peak:,.0f} MB, artifact "
        f"{done['artifact']['size'] / 2**20:.1f} MiB"
    )


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[BUNDLED])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--validation", default="random")
    parser.add_argument("--rows", type=int)
    asked = parser.parse_args()
    if asked.rows:
        effort(asked.files[0], asked.rows)
    else:
        figures(asked.files, asked.seeds, asked.validation)


if __name__ == "__main__":
    main()
