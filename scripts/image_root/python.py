"""The files of the base's own Python, without what nothing in an image asks for."""

import sys
import sysconfig
from pathlib import Path

# Tests, editors and windows; the line editor and its terminal, databases of old and NIS, whose libraries come along.
_LEFT_OUT = (
    *("test", "tests", "idlelib", "turtledemo", "tkinter", "lib2to3", "ensurepip", "pydoc_data", "__pycache__"),
    *("site-packages", "dist-packages"),
)
_MODULES = (
    "readline",
    "_curses",
    "_curses_panel",
    "_dbm",
    "_gdbm",
    "nis",
    "_tkinter",
    "_test",
    "_xxtest",
    "xx",
    "ossaudiodev",
)


def programs() -> list[Path]:
    """The interpreter under its own name and as python3."""
    own = Path(sys.executable).resolve()
    return [own, own.with_name("python3")]


def standard_library() -> list[Path]:
    """Its modules, and the library of the interpreter where it is one by itself."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    kept = [path for path in files if not _is_left_out(path.relative_to(folder))]
    return [*kept, *sorted(Path(sys.base_prefix, "lib").glob("libpython3*.so*"))]


def _is_left_out(path: Path) -> bool:
    if any(part in _LEFT_OUT or part.startswith("config-") for part in path.parts):
        return True
    return path.name.partition(".")[0].startswith(_MODULES) and ".so" in path.name
