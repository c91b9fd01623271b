"""Another version while callers ask: none of them fails, and every answer is that of the version that it names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx

from tests.e2e.service import HOME, Service, a_key, ordered, serving

CLIENTS = 4


class Callers:
    """Clients that ask on and on; each answer as (status, version, value), or what went wrong."""

    def __init__(self, service: Service, key: str) -> None:
        self._service, self._key = service, key
        self._stop = Event()
        self.answers: list[tuple[object, ...]] = []

    @contextmanager
    def asking(self) -> Iterator["Callers"]:
        threads = [Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _ask(self) -> None:
        with httpx.Client(headers={"X-API-Key": self._key}, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    self.answers.append(valued(client, self._service))
                    bare = client.post(f"{self._service.address}/predict", json=HOME)
                    self.answers.append((bare.status_code, bare.headers.get("X-Model-Version"), bare.json()))
                except httpx.HTTPError as error:
                    self.answers.append((repr(error),))


def valued(client: httpx.Client, service: Service) -> tuple[object, ...]:
    answer = client.post(f"{service.address}/v1/valuations", json=HOME)
    document = answer.json()
    return answer.status_code, document["model"]["version"], document["value"]


def all_serve(service: Service, version: str) -> None:
    service.wait_for_answer("/health/ready", lambda answer: answer.json()["workers"]["serving"] == {version: 2})


def test_switches_are_not_noticed_and_no_answer_is_mixed(folder: Path) -> None:
    key = a_key(folder, "--scope", "value", "--scope", "models:write")
    with serving(folder, "serve", "--workers", "2") as service, httpx.Client(headers={"X-API-Key": key}) as client:
        all_serve(service, "v2")
        expected = {valued(client, service)}
        assert ordered(folder, "models", "promote", "v1").code == 0
        all_serve(service, "v1")
        expected.add(valued(client, service))
        assert len({value for _, _, value in expected}) == 2
        with Callers(service, key).asking() as callers:
            for turn in range(3):
                promoted = service.post("/v1/models/v2/promote", key)
                assert promoted.status_code == 200
                all_serve(service, "v2")
                assert turn > 1 or ordered(folder, "models", "rollback").code == 0
                all_serve(service, "v2" if turn > 1 else "v1")
        assert set(callers.answers) == expected
