"""The parent of several serving processes: starts them, replaces those that die or hang, and ends them.

Workers are programs of their own, never forks: a process that has trained, or has threads and connections to databases,
cannot be copied safely. They share the listening socket and a page of memory (`roster.py`), and nothing else.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any

import msgspec

from config.settings import Settings
from domain.errors import DomainError
from entrypoints.http.roster import Roster, State
from entrypoints.http.shared_memory import SharedMemory, shareable

_PROGRAM = "import sys; sys.path = {path!r}; from entrypoints.http.worker import main; main({numbers})"
_SECONDS_BETWEEN_LOOKS = 0.1
_LOOKS_UNTIL_SILENT = 12
_LOOKS_UNTIL_HUNG = 25
_SECONDS_TO_START = 60.0
_SECONDS_TO_PROVE = 10.0
_MOST_SECONDS_OFF = 30.0
_MOST_FIRST_FAILURES = 2
_SECONDS_TO_FINISH = 10.0


class CannotServe(DomainError):
    """No worker could be started; `str()` of it says why."""


@dataclass(slots=True)
class _Place:
    """One worker's place: the process in it, and how those in it have fared."""

    number: int
    process: "subprocess.Popen[bytes] | None" = None
    begun: float = 0.0
    not_before: float = 0.0
    serving_since: float | None = None
    failures: int = 0
    beats: float = 0.0
    looks_in_silence: int = 0


class Workers:
    """Keeps as many workers serving on `listener` as there should be, until a signal says stop."""

    def __init__(self, settings: Settings, listener: socket.socket, log: Any) -> None:
        wanted = settings.http.workers
        self._seconds_to_finish = settings.http.drain_seconds + _SECONDS_TO_FINISH
        self._settings = msgspec.json.encode(settings, enc_hook=str) + b"\n"
        self._listener = listener
        self._log = log
        self._memory = shareable(wanted)
        self._roster = Roster(SharedMemory(wanted, self._memory))
        self._roster.want(wanted)
        self._places = [_Place(number) for number in range(wanted)]
        self._any_has_served = False
        self._signals: list[int] = []

    def run(self) -> None:
        """Returns when every worker has ended after a signal. Raises CannotServe where none ever served."""
        for sort in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sort, self._note)
        try:
            while not self._signals:
                for place in self._places:
                    self._look_after(place)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            self._drain()
        finally:
            self._kill_all()

    def _note(self, sort: int, _: FrameType | None) -> None:
        self._roster.stop_all()
        self._signals.append(sort)

    def _look_after(self, place: _Place) -> None:
        if place.process is None:
            if time.monotonic() >= place.not_before:
                self._start(place)
        elif place.process.poll() is not None:
            self._replace(place, place.process)
        else:
            self._listen_to(place, place.process)

    def _start(self, place: _Place) -> None:
        self._roster.starts(place.number, again=place.begun > 0)
        place.begun, place.serving_since, place.looks_in_silence = time.monotonic(), None, 0
        descriptors = self._listener.fileno(), self._memory
        numbers = ", ".join(map(str, (*descriptors, len(self._places), place.number)))
        # A group of its own: Ctrl-C is for the parent, who tells the workers.
        place.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-c", _PROGRAM.format(path=sys.path, numbers=numbers)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            process_group=0,
            bufsize=0,
        )
        if place.process.stdin:
            with contextlib.suppress(BrokenPipeError):  # it has ended already, which the next look finds
                place.process.stdin.write(self._settings)

    def _replace(self, place: _Place, process: "subprocess.Popen[bytes]") -> None:
        last_words = self._roster.last_words(place.number)
        reason = last_words or _ending(process.returncode)
        self._roster.gone(place.number)
        self._forget(place, process)
        if not self._any_has_served and (last_words or place.failures >= _MOST_FIRST_FAILURES):
            raise CannotServe(f"no worker could be started: {reason}")
        proven = place.serving_since and time.monotonic() - place.serving_since >= _SECONDS_TO_PROVE
        place.failures = 0 if proven else place.failures + 1
        wait = seconds_off(place.failures)
        place.not_before = time.monotonic() + wait
        self._log.error(
            "worker ended", worker=place.number + 1, pid=process.pid, reason=reason, replaced_in_seconds=wait
        )

    def _listen_to(self, place: _Place, process: "subprocess.Popen[bytes]") -> None:
        """Counts the looks in which the worker gave no sign: a parent that was halted itself has not looked."""
        state = self._roster.state(place.number)
        if state == State.DRAINING:  # it sees to its own end
            return
        if state in {State.STARTING, State.GONE}:  # it comes, or it has said why it goes
            if time.monotonic() - place.begun > _SECONDS_TO_START:
                self._kill(place, process, f"it has not started in {_SECONDS_TO_START:.0f} s")
            return
        if place.serving_since is None:
            place.serving_since, self._any_has_served = time.monotonic(), True
        beats = self._roster.beats(place.number)
        place.looks_in_silence = place.looks_in_silence + 1 if beats == place.beats else 0
        place.beats = beats
        self._roster.tell_silent(place.number, silent=place.looks_in_silence >= _LOOKS_UNTIL_SILENT)
        if place.looks_in_silence == _LOOKS_UNTIL_HUNG:
            self._kill(place, process, "it hangs")

    def _kill(self, place: _Place, process: "subprocess.Popen[bytes]", reason: str) -> None:
        self._log.error("worker killed", worker=place.number + 1, pid=process.pid, reason=reason)
        process.kill()

    def _drain(self) -> None:
        """Lets every worker finish; the time that they have for it is their own affair, and a little more is given."""
        self._listener.close()
        processes = self._processes()
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + self._seconds_to_finish
        while any(process.poll() is None for process in processes):
            if len(self._signals) > 1 or time.monotonic() > deadline:
                return
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _kill_all(self) -> None:
        for place in self._places:
            if place.process:
                place.process.kill()
                place.process.wait()
                self._forget(place, place.process)
        os.close(self._memory)

    def _processes(self) -> "list[subprocess.Popen[bytes]]":
        return [place.process for place in self._places if place.process]

    @staticmethod
    def _forget(place: _Place, process: "subprocess.Popen[bytes]") -> None:
        if process.stdin:
            process.stdin.close()
        place.process = None


def seconds_off(failures: int) -> float:
    """How long a place stays empty after so many failures in a row; the first is made good at once.

    >>> [seconds_off(failures) for failures in (0, 1, 2, 3, 4, 20)]
    [0.0, 0.0, 1.0, 2.0, 4.0, 30.0]
    """
    return min(2.0 ** (failures - 2), _MOST_SECONDS_OFF) if failures > 1 else 0.0


def _ending(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
