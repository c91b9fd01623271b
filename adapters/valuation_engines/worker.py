"""The parent's end of a process that values parts."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from typing import IO

from application.ports.valuation_engine import ValuedPart

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_WORDS = 2000


class WorkerDied(Exception):
    """The process has ended, by a signal or by itself: the message says how."""


class Worker:
    """A process in a session of its own, so that Ctrl-C is a matter of its parent's; it ends with its parent.

    Nothing it writes is seen, but for its last words where it ends by itself. Raises OSError where no process can be
    had.
    """

    def __init__(self, valuer: bytes) -> None:
        self._valuer: bytes | None = valuer
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        try:
            self._process, self._line = _begun(self._words)
        except OSError:
            self._words.close()
            raise

    def answer(self, part: bytes) -> ValuedPart | Exception:
        """The part that was pickled, valued, or what valuing it raised. Raises WorkerDied."""
        try:
            if self._valuer is not None:
                self._line.send_bytes(self._valuer)
                self._valuer = None
            self._line.send_bytes(part)
            said = self._line.recv_bytes()
        except (EOFError, OSError):
            raise WorkerDied(self._death()) from None
        answer: ValuedPart | Exception = pickle.loads(said)  # noqa: S301 (from our own process)
        return answer

    def kill(self) -> None:
        """Ends the process, at once; whoever waits for its answer finds it dead."""
        self._process.kill()

    def close(self) -> None:
        """Ends the process, and what belongs to it."""
        self.kill()
        self._process.wait()
        self._line.close()
        self._words.close()

    def _death(self) -> str:
        self.kill()  # it may have closed the line and live on
        code = self._process.wait()
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        self._words.seek(max(0, self._words.seek(0, os.SEEK_END) - _WORDS))
        said = self._words.read().decode(errors="replace").strip().splitlines()
        return f"ended with code {code}{': ' if said else ''}{said[-1] if said else ''}"


def _begun(words: IO[bytes]) -> tuple[subprocess.Popen[bytes], Connection]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-P", "-m", "adapters.valuation_engines.worker_process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
            env=os.environ | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        return process, Connection(ours.detach())
