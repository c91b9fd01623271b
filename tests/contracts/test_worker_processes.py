"""The processes that value parts, and how they end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from adapters.valuation_engines.processes import Processes
from domain.errors import EngineUnavailable
from tests.fakes.part_valuer import Noisy, NumberedPart

_ROOT = Path(adapters.__file__).parents[1]
_DEADLINE = 20.0
_RUN = """
import sys
from pathlib import Path
from adapters.valuation_engines.processes import Processes
from tests.fakes.part_valuer import Busy, NumberedPart
list(Processes(2).valued([NumberedPart(number) for number in range(2)], Busy(Path(sys.argv[1]))))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_their_parent_in_the_midst_of_a_part(end: signal.Signals, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", _RUN, tmp_path], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for _ in _until_the_deadline():
        if len(pids := [int(path.name) for path in tmp_path.iterdir()]) == 2:
            break
    parent.send_signal(end)
    said, complained = parent.communicate(timeout=_DEADLINE)
    for _ in _until_the_deadline():
        if not any(_is_alive(pid) for pid in pids):
            break
    assert said == b""
    assert complained.count(b"Traceback") == (end == signal.SIGINT)  # which is for the command line to tell


def test_nothing_that_processes_write_is_seen_but_for_their_last_words(capfd: pytest.CaptureFixture[str]) -> None:
    valued = Processes(1).valued([NumberedPart(0), NumberedPart(1)], Noisy())
    assert next(iter(valued)).piece == b"1"
    with pytest.raises(EngineUnavailable, match=r"line 11 .* the last one ended with code 7: the kernel is broken\."):
        next(iter(valued))
    assert capfd.readouterr() == ("", "")


def _until_the_deadline() -> Iterator[None]:
    until = time.monotonic() + _DEADLINE
    while time.monotonic() < until:
        yield
        time.sleep(0.01)
    raise AssertionError("It takes too long.")


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
