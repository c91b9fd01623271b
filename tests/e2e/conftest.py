"""A trained Tasador for each test: training takes seconds, and is done once."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.service import tasador
from tests.fakes.sales import some_sales


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sales, two stored models (v2 is served) and no keys."""
    folder = tmp_path_factory.mktemp("trained")
    some_sales(120).to_csv(folder / "sales.csv", index=False)
    (folder / "tasador.toml").write_text('[market]\ncurrency = "UF"\n[data_source]\npath = "sales.csv"\n')
    for recipe in ("forest", "boosted"):
        assert tasador(folder, "train", "--recipe", recipe, "--force", "--json").code == 0
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of it of the test's own."""
    return Path(shutil.copytree(trained, tmp_path / "client"))
