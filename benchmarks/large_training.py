"""What a training on many sales takes: time by stage, peak memory, and the size and loading of the model it makes.

python benchmarks/large_training.py [ROWS ...] [--recipe R] [--profile FOLDER]     (default: 10000)

The sales are synthetic: homes drawn from the bundled ones with jitter in place and areas, in as many towns as it takes,
each with sectors and a price level of its own; prices by a hedonic rule, a drifting market and 12 % of luck. Each
training is the command `tasador train` in a process of its own, in which the stages are timed. `--profile` writes what
cProfile sees, a file for each size.
"""

import argparse
import cProfile
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "data" / "ames_sales.csv"
_A_TOWN = 10_000
_TOWNS_APART = 0.4  # degrees
_DEGREES = 0.002
_JITTER = 0.08
_LUCK = 0.12
_DAYS = 3650
STAGES = {
    "reading the file": "adapters.data_sources.csv_file:CsvDataSource.sales",
    "checking cells": "application.read_sales:check_sales",
    "screening homes": "application.read_sales:screen_homes",
    "screening prices": "application.train_model:screen_prices",
    "looking for price leaks": "application.train_model:refuse_price_leaks",
    "digest of the sales": "application.train_model:sales_digest",
    "splitting": "application.train_model:split_sales",
    "quarantine": "application.train_model:keep_rejected",
    "market index": "application.cross_validation:fit_market_index",
    "cross-validating": "application.train_model:cross_validate",
    "looking back": "application.train_model:look_back",
    "equity": "application.train_model:fit_equity_calibration",
    "a fit": "adapters.valuation_models.trainer:RecipeTrainer._fitted",
    "numbers of homes": "adapters.valuation_models.boosted:home_numbers",
    "columns learned from prices": "adapters.valuation_models.boosted:out_of_part",
    "boosted trees": "adapters.valuation_models.boosted:HistGradientBoostingRegressor.fit",
    "random trees": "adapters.valuation_models.boosted:ExtraTreesRegressor.fit",
    "fitting and comparing": "adapters.valuation_models.trainer:RecipeTrainer.fit_to_publish",
    "agreement": "adapters.valuation_models.trainer:check_agreement",
    "spread": "adapters.valuation_models.trainer:RecipeTrainer.fit_spread",
    "calibrating errors": "application.train_model:learn_errors",
    "surveying the market": "application.train_model:survey_market",
    "comparables": "adapters.valuation_models.trainer:RecipeTrainer.comparables",
    "reference": "application.train_model:describe_reference",
    "appraising the holdout": "application.train_model:appraise_table",
    "judging": "application.train_model:judged",
    "holding against the served": "application.train_model:hold_against_served",
    "importance": "application.train_model:importance",
    "storing": "adapters.model_repositories.signed_models:SignedModelRepository.store",
    "promoting": "adapters.model_repositories.signed_models:SignedModelRepository.promote",
}


def synthetic_sales(rows: int) -> pd.DataFrame:
    """So many sales, the same each time."""
    random = np.random.default_rng(rows)
    sales = pd.read_csv(BUNDLED).sample(rows, replace=True, random_state=0, ignore_index=True)
    towns = max(round(rows / _A_TOWN), 1)
    town = random.integers(towns, size=rows)
    along = int(np.ceil(np.sqrt(towns)))
    sales["latitude"] = (sales["latitude"] + town // along * _TOWNS_APART + random.normal(0, _DEGREES, rows)).round(6)
    sales["longitude"] = (sales["longitude"] + town % along * _TOWNS_APART + random.normal(0, _DEGREES, rows)).round(6)
    for name in ("net_usable_area", "net_area"):
        sales[name] = (sales[name] * np.exp(random.normal(0, _JITTER, rows))).round(2)
    level = random.normal(0, 0.3, towns)[town]
    sector = sales.groupby("sector")["price"].transform("median")
    days = random.integers(_DAYS, size=rows)
    log_price = (
        4.5
        + 0.5 * np.log(sector)
        + 0.75 * np.log(sales["net_usable_area"] / 100)
        + 0.1 * np.log(sales["net_area"])
        + 0.05 * sales["n_bathroom"]
        + level
        + 0.03 * days / 365.25
        + random.normal(0, _LUCK, rows)
    )
    sales["price"] = np.exp(log_price).round(-2)
    sales["sector"] = sales["sector"] + " " + pd.Series(town).astype(str)
    sales["sold_on"] = (np.datetime64("2014-01-01") + days).astype("datetime64[D]")
    sales["id"] = [f"s{number:08d}" for number in range(rows)]
    return sales


def timed_training(told: Path, profile: Path | None, arguments: list[str]) -> int:
    """In a process of its own: trains with the stages timed, and tells how long each took and the peak behind it."""
    found: dict[str, list[float]] = {}
    depth = 0

    def watched(label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            key = "  " * depth + label
            stage = found.setdefault(key, [0.0, 0.0, 0.0])
            depth += 1
            started = time.monotonic()
            try:
                return call(*args, **kwargs)
            finally:
                depth -= 1
                stage[0] += time.monotonic() - started
                stage[1] += 1
                stage[2] = _peak(resource.RUSAGE_SELF)
                told.write_text(json.dumps(found))

        return run

    for label, where in STAGES.items():
        module, name = where.split(":")
        *owners, attribute = name.split(".")
        owner: Any = importlib.import_module(module)
        for each in owners:
            owner = getattr(owner, each)
        setattr(owner, attribute, watched(label, getattr(owner, attribute)))
    from entrypoints.cli.main import exit_code

    if not profile:
        return exit_code(arguments)
    with cProfile.Profile() as profiler:
        code = exit_code(arguments)
    profiler.dump_stats(profile)
    return code


def loaded_once() -> None:
    """In a process of its own: loads the stored model and values a home, and prints how long it took."""
    from datetime import date

    from config.container import Container
    from config.loader import load_settings

    container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings, log_stream=None)
    repository = container.model_repository()
    started = time.monotonic()
    model = repository.load("v1")
    seconds = time.monotonic() - started
    peak = _peak(resource.RUSAGE_SELF)
    home = next(iter(model.comparables.similar(_typical(repository), 1, as_of=date(2023, 1, 1)))).sale.property
    started, calls = time.monotonic(), 50
    for _ in range(calls):
        model.model.value([home])
    valued = (time.monotonic() - started) / calls
    started = time.monotonic()
    for _ in range(calls):
        model.comparables.similar(home, 5)
    searched = (time.monotonic() - started) / calls
    sys.stdout.write(
        json.dumps({"load_s": seconds, "load_mb": peak, "value_ms": 1e3 * valued, "comparables_ms": 1e3 * searched})
    )


def _typical(repository: Any) -> Any:
    from domain.property import Property

    return Property(**repository.describe("v1").card.typical_home, extras={})


def _peak(who: int) -> float:
    """The peak resident memory, in MB."""
    return resource.getrusage(who).ru_maxrss / 1024


def measure(rows: int, recipe: str, profiles: Path | None) -> dict[str, Any]:
    """Trains on so many sales, and loads what came of it."""
    with tempfile.TemporaryDirectory() as home:
        file, told = Path(home) / "sales.csv", Path(home) / "stages.json"
        synthetic_sales(rows).to_csv(file, index=False)
        environment = {
            **os.environ,
            "TASADOR_HOME": home,
            "TASADOR_DATA_SOURCE__PATH": str(file),
            "PYTHONPATH": str(ROOT),
        }
        profile = str(profiles / f"{rows}.prof") if profiles else ""
        command = [sys.executable, __file__, "--timed", str(told), "--profile", profile, "--recipe", recipe]
        started, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        before = used.ru_utime + used.ru_stime
        done = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, text=True)  # noqa: S603
        said = done.communicate()[0]
        stages = json.loads(told.read_text()) if told.exists() else {}
        seconds = time.monotonic() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = max([peak for _, _, peak in stages.values()], default=0.0)
        if done.returncode:
            return {"rows": rows, "failed": done.returncode, "seconds": seconds, "peak_mb": peak, "stages": stages}
        report = json.loads(said)
        loading = subprocess.run(  # noqa: S603
            [sys.executable, __file__, "--loaded"],
            env=environment,
            cwd=home,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return {
            "rows": rows,
            "seconds": seconds,
            "seconds of the processor": used.ru_utime + used.ru_stime - before,
            "peak_mb": peak,
            "artifact_mb": report["artifact"]["size"] / 2**20,
            "mdape": report["metrics"]["mdape"],
            "stages": stages,
            **json.loads(loading.stdout),
        }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[10_000])
    parser.add_argument("--recipe", default="boosted")
    parser.add_argument("--profile", default="")
    parser.add_argument("--timed", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--loaded", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    profile = Path(asked.profile) if asked.profile else None
    if asked.loaded:
        loaded_once()
        return
    if asked.timed:
        sys.exit(timed_training(asked.timed, profile, ["train", "--json", "--recipe", asked.recipe]))
    for rows in asked.rows:
        found = measure(rows, asked.recipe, profile)
        if asked.json:
            sys.stdout.write(json.dumps(found) + "\n")
            continue
        table = Table("stage", "seconds", "times", "peak so far, MB", title=f"{rows:,} sales, {asked.recipe}")
        for stage, (seconds, times, peak) in found.pop("stages").items():
            table.add_row(stage, f"{seconds:,.1f}", f"{times:.0f}", f"{peak:,.0f}")
        for name, figure in found.items():
            table.add_row(name, f"{figure:,.2f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
