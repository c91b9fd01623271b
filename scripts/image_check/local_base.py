"""A base image of Debian's own packages, where no image can be fetched: debootstrap, without docs and package lists."""

import shutil
from pathlib import Path

from scripts.image_check.commands import Wrong, call

NAME = "localhost/tasador-check-base"
_SUITE = "bookworm"  # that of the base in the Dockerfile: Python 3.11
_PACKAGES = "ca-certificates,python3,python3-venv"
_LEFT_OUT = (
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
)


def make_base(scratch: Path, engine: str) -> str:
    """The name of the base, made in `scratch` unless it is there. Raises Wrong."""
    listed = [engine, "images", "--quiet", "--filter", f"reference={NAME}"]
    if call(listed, shown=False)[0]:
        return NAME
    for tool in (engine, "debootstrap"):
        if not shutil.which(tool):
            raise Wrong(f"{tool} is missing, and the Dockerfile's base cannot be fetched: apt-get install {tool}.")
    root, archive = scratch / "base", scratch / "base.tar"
    call(["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(root)])
    for folder in _LEFT_OUT:
        shutil.rmtree(root / folder, ignore_errors=True)
    for page in (root / "usr" / "share" / "doc").glob("*/*"):
        if page.name != "copyright" and not page.is_dir():
            page.unlink()
    call(["tar", "--create", "--numeric-owner", "--directory", str(root), "--file", str(archive), "."], shown=False)
    if engine == "buildah":
        container = call(["buildah", "from", "scratch"], shown=False)[0].strip()
        call(["buildah", "add", "--quiet", container, str(archive), "/"], shown=False)
        call(["buildah", "commit", "--quiet", "--rm", container, NAME], shown=False)
    else:
        call([engine, "import", str(archive), NAME], shown=False)
    shutil.rmtree(root)
    archive.unlink()
    return NAME
