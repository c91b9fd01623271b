"""What Debian's package manager knows: whose a file is, which files a package has, what is recorded of it."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

# Programs, pages and what converts old character sets: nothing that Python loads.
_LEFT_OUT = re.compile(
    r"(/usr)?/s?bin/|/usr/share/(?!zoneinfo/|ca-certificates/)|/(etc/)?(dpkg|kernel|apt|init\.d|"
    r"cron|profile|skel|update-motd|issue|motd)|/usr/lib/python|/usr/lib/valgrind|.*/gconv/|.*/(perl|engines-3)/|"
    r"/usr/share/zoneinfo/(posix|right)/|/lib/systemd|/usr/lib/systemd"
)


def libraries_of(programs: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The shared libraries that programs load, as the dynamic linker finds them, and those of these names."""
    told = _said("ldd", *map(str, programs))
    found = set(re.findall(r"^\t(?:\S+ => )?(/\S+) \(0x", told, flags=re.MULTILINE))
    known = _said("ldconfig", "-p")
    found |= {line.split(" => ")[1] for line in known.splitlines() if line.strip().startswith(tuple(names))}
    return sorted({Path(name).parent.resolve() / Path(name).name for name in found})


def package_of(file: Path) -> str:
    """The package that brought the file; empty: none did, as with an official Python's /usr/local."""
    real = file.resolve()
    asked = [str(real), *([str(real).removeprefix("/usr")] if str(real).startswith("/usr/") else [])]
    for name in asked:
        told = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)  # noqa: S603, S607
        if told.returncode == 0:
            return told.stdout.split(": ")[0].split(":")[0]
    return ""


def is_installed(package: str) -> bool:
    """Whether the base has it: the empty name is that of no package."""
    return bool(package) and "\nStatus: install ok installed\n" in _said("dpkg", "--status", package)


def package_files(package: str) -> list[Path]:
    """The files and links of a package that an image has use for."""
    listed = [Path(line) for line in _said("dpkg", "-L", package).splitlines() if line.startswith("/")]
    files = [path for path in listed if path.is_symlink() or path.is_file()]
    return [path for path in files if not is_left_out(str(path))]


def is_left_out(path: str) -> bool:
    """Whether an image has no use for a package's file."""
    return _LEFT_OUT.match(path) is not None


def record(package: str, root: Path) -> None:
    """Where scanners look in images that have no package manager; and the licence, where the base has it."""
    folder = root / "var" / "lib" / "dpkg" / "status.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / package).write_text(_said("dpkg", "--status", package), "utf-8")
    licence = Path("/usr/share/doc", package, "copyright")
    if licence.is_file():
        target = root / "usr" / "share" / "doc" / package / "copyright"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(licence, target)


def _said(*command: str) -> str:
    """What it wrote, also where it says of a file that it is no program."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 (our own commands)
