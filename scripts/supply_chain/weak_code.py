"""Weak spots of our own code, as bandit finds them: in what is shipped and in what builds it."""

from collections.abc import Sequence
from pathlib import Path

from scripts.supply_chain.exceptions import Finding
from scripts.supply_chain.tools import ToolError, answer_of

_LOOKED_AT = ("domain", "application", "adapters", "config", "entrypoints", "hatch_build.py")


def weak_code() -> tuple[str, Sequence[Finding]]:
    """What was looked at, and the findings; comments in the code silence none, only the file of exceptions does."""
    answer = answer_of("bandit", "--quiet", "--ignore-nosec", "--format", "json", "--recursive", *_LOOKED_AT)
    if errors := answer["errors"]:
        raise ToolError(f"bandit cannot read {errors[0]['filename']}: {errors[0]['reason']}")
    findings = []
    for found in answer["results"]:
        file, number = found["filename"].removeprefix("./"), found["line_number"]
        line = Path(file).read_text("utf-8").splitlines()[number - 1]
        told = f"{file}:{number}: {found['test_id']} {found['issue_text']}"
        findings.append(Finding(told, {"rule": (found["test_id"],), "file": (file,), "line": line}))
    return f"{answer['metrics']['_totals']['loc']} lines", findings
