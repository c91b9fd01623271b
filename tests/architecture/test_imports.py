"""The dependency rule (entrypoints -> config -> adapters -> application -> domain) is kept."""

import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
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
