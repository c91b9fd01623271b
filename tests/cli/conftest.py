"""A folder of its own for each test, with sales, or with models trained on them; models have few trees."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CONFIGURATION, Command, run
from tests.fakes.sales import some_sales
from tests.trained_folder import plant_few_trees, trained_folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are run in, empty; no setting comes from the machine's own environment."""
    for variable in [name for name in os.environ if name.startswith("TASADOR_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    plant_few_trees(monkeypatch)
    return tmp_path.resolve()


@pytest.fixture
def tasador() -> Command:
    """Runs a command in the test's folder."""
    return run


@pytest.fixture
def trained(tmp_path_factory: pytest.TempPathFactory, here: Path) -> dict[str, Any]:
    """The test's folder as after training v1 (forest, served) and v2 (boosted, not served), and what v1 printed."""
    shutil.copytree(trained_folder(tmp_path_factory), here, dirs_exist_ok=True)
    report: dict[str, Any] = json.loads((here / "v1.json").read_text())
    (here / "v1.json").unlink()
    return report


@pytest.fixture
def configured(here: Path) -> Path:
    """The test's folder, with 60 sales and a configuration that trains on them; nothing is trained yet."""
    (here / "tasador.toml").write_text(CONFIGURATION)
    some_sales().to_csv(here / "sales.csv", index=False)
    return here
