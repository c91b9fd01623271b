"""A trained Tasador for each test: training takes seconds, and is done once."""

import shutil
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.trained_folder import trained_folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sales, two stored models (v2 is served) and no keys."""
    folder = Path(shutil.copytree(trained_folder(tmp_path_factory), tmp_path_factory.mktemp("trained") / "client"))
    assert run("models", "promote", "v2", "--config", folder / "tasador.toml").code == 0
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of it of the test's own."""
    return Path(shutil.copytree(trained, tmp_path / "client"))
