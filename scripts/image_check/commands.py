"""Programs that the check calls: told before they run, their output kept, a failure ends it all."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence


class Wrong(Exception):
    """What the check found to be wrong, for people."""


def told(command: Sequence[str]) -> None:
    """One line of the transcript."""
    print(f"$ {shlex.join(command)}", flush=True)


def call(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, shown: bool = True, expected: int | None = 0
) -> tuple[str, str]:
    """What it wrote to its output and its error output. Raises Wrong where it ends otherwise; None: anyhow will do."""
    if shown:
        told(command)
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    if expected is not None and done.returncode != expected:
        said = (done.stderr.strip() or done.stdout.strip())[-3000:]
        raise Wrong(f"{shlex.join(command)}\nended with {done.returncode}, not {expected}:\n{said}")
    return done.stdout, done.stderr
