"""Starting the services that are measured, their memory, and ending them whatever happens."""

import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
WORKING = ROOT / "var" / "bench"
"""Where environments are kept between runs."""
TASADOR = (sys.executable, "-c", "from entrypoints.cli.main import main; main()")
SECONDS_TO_START = 120
_SECONDS_TO_STOP = 15


class CannotRun(Exception):
    """Something that is needed is not there or does not start; `str()` of it says what."""


@dataclass(frozen=True)
class Served:
    """A running service."""

    name: str
    process: "subprocess.Popen[bytes]"
    address: str
    log: Path

    def memory(self) -> tuple[float, float]:
        """Peak resident memory and present proportional share of it, MB, over all its processes."""
        peak = share = 0.0
        for pid in family(self.process.pid):
            with suppress(OSError):
                peak += _kilobytes(Path(f"/proc/{pid}/status"), "VmHWM") / 1024
                share += _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") / 1024
        return peak, share

    def processor_seconds(self) -> float:
        """What its processes have used of the processors so far, in user and system time."""
        ticks = 0
        for pid in family(self.process.pid):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident(self) -> float:
        """Resident memory now, MB, over all its processes."""
        return sum(self.resident_by_process())

    def resident_by_process(self) -> list[float]:
        """The same of each of them, its first process first."""
        return [_kilobytes(Path(f"/proc/{pid}/status"), "VmRSS") / 1024 for pid in family(self.process.pid)]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process whose Tasador lives in `home`; nothing is set from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TASADOR_", "PYTHON"))}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TASADOR_HOME": str(home),
        "TASADOR_HTTP__RATE_LIMIT": "1000000/second",
        **more,
    }


def output_of(command: Sequence[str], home: Path, **more: str) -> str:
    """What a command prints. Raises CannotRun with the last lines of what it complained of."""
    done = subprocess.run(  # noqa: S603
        command, cwd=home, env=environment(home, **more), capture_output=True, text=True, check=False
    )
    if done.returncode:
        complaint = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise CannotRun(f"{Path(command[0]).name} {' '.join(command[1:4])}: {complaint}")
    return done.stdout


@contextmanager
def serving(
    name: str, command: Sequence[str], home: Path, ready: str, address: str = "", **more: str
) -> Iterator[Served]:
    """A service, from its first good answer at `ready` on until the block is left.

    Without an `address` the service chooses one and says `serving on ...`. Raises CannotRun.
    """
    log = home / f"{re.sub(r'[^a-z]+', '-', name.lower())}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=home,
            env=environment(home, **more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Served(name, process, _address(process, log, address, ready), log)
    finally:
        _end(process)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(name: str, requirements: Path) -> Path:
    """The Python of an environment of its own with these pinned requirements; made anew where they changed.

    Raises CannotRun.
    """
    folder = WORKING / name
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if stamp.is_file() and stamp.read_bytes() == requirements.read_bytes():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    WORKING.mkdir(parents=True, exist_ok=True)
    output_of([sys.executable, "-m", "venv", str(folder)], WORKING)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    output_of([*pip, "--require-hashes", "-r", str(requirements)], WORKING)
    shutil.copyfile(requirements, stamp)
    return python


def machine() -> str:
    """The processor, its cores, the Python."""
    processor = platform.machine()
    with suppress(OSError):
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
        processor = found[1] if found else processor
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def commit() -> str:
    """The state of the code that is measured."""

    def said(*words: str) -> str:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(ROOT), *words],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        name, changed = said("rev-parse", "--short", "HEAD"), said("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "no commit"
    return f"commit {name}{' and changes on top of it' if changed else ''}"


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(status.read_text("utf-8").rpartition(")")[2].split()[1]), []).append(
                int(status.parent.name)
            )
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _kilobytes(file: Path, name: str) -> int:
    with suppress(OSError):
        if line := re.search(rf"^{name}:\s+(\d+) kB", file.read_text("utf-8"), re.MULTILINE):
            return int(line[1])
    return 0


def _address(process: "subprocess.Popen[bytes]", log: Path, address: str, ready: str) -> str:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        said = re.search(r"serving on (http://[\d.]+:\d+)", log.read_text("utf-8", "replace"))
        found = address or (said[1] if said else "")
        with suppress(httpx.HTTPError):
            if found and httpx.get(f"{found}{ready}", timeout=5).status_code < 500:
                return found
        time.sleep(0.02)
    last = " / ".join(log.read_text("utf-8", "replace").strip().splitlines()[-3:])
    raise CannotRun(f"{'ended' if process.poll() is not None else 'does not answer'}: {last or 'it said nothing'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process and what it started: kindly, then not."""
    pids = family(process.pid)
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(kind)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_STOP)
    for pid in pids[1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
