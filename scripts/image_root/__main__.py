"""Lays out the images' root file system in a folder: `python3 -m scripts.image_root FOLDER`, run by the base's Python.

It has Python, the libraries of the system that Python loads, time zones, certificate authorities and one user; no
shell, no package manager, nothing setuid. What Debian knows of each package stays, for scanners and for the licences.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.image_root.debian import is_installed, libraries_of, package_files, package_of, record
from scripts.image_root.python import programs, standard_library

_USER = 10001
_PACKAGES = ("base-files", "ca-certificates", "netbase", "openssl", "tzdata")
# The C++ of the wheels, which ask it of the system.
_LIBRARIES = ("libstdc++.so.6", "libgcc_s.so.1")
_GENERATED = ("/etc/ssl/certs", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/nsswitch.conf", "/etc/localtime")
_FOLDERS = {"dev": 0o755, "proc": 0o755, "sys": 0o755, "run": 0o755, "tmp": 0o1777, "var/tmp": 0o1777}
_PASSWD = "root:x:0:0:root:/root:/usr/sbin/nologin\n{own}:x:{id}:{id}::/var/lib/tasador:/usr/sbin/nologin\n"  # noqa: S105
_GROUP = "root:x:0:\n{own}:x:{id}:\n"


def main(folder: str) -> None:
    """Fills the folder, which is not there yet."""
    root = Path(folder)
    for name, mode in _FOLDERS.items():
        (root / name).mkdir(parents=True)
        (root / name).chmod(mode)
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())
    python = [*programs(), *standard_library()]
    loaded = libraries_of([file for file in python if ".so" in file.name or file.parent.name == "bin"], _LIBRARIES)
    owners = {package_of(file) for file in [python[0], Path(os.__file__), Path(json.__file__), *loaded]}
    packages = {name: package_files(name) for name in sorted({*_PACKAGES, *owners}) if is_installed(name)}
    kept = [file for files in packages.values() for file in files]
    generated = [file for name in _GENERATED for file in _all_of(Path(name))]
    for file in [*python, *loaded, *kept, *generated]:
        _copy(file, root)
    for package in packages:
        record(package, root)
    _make_user(root)
    subprocess.run(["ldconfig", "-r", str(root)], check=True)  # noqa: S603, S607 (our own command)
    # Byte code by content, since the builder sets all dates.
    command = [
        sys.executable,
        "-m",
        "compileall",
        "-qq",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        folder,
        "-p",
        "/",
    ]
    subprocess.run([*command, folder], check=False)  # noqa: S603 (lib2to3 of old has what does not compile)
    print(f"{folder}: {', '.join(packages)}")


def _all_of(place: Path) -> Iterator[Path]:
    if place.is_dir() and not place.is_symlink():
        yield from sorted(path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    elif place.exists():
        yield place


def _copy(file: Path, root: Path) -> None:
    """A file or a link, and what the link leads to; folders on the way are the base's, links among them resolved."""
    target = root / (file.parent.resolve() / file.name).relative_to("/")
    if target.is_symlink() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, target, follow_symlinks=False)
    if file.is_symlink():
        if file.resolve().is_file():
            _copy(file.parent / file.readlink(), root)
    else:
        target.chmod(0o755 if os.access(file, os.X_OK) and file.stat().st_mode & 0o100 else 0o644)


def _make_user(root: Path) -> None:
    (root / "etc" / "passwd").write_text(_PASSWD.format(own="tasador", id=_USER), "ascii")
    (root / "etc" / "group").write_text(_GROUP.format(own="tasador", id=_USER), "ascii")
    home = root / "var" / "lib" / "tasador"
    home.mkdir(parents=True)
    home.chmod(0o750)
    os.chown(home, _USER, _USER)


if __name__ == "__main__":
    main(sys.argv[1])
