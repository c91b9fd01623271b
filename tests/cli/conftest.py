"""A folder of its own for each test, with sales, or with models trained on them."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CONFIGURATION, Command, run
from tests.fakes.sales import some_sales


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are run in, empty; no setting comes from the machine's own environment."""
    for variable in [name for name in os.environ if name.startswith("TASADOR_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


@pytest.fixture
def tasador() -> Command:
    """Runs a command in the test's folder."""
    return run


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with v1 (forest, served) and v2 (boosted, not served), for copies, and what training v1 printed."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tasador.toml").write_text(CONFIGURATION)
    some_sales().to_csv(folder / "sales.csv", index=False)
    first = run("train", "--json", "--config", folder / "tasador.toml")
    second = run("train", "--json", "--config", folder / "tasador.toml", "--recipe", "boosted", "--no-promote")
    assert (first.code, first.err, second.code, second.err) == (0, "", 0, "")
    return folder, first.json


@pytest.fixture
def trained(trained_once: tuple[Path, dict[str, Any]], here: Path) -> dict[str, Any]:
    """The test's folder as after training v1 (forest, served) and v2 (boosted, not served), and what v1 printed."""
    folder, report = trained_once
    shutil.copytree(folder, here, dirs_exist_ok=True)
    return report


@pytest.fixture
def configured(here: Path) -> Path:
    """The test's folder, with 60 sales and a configuration that trains on them; nothing is trained yet."""
    (here / "tasador.toml").write_text(CONFIGURATION)
    some_sales().to_csv(here / "sales.csv", index=False)
    return here
