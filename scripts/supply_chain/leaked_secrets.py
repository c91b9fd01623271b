"""Secrets in the files of the repository, as detect-secrets finds them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.supply_chain.exceptions import Finding
from scripts.supply_chain.tools import ToolError, answer_of

# The digests of packages: the scanner shows a line in several forms, in quotes or not.
_DIGEST = r"sha256:[0-9a-f]{64}[\"' \\]*$"
_SILENCED_BY_COMMENT = "detect_secrets.filters.allowlist.is_line_allowlisted"
# So short that no detector takes one for a secret.
_FINGERPRINT = 8


def leaked_secrets() -> tuple[str, Sequence[Finding]]:
    """What was looked at, and the findings. Nothing is sent anywhere: the detectors do not try what they find."""
    files = _files()
    options = ("--no-verify", "--exclude-lines", _DIGEST, "--disable-filter", _SILENCED_BY_COMMENT)
    findings = []
    for file, secrets in answer_of("detect_secrets", "scan", *options, *files)["results"].items():
        for found in secrets:
            fingerprint = found["hashed_secret"][:_FINGERPRINT]
            told = f"{file}:{found['line_number']}: {found['type']}, fingerprint {fingerprint}"
            findings.append(Finding(told, {"fingerprint": (fingerprint,), "file": (file,)}))
    return f"{len(files)} files", findings


def _files() -> list[str]:
    """Every file that is tracked, or would be by `git add --all`. Raises ToolError outside a clone."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError("git cannot list the files: this needs a clone") from error
    return [name for name in listed.split("\0") if name and Path(name).is_file()]
