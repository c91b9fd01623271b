"""Callers who ask for valuations over TLS on connections that they keep, and remember every answer."""

import http.client
import itertools
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAUSE = 0.02
"""Seconds that a caller thinks between an answer and the next question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to value a home, by its number; `error` says why there is no value. Times are of the wall clock."""

    request: str
    home: int
    began: float
    ended: float
    status: int
    error: str = ""
    valuation: str = ""
    version: str = ""
    value: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it brought no valuation."""
        return not self.valuation


class Callers:
    """So many, each with one connection to `place` and keys of its own, used in turn."""

    def __init__(self, place: str, authority: Path, keys: Sequence[Sequence[str]], homes: Sequence[Any]) -> None:
        self.seen: list[Asked] = []
        self._place, self._homes = place, [json.dumps(home).encode() for home in homes]
        self._trust = ssl.create_default_context(cafile=str(authority))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(number, own)) for number, own in enumerate(keys)]

    @contextmanager
    def asking(self) -> Iterator[None]:
        """They ask for as long as the block lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def _ask_on(self, caller: int, keys: Sequence[str]) -> None:
        link = http.client.HTTPSConnection(self._place, timeout=90, context=self._trust)
        for turn in itertools.count():
            home = (caller + turn) % len(self._homes)
            self.seen.append(self._asked(link, f"{caller}-{turn}", keys[turn % len(keys)], home))
            if self._over.wait(PAUSE):
                link.close()
                return

    def _asked(self, link: http.client.HTTPSConnection, request: str, key: str, home: int) -> Asked:
        """One question, asked once: a valuation is not to be had twice."""
        headers = {"X-API-Key": key, "X-Request-ID": request, "Content-Type": "application/json"}
        began = time.time()
        try:
            link.request("POST", "/v1/valuations", self._homes[home], headers)
            answer = link.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            link.close()
            return Asked(request, home, began, time.time(), 0, f"{type(error).__name__}: {error}")
        ended = time.time()
        if answer.status != 200:
            return Asked(request, home, began, ended, answer.status, content[:200].decode("utf-8", "replace"))
        told = json.loads(content)
        version, value = told["model"]["version"], told["value"]
        return Asked(request, home, began, ended, 200, "", told["valuation_id"], version, value)
