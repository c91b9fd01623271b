"""Makes a release of the commit that is checked out: `make release`, or with `--output FOLDER` elsewhere than dist/.

Source distribution, wheel, requirement files, bill of materials, the labels of the image, and the SHA-256 of each. The
same commit gives the same bytes. The folder is replaced whole or, where anything fails, stays as it was.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from application.version import VERSION
from scripts.release.commit import Commit, NotReleasable, releasable_commit
from scripts.release.packages import build_packages

_REPOSITORY = Path(__file__).parents[2]
_SUMS = "SHA256SUMS"
_REQUIREMENTS = ("serve.txt", "train.txt", "dask.txt")
"""What the wheel is installed with, by what the machine does."""


def main() -> None:
    """Makes it and says what there is; or says in one line why not."""
    arguments = argparse.ArgumentParser(description="Make a release of the commit that is checked out.")
    arguments.add_argument("--output", type=Path, default=_REPOSITORY / "dist", help="folder (default: dist)")
    output: Path = arguments.parse_args().output.absolute()
    try:
        commit = releasable_commit(_REPOSITORY, VERSION)
        with TemporaryDirectory() as work:
            made = _made(commit, Path(work))
            shutil.rmtree(output, ignore_errors=True)
            shutil.copytree(made, output)
    except NotReleasable as error:
        sys.exit(f"No release: {error}.")
    print(f"tasador {VERSION} of commit {commit.revision[:12]}, {commit.created}, in {output}:")
    print((output / _SUMS).read_text("utf-8"), end="")


def _made(commit: Commit, work: Path) -> Path:
    made = work / "made"
    made.mkdir()
    build_packages(commit, work, made)
    (made / "requirements").mkdir()
    for name in _REQUIREMENTS:
        shutil.copyfile(work / "commit" / "requirements" / name, made / "requirements" / name)
    _write_bill(made / f"tasador-{VERSION}.cdx.json")
    (made / f"tasador-{VERSION}.labels").write_text(image_labels(commit, VERSION), "utf-8")
    (made / _SUMS).write_text(_sums(made), "utf-8")
    return made


def _sums(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n" for file in files
    )


def image_labels(commit: Commit, version: str) -> str:
    """What an image of this commit says of itself beside what the Dockerfile knows: `label=value` a line."""
    labels = {"version": version, "revision": commit.revision, "created": commit.created}
    return "".join(f"org.opencontainers.image.{name}={value}\n" for name, value in labels.items())


def _write_bill(file: Path) -> None:
    command = [sys.executable, "-m", "scripts.supply_chain.sbom", "--output", str(file)]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise NotReleasable(done.stderr.strip().splitlines()[-1].rstrip("."))


if __name__ == "__main__":
    main()
