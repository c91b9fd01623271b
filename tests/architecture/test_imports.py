"""The dependency rule (entrypoints -> config -> adapters -> application -> domain) is kept."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RATIO_STUDY = {"ratio_groups", "ratio_intervals", "ratio_study", "sale_pairs", "student_t", "vertical_equity"}
LINT_IMPORTS = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
)


def test_the_dependency_rule_is_kept() -> None:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    # In a process of its own: import-linter changes sys.path and prints.
    report = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert report.returncode == 0, report.stdout + report.stderr
    assert f"Contracts: {len(contracts)} kept, 0 broken." in report.stdout


@pytest.mark.parametrize("module", sorted((REPOSITORY / "domain").rglob("*.py")), ids=lambda module: module.stem)
def test_the_domain_imports_the_standard_library_itself_and_numpy_in_the_ratio_study_alone(module: Path) -> None:
    # Unlike the contracts, this needs no list of all that is forbidden.
    allowed = sys.stdlib_module_names | {"domain"} | ({"numpy"} if module.stem in RATIO_STUDY else set())
    assert imported_by(module.read_text("utf-8")) <= allowed


def test_an_import_is_found_wherever_it_stands() -> None:
    source = "import os.path, attr\ndef f():\n    from numpy.typing import NDArray\n    from . import sale"
    assert imported_by(source) == {"os", "attr", "numpy", "."}


def imported_by(source: str) -> set[str]:
    """The top-level names that a module imports, also within functions; a relative import is a dot."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0] if node.level == 0 else ".")
    return found
