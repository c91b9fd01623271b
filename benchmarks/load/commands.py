"""Running a command to its end, and what it took."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from load.processes import CannotRun, environment, family

_EVERY = 0.1


@dataclass(frozen=True)
class Took:
    """seconds: wall time. processor: seconds of it, over all processes. peak: memory, MB, of all of them at one time.

    Pages that several processes share are counted once (PSS).
    """

    output: str
    seconds: float
    processor: float
    peak: float

    @property
    def share(self) -> float:
        """How much of the machine's cores was used."""
        return self.processor / (self.seconds * (os.cpu_count() or 1))


def run(command: Sequence[str], home: Path, **more: str) -> Took:
    """Runs a command. Raises CannotRun with what it complained of."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603
            command, cwd=home, env=environment(home, **more), stdin=subprocess.DEVNULL, stdout=output, stderr=complaints
        )
        peak = _Peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.end()
        output.seek(0)
        complaints.seek(0)
        if process.returncode:
            lines = complaints.read().decode("utf-8", "replace").strip().splitlines()[-3:]
            raise CannotRun(f"{' '.join(map(str, command[-4:]))}: {' / '.join(lines)}")
        return Took(output.read().decode(), seconds, used.ru_utime + used.ru_stime, max(peak.megabytes, 0.0))


class _Peak:
    """Watches the memory of a process and its children from a thread."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,))
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self, pid: int) -> None:
        while not self._ended.wait(_EVERY):
            now = 0
            for each in family(pid):
                with suppress(OSError):
                    for line in Path(f"/proc/{each}/smaps_rollup").read_text("utf-8").splitlines():
                        if line.startswith("Pss:"):
                            now += int(line.split()[1])
            self.megabytes = max(self.megabytes, now / 1024)
