"""The door: how much and how long a stranger may keep a serving process busy without saying anything of use."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from entrypoints.http.observation import Observed

_ROOM_MADE_AT_ONCE = 20
"""One connection in so many goes where they are too many: to look for the most dispensable takes a while."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is taken of one connection, and how many there are. Bytes, seconds, and bytes a second."""

    connections: int = 1000
    url_bytes: int = 8 * 1024
    head_bytes: int = 16 * 1024
    head_fields: int = 100
    head_seconds: float = 10.0
    """From the connection's opening, handshake and all; on a kept one, from the request's first byte."""
    body_seconds: float = 30.0
    """For a body, and a second more for every `body_rate` bytes of it that have come."""
    body_rate: int = 1024
    unread_bytes: int = 64 * 1024
    """Of an answer, which may wait to be read before no more of it is sent, and before nothing else is begun."""
    unread_seconds: float = 30.0
    """To read that much: 4 KiB a second are always enough."""
    farewell_seconds: float = 2.0
    """To read why one is refused."""
    waiting_requests: int = 32
    """Sent ahead on a connection while another is answered."""


class Visitor(Protocol):
    """An open connection, before and after its handshake."""

    def idle(self) -> tuple[bool, float] | None:
        """Whether it has shown good will, and since when it waits; None while it is served."""

    def drop(self) -> None:
        """Ends at once, and is no longer among the connections."""

    def looked_at(self, now: float) -> None:
        """Ends if it has had its time."""


class Door:
    """Lets connections in, and ends those that overstay. `app` words what is refused; `clock` counts seconds."""

    def __init__(self, app: Observed, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.bounds = bounds
        self.clock = clock

    def lets_in(self, newcomer: Visitor, connections: "set[Any]") -> bool:
        """Whether there is room for it, or could be made: who has said, or read, nothing for longest goes first.

        A stranger who holds all of them thus has to be faster than a caller who opens one and speaks.
        """
        if len(connections) > self.bounds.connections:
            idle = [(standing, id(each), each) for each in connections - {newcomer} if (standing := each.idle())]
            for _, _, each in sorted(idle)[: self.bounds.connections // _ROOM_MADE_AT_ONCE + 1]:
                each.drop()
        return len(connections) <= self.bounds.connections

    def look_around(self, connections: "Iterable[Visitor]") -> None:
        """Ends what has taken too long. To be called once a second."""
        now = self.clock()
        for connection in tuple(connections):
            connection.looked_at(now)
