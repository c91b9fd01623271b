"""What waits to be sent to a server, and the thread that sends it: nobody who hands something over waits for it."""

import random
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Generic, Protocol, TypeVar

from application.ports.log_sink import Report

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

MOST_AT_ONCE = 500
SECONDS_TO_GATHER = 0.1
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Undelivered(Exception):
    """A server did not take what was sent; `str()` of it says why, without a secret."""


class HeldUp(Undelivered):
    """It is there, but takes nothing just now: to send the same again goes on where it stopped."""


class Refused(Undelivered):
    """It will never take this."""


class Destination(Protocol[T_contra]):
    """A server to which things are sent."""

    @abstractmethod
    def send(self, items: Sequence[T_contra]) -> None:
        """Sends them in their order, in a few seconds at most.

        Raises Undelivered; unless that is Refused, it is called with the same items again.
        """

    @abstractmethod
    def close(self) -> None:
        """Ends the connection."""


def unheard(_: str, **__: object) -> None:
    """Tells nobody."""


def growing_pause(failures: int) -> float:
    """Seconds until the next try after so many failures in a row, never the same for all who try."""
    return _PAUSES[min(failures, len(_PAUSES)) - 1] * random.uniform(0.5, 1.0)  # noqa: S311


class Shipping(Generic[T]):
    """At most `places` things that wait to be sent to `destination`, in their order; what comes beyond is dropped.

    The thread that sends them starts with the first: a process that hands over nothing has none. What a lost
    connection may have swallowed is sent again. `report` is told when the sending fails, and when it has caught up; it
    may hand over what it was told. What comes within `gather` seconds goes together.
    """

    def __init__(
        self,
        name: str,
        destination: Destination[T],
        places: int,
        report: Report = unheard,
        pause: Callable[[int], float] = growing_pause,
        gather: float = SECONDS_TO_GATHER,
    ) -> None:
        self.name = name
        self.report = report
        self._destination = destination
        self._places = places
        self._pause = pause
        self._gather = gather
        self._plenty = min(MOST_AT_ONCE, -(-places // 2))
        self._queue: deque[T] = deque()
        self._lock = threading.Lock()
        self._any = threading.Event()
        self._enough = threading.Event()
        self._closing = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lost = 0
        self._lost_before: int | None = None
        """How many were lost when the trouble began; None while there is none."""
        self._told_lost = 0
        self._failures = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def lost(self) -> int:
        """How many were dropped."""
        return self._lost

    def take(self, item: T) -> None:
        """Puts it at the end of the queue, or drops it. Never waits and never raises."""
        with self._lock:
            if self._closed or len(self._queue) >= self._places:
                self._lost += 1
                return
            self._queue.append(item)
            if len(self._queue) == self._plenty:
                self._enough.set()
            if self._thread is None:
                self._start()
        if not self._any.is_set():
            self._any.set()

    def close(self, seconds: float) -> None:
        """Sends what waits, for so many seconds at most and only while that succeeds; the rest is dropped."""
        self._closing.set()
        self._any.set()
        self._enough.set()
        if self._thread is not None:
            self._thread.join(seconds)
        with self._lock:
            self._closed = True
            left = len(self._queue)
            self._lost += left
            self._queue.clear()
        if left:
            self._tell("lines not shipped before the end", dropped=left)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=f"to {self.name}", daemon=True)
        with suppress(RuntimeError):  # the process has no room for it: the next one tries again
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while self._await_some():
            with self._lock:
                items = list(islice(self._queue, MOST_AT_ONCE))
            if items and not self._send(items) and self._closing.is_set():
                break
        with suppress(Exception):
            self._destination.close()

    def _await_some(self) -> bool:
        """Waits until there is something to send, and a little more, so that it goes together; False at the end."""
        while not self._queue:
            if self._closing.is_set():
                return False
            self._any.wait()
            self._any.clear()
        self._enough.clear()
        if len(self._queue) < self._plenty and not self._closing.is_set():
            self._enough.wait(self._gather)
        return True

    def _send(self, items: Sequence[T]) -> bool:
        """Tries to; whether the server is there to go on with."""
        try:
            self._destination.send(items)
        except HeldUp as error:
            self._tell_trouble(str(error))
        except Refused as error:
            self._tell_trouble(str(error))
            self._remove(items, dropped=True)
        except Undelivered as error:
            self._tell_trouble(str(error))
            self._failures += 1
            self._closing.wait(self._pause(self._failures))
            return False
        except Exception as error:  # what cannot be sent at all must not keep all that follows
            self._tell_trouble(f"{type(error).__name__} in sending")
            self._remove(items, dropped=True)
        else:
            self._failures = 0
            self._remove(items, dropped=False)
            self._look_back()
        return True

    def _remove(self, items: Sequence[T], *, dropped: bool) -> None:
        with self._lock:
            if not self._closed:  # else they are counted already
                for _ in items:
                    self._queue.popleft()
                self._lost += len(items) if dropped else 0

    def _tell_trouble(self, reason: str) -> None:
        if self._lost_before is None:
            self._lost_before = self._told_lost
            self._tell("shipping fails", reason=reason)

    def _tell(self, what: str, **details: object) -> None:
        with suppress(Exception):  # whoever listens must not end the thread
            self.report(what, to=self.name, **details)

    def _look_back(self) -> None:
        """Tells where more came than was sent, and once it has all been sent, how much was dropped."""
        if self._lost > self._told_lost:
            self._tell_trouble("more comes than it takes")
        if self._lost_before is not None and len(self._queue) < self._plenty:
            dropped, self._told_lost = self._lost - self._lost_before, self._lost
            self._lost_before = None
            self._tell("shipping goes on", dropped=dropped)
