"""What decides the figures in a process: the program, and the libraries that it calculates with."""

import platform
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from application.version import VERSION

_LIBRARIES = ("category-encoders", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
_FOLDERS = ("domain", "application", "adapters", "config")
_SOURCES = (".py", ".c", ".h")


@cache
def installed() -> Mapping[str, str]:
    """By name its version here, of the program with a digest of its code: two releases may bear the same number."""
    named = {name: _version(name) for name in _LIBRARIES}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"tasador": VERSION, **named, "code": _digest(), "python": python, "machine": platform.machine()}


def difference(theirs: Mapping[str, str | None], ours: Mapping[str, str | None]) -> str:
    """What is not the same, in words; empty where all is."""
    differing = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    return ", ".join(f"{name} ({theirs.get(name)} there, {ours.get(name)} here)" for name in differing)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _digest() -> str:
    root, digest = Path(__file__).parent.parent, sha256()
    for folder in _FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in _SOURCES:
                digest.update(f"{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]
