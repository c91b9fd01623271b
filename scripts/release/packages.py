"""The source distribution and the wheel: from one commit the same bytes, on whatever machine and in whatever folder."""

import os
import platform
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

from scripts.release.commit import Commit, NotReleasable

# The pinned compiler for a fixed C library: the machine's own would leave its mark in the kernel.
_COMPILER = "-m ziglang cc -target {machine}-linux-gnu.2.28 -mcpu=baseline -fno-sanitize=undefined -s"


def build_packages(commit: Commit, work: Path, output: Path) -> list[Path]:
    """Builds both into `output`, by way of empty folders in `work`. Raises NotReleasable.

    The wheel is built twice, from the commit and from what the source distribution unpacks to: each in a folder of its
    own, to the same bytes.
    """
    if not sys.platform.startswith("linux"):
        raise NotReleasable("releases are built on Linux, for Linux")
    source = commit.export(work / "commit")
    archive = _built(commit, source, "sdist", output)
    with tarfile.open(archive) as files:
        files.extractall(work / "archive", filter="data")
    (unpacked,) = (work / "archive").iterdir()
    wheel = _built(commit, source, "wheel", output)
    again = _built(commit, unpacked, "wheel", work / "again")
    if wheel.read_bytes() != again.read_bytes():
        raise NotReleasable(f"{archive.name} does not build the {wheel.name} that commit {commit.revision[:12]} builds")
    return [archive, wheel]


def _built(commit: Commit, source: Path, target: str, output: Path) -> Path:
    before = set(output.glob("*"))
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HATCH"))}
    settings |= {
        "SOURCE_DATE_EPOCH": str(commit.epoch),
        "CC": f"{shlex.quote(sys.executable)} {_COMPILER.format(machine=platform.machine())}",
    }
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(output)]
    done = subprocess.run(command, cwd=source, env=settings, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
        raise NotReleasable(f"the {target} could not be built: {said}")
    (built,) = set(output.glob("*")) - before
    return built
