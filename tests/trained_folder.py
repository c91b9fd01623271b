"""A folder with sales and trained models, made once for all of pytest's worker processes: training takes seconds."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

from adapters.valuation_models import recipes
from adapters.valuation_models.boosted import Effort
from tests.cli.command import CONFIGURATION, run
from tests.fakes.sales import some_sales

TREES = 10


def trained_folder(temporary: pytest.TempPathFactory) -> Path:
    """A folder with 60 sales, v1 (forest, served) and v2 (boosted, not served), to be copied.

    Beside them, `v1.json` is what training v1 printed. Whichever process comes first trains; the others wait for it.
    """
    own = temporary.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "trained-once"
    trained = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not trained.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with few_trees():
                _train(folder)
            trained.touch()
    return folder


def plant_few_trees(patch: pytest.MonkeyPatch) -> None:
    """Lets every recipe grow few trees, since what is said of a model does not depend on how many it has."""
    patch.setattr(recipes, "RandomForestRegressor", partial(_with_few_trees, RandomForestRegressor))
    patch.setattr(recipes, "GradientBoostingRegressor", partial(_with_few_trees, GradientBoostingRegressor))
    patch.setattr(Effort, "for_sales", _little_effort)


@contextmanager
def few_trees() -> Iterator[None]:
    """What is fitted in this block has few trees."""
    with pytest.MonkeyPatch.context() as patch:
        plant_few_trees(patch)
        yield


def _with_few_trees(learner: Callable[..., Any], n_estimators: int, **rest: Any) -> Any:
    if "n_jobs" in rest:
        rest["n_jobs"] = 1  # a pool of threads takes longer to start than so few trees to grow
    return learner(n_estimators=min(n_estimators, TREES), **rest)


def _little_effort(count: int) -> Effort:
    return Effort(repetitions=2, local=1, rounds=TREES, rate=0.08, leaves=24, ridge=2.0, trees=TREES, leaf=2)


def _train(folder: Path) -> None:
    configuration = folder / "tasador.toml"
    configuration.write_text(CONFIGURATION)
    some_sales().to_csv(folder / "sales.csv", index=False)
    train = partial(run, "train", "--json", "--config", configuration)
    first, second = train(), train("--recipe", "boosted", "--no-promote")
    assert (first.code, first.err, second.code, second.err) == (0, "", 0, "")
    (folder / "v1.json").write_text(first.out)
