"""The log of a request: whose it is, and what answered it, in every line of it."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from domain.valuation_record import ValuationRecord
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.http.service import FAR_AWAY, HOME, Service

VALUED = "a valuation goes on record"


class Telling(InMemoryValuationLog):
    """A record of valuations that has a line in the log for each request."""

    def __init__(self, *, is_slow: bool) -> None:
        super().__init__()
        self.log: Any = None
        self._is_slow = is_slow

    @property
    def is_slow(self) -> bool:
        return self._is_slow

    def record(self, records: Sequence[ValuationRecord]) -> None:
        self.log.info(VALUED)
        super().record(records)


@pytest.fixture(scope="module", params=[False, True], ids=["in the event loop", "in a thread"])
def telling(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Service]:
    valuations = Telling(is_slow=request.param)
    service = Service(tmp_path_factory.mktemp("logs"), valuations=valuations)
    valuations.log = service.container.loggers().service
    with service.running():
        yield service


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", HOME),
        ("/predict", FAR_AWAY),
        ("/predict_batch", {"data": [HOME]}),
        ("/predict_batch", {"data": [HOME, FAR_AWAY]}),
        ("/v1/valuations", HOME),
        ("/v1/valuations?explain=true", HOME),
        ("/v1/valuations/what-if", {"property": HOME, "changes": {"n_rooms": 4}}),
        ("/v1/valuations/batch", {"properties": [HOME, HOME]}),
    ],
)
def test_names_the_request_the_key_and_the_version_in_every_line(telling: Service, path: str, body: object) -> None:
    key = telling.key()
    answer = telling.client.post(path, json=body, headers=key)
    for event in (VALUED, "request"):
        line = telling.log(event)[-1]
        assert line["request_id"] == answer.headers["X-Request-ID"]
        assert line["key_id"] == key["X-API-Key"].split("_")[1]
        assert line["model_version"] == "v1"


def test_names_no_key_and_no_version_of_an_earlier_request(telling: Service) -> None:
    telling.post("/predict", HOME)
    telling.client.get("/health/live")
    telling.client.post("/predict", json=HOME)
    for line in telling.log()[-2:]:
        assert {"key_id", "model_version"}.isdisjoint(line)
