"""The five top-level names are the project's own: short names that another distribution might also bring."""

import importlib.util
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "adapters", "config", "entrypoints")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_resolves_inside_the_repository(name: str) -> None:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).resolve() == (REPOSITORY / name / "__init__.py").resolve()


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_installed_distribution_provides_a_package_of_this_name(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"tasador"}


def test_every_package_of_the_repository_is_one_of_the_five() -> None:
    found = {folder.parent.name for folder in REPOSITORY.glob("*/__init__.py")}
    assert found == {*PACKAGES, "tests"}
