"""Answers that stay the same as long as a model is served: computed and encoded once, and given again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from application.served_model import ServedVersion
from entrypoints.http.slow_threads import SlowThreads

MOST_BYTES = 16 * 2**20
MOST_ANSWERS = 512
"""What was asked is kept too, and is not counted in bytes."""


class KeptAnswers:
    """Encoded answers, MOST_ANSWERS of together `most_bytes`; those that nobody has asked for the longest go first.

    What is not among them is worked out in `threads`. Where those are one, many who ask for the same at once have it
    worked out once.
    """

    def __init__(self, threads: SlowThreads, most_bytes: int = MOST_BYTES) -> None:
        self._threads = threads
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0

    async def of(self, served: ServedVersion, asked: Hashable, work: Callable[[], bytes]) -> bytes:
        """The answer of a model to what was `asked`, which `work` computes. Raises what it raises, and Overloaded."""
        key = (served.description.version, served.description.artifact.sha256, asked)
        known = self._known(key)
        if known is not None:
            return known
        return await self._threads.run(lambda: self._known(key) or self._keep(key, work()))

    def _known(self, key: Hashable) -> bytes | None:
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            return known

    def _keep(self, key: Hashable, body: bytes) -> bytes:
        if len(body) > self._most_bytes:
            return body
        with self._lock:
            self._bytes += len(body) - len(self._kept.pop(key, b""))
            self._kept[key] = body
            while self._bytes > self._most_bytes or len(self._kept) > MOST_ANSWERS:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return body
