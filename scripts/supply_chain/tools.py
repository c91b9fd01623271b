"""Runs the tools of requirements/audit.txt, each of which answers in JSON."""

import json
import subprocess
import sys
from typing import Any


class ToolError(Exception):
    """A tool gave no answer: what it said instead, in one line."""


def answer_of(module: str, *arguments: str) -> Any:
    """What `python -m module arguments` writes to its standard output, read as JSON. Raises ToolError."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own arguments)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        said = (done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        raise ToolError(f"{module}: {said}") from error
