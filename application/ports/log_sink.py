"""Port: somewhere that the lines of the logs go, such as a file, standard error or a log server."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

Report = Callable[..., object]
"""Writes a warning into the log of the service: what happened, in a few fixed words, and its details by name."""


class LogSink(Protocol):
    """Takes lines and never holds up who writes them: neither a reader nor a network is waited for."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in metrics and in the log, such as `syslog`."""

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How many lines it has taken and not yet passed on."""

    @property
    @abstractmethod
    def lost(self) -> int:
        """How many lines it has not written or sent, and never will, since the program began."""

    @abstractmethod
    def reports_to(self, report: Report) -> None:
        """Gives the sink the means to say that lines are being lost, and how many were when it goes on.

        Its warning is a line that comes back to `take`: it is not given while a lock is held that `take` waits for, and
        not for every line. Called once, before `prepare` and `take`.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Makes ready when a program begins. Raises DomainError where the program should not begin without it."""

    @abstractmethod
    def take(self, log: str, level: str, at: datetime, line: bytes, event: Mapping[str, object]) -> None:
        """Takes a line; never raises, never waits, safe for many threads. What cannot be kept is counted in `lost`.

        log: `tasador` for what happens, `keys` for key events. line: the event as the files have it (JSON, or a classic
        line), without its line break. event: its fields, fit to be written, of which the first three are always
        `timestamp`, `level` and `event`; not to be changed.
        """

    @abstractmethod
    def close(self, seconds: float) -> None:
        """Passes on what waits, for so many seconds at most, when the program ends."""
