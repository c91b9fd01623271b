"""A process that values the parts it is sent: `python -m adapters.valuation_engines.worker_process DESCRIPTOR`.

It is sent what values parts, then part after part, and answers each with the valued part or with an error, pickled.
"""

import os
import pickle
import select
import sys
import threading
import traceback
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection

from domain.errors import DomainError

_opened = lru_cache(maxsize=1)(pickle.loads)


def main(descriptor: int) -> None:
    """Works until nobody is at the other end."""
    threading.Thread(target=_end_with_parent, args=(descriptor,), daemon=True).start()
    line = Connection(descriptor)
    with suppress(EOFError, OSError):
        valuer = line.recv_bytes()
        while True:
            line.send_bytes(_answer(valuer, line.recv_bytes()))


def _answer(valuer: bytes, part: bytes) -> bytes:
    try:
        valued = _opened(valuer)(pickle.loads(part))  # noqa: S301 (nobody else is at the other end)
        return pickle.dumps(valued, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return _told(error)


def _told(error: Exception) -> bytes:
    """The error, and of a fault of our own where it happened; another in its place where it cannot be sent."""
    if not isinstance(error, DomainError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        told = pickle.dumps(error)
        pickle.loads(told)  # noqa: S301 (our own)
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return told


def _end_with_parent(descriptor: int) -> None:
    """The other end is closed when the parent is killed, even in the midst of a part."""
    hangs_up = select.poll()
    hangs_up.register(descriptor, 0)
    hangs_up.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
