"""How fast `tasador value` is, and what it needs: rows a second, memory, processors, for portfolios of many sizes.

python benchmarks/batch.py [SALES.csv]
    --rows N [N ...]       how many homes (default 10000 100000 1000000 10000000)
    --engines E [E ...]    local, dask (default both)
    --form FORM            of input and output: parquet or csv (default parquet)
    --most-for-pipeline N  pandas and the training pipeline hold all in memory, so not for more (default 1000000)
    --home FOLDER          trains there unless it was done before, instead of in a temporary folder
    --data FOLDER          keeps the portfolios there (default var/bench/portfolios)

Beside it: pandas with the fitted training pipeline (values alone), DuckDB and Polars merely copying the same file (what
reading and writing take), and the bare evaluation of the model's trees. One run each, one after another.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from load.commands import Took, run
from load.home import BUNDLED, Prepared, prepared
from load.portfolios import portfolio, tables
from load.processes import ROOT, TASADOR, WORKING, CannotRun, commit, environment_of, machine

from adapters.valuation_models.columns import matrix_of
from adapters.valuation_models.compiled import table_of
from config.container import Container
from config.loader import load_settings

PEERS = ROOT / "benchmarks" / "peers"
_TREES_OF = 50_000


def main() -> None:
    """Reads the command line, runs all, prints the table."""
    asked = _arguments()
    try:
        with prepared(asked.sales, asked.home) as home:
            sys.stdout.write(f"{machine()}, {commit()}\n")
            sys.stdout.write(f"{asked.sales.name}: {home.training['rows']['used']} sales, boosted\n")
            bare = _bare_trees(home)
            sys.stdout.write(f"the trees alone, one process: {bare:,.0f} homes/s\n\n")
            sys.stdout.write("| rows | what | seconds | rows/s | peak MB | of the cores |\n|--:|:--|--:|--:|--:|--:|\n")
            for rows in asked.rows:
                _compare(home, rows, asked)
    except CannotRun as error:
        sys.exit(f"batch.py: {error}")


def _compare(home: Prepared, rows: int, asked: argparse.Namespace) -> None:
    asked.data.mkdir(parents=True, exist_ok=True)
    file = portfolio(asked.data, asked.sales, rows, asked.form)
    out = asked.data / f"out.{asked.form}"
    for engine in asked.engines:
        took = run([*TASADOR, "value", str(file), str(out), "--engine", engine, "--json"], home.folder)
        said = json.loads(took.output)
        if said["rows"]["read"] != rows:
            raise CannotRun(f"{rows} rows were given, and {said['rows']['read']} were answered")
        _tell(rows, f"tasador value, {engine}", took)
    if asked.form == "parquet":
        _compare_with_peers(home, rows, asked, file, out)
    out.unlink(missing_ok=True)


def _compare_with_peers(home: Prepared, rows: int, asked: argparse.Namespace, file: Path, out: Path) -> None:
    paths = [str(file), str(out)]
    if rows <= asked.most_for_pipeline:
        fitted = home.folder / "boosted.pickle"
        if not fitted.is_file():
            run([sys.executable, str(PEERS / "fitted.py"), str(asked.sales.resolve()), str(home.folder)], home.folder)
        _tell(
            rows,
            "pandas + training pipeline",
            run([sys.executable, str(PEERS / "valued_by_pipeline.py"), *paths, str(fitted)], home.folder),
        )
    python = str(environment_of("benchmarks", ROOT / "benchmarks" / "requirements.txt"))
    for name in ("duckdb", "polars"):
        took = run([python, str(PEERS / f"copied_by_{name}.py"), *paths], home.folder)
        _tell(rows, f"{name}, copying alone", took)


def _tell(rows: int, what: str, took: Took) -> None:
    figures = f"{took.seconds:,.1f} | {rows / took.seconds:,.0f} | {took.peak:,.0f} | {took.share:.0%}"
    sys.stdout.write(f"| {rows:,} | {what} | {figures} |\n")
    sys.stdout.flush()


def _bare_trees(home: Prepared) -> float:
    """Homes a second through the trees of the served model, which see a matrix that is there already."""
    settings = load_settings(None, {"TASADOR_HOME": str(home.folder)}, home.folder).settings
    model = Container(settings=settings).model_repository().load(home.training["version"]).model
    homes = next(tables(home.sales, _TREES_OF)).to_pandas()
    matrix = matrix_of(model.columns, table_of(homes, model.features), len(homes))
    began = time.monotonic()
    model.trees.predict(matrix)
    return _TREES_OF / (time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sales", nargs="?", type=Path, default=BUNDLED)
    parser.add_argument("--rows", nargs="+", type=int, default=[10**4, 10**5, 10**6, 10**7])
    parser.add_argument("--engines", nargs="+", choices=("local", "dask"), default=["local", "dask"])
    parser.add_argument("--form", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--most-for-pipeline", type=int, default=10**6)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--data", type=Path, default=WORKING / "portfolios")
    return parser.parse_args()


if __name__ == "__main__":
    main()
