"""The service as its callers meet it: the real application over in-memory stores and real logs."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import msgspec
from dependency_injector import providers
from litestar.testing import TestClient
from structlog.testing import CapturingLogger

from adapters.valuation_logs.best_effort import BestEffortValuationLog
from application.ports.key_store import KeyStore
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from config.container import Container
from config.settings import (
    ConsoleSettings,
    HttpSettings,
    LoggingSettings,
    Settings,
    TracingSettings,
    ValuationLogSettings,
)
from domain.api_key import ApiKey, KeyAdmin, Scope
from domain.errors import KeyStoreUnavailable
from domain.model_version import FeatureSchema, ModelCard
from entrypoints.http.app import make_app
from entrypoints.http.observation import Observed
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import SCHEMA, ConstantPricePerArea, a_card, a_trained_model

HOME: dict[str, Any] = {
    "type": "Departamento",
    "sector": "Ñuñoa",
    "net_usable_area": 80.0,
    "net_area": 90.0,
    "n_rooms": 3,
    "n_bathroom": 2,
    "latitude": -33.45,
    "longitude": -70.6,
}
SMALL = HttpSettings(max_body_kb=4, max_batch_kb=16)
SELDOM = 3600.0
SCHEMA_WITH_EXTRAS = FeatureSchema(("year_built",), ("heating",), SCHEMA.types, SCHEMA.sectors)
FAR_AWAY = HOME | {"latitude": 40.4, "longitude": -3.7}
"""A home outside the market of the tests' models."""
ERRORS = tuple(place / 45 for place in range(-9, 10))
"""As many errors of a model as its level of 0.9 needs, so that no valuation is doubted for it; the widest are 0.2."""


class Breakable(InMemoryKeyStore):
    """Keys in memory that can be out of reach, as a database can."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False

    def find(self, key_id: str) -> ApiKey | None:
        if self.down:
            raise KeyStoreUnavailable("The key database at keys.internal:5432 does not answer: start it.")
        return super().find(key_id)


class Service:
    """A running service: v1 values at 2000 a m2 and is served, v2 at 3000 and is stored."""

    def __init__(
        self,
        folder: Path,
        models: ModelRepository | None = None,
        keys: KeyStore | None = None,
        refresh_seconds: float = SELDOM,
        max_batch_kb: int = SMALL.max_batch_kb,
        valuations: InMemoryValuationLog | None = None,
        *,
        may_lose_records: bool = False,
        rate_limit: str = SMALL.rate_limit,
        traces_to: str | None = None,
        coordinate_decimals: int | None = None,
        map_sales: int = 20_000,
    ) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.models = models or two_models(self.clock)
        self.keys = keys or Breakable()
        self.valuations = valuations or InMemoryValuationLog()
        self.screen = io.StringIO()
        log = BestEffortValuationLog(self.valuations, CapturingLogger()) if may_lose_records else self.valuations
        self.container = Container(
            settings=Settings(
                logging=LoggingSettings(directory=folder),
                tracing=TracingSettings(otlp_url=traces_to),
                valuation_log=ValuationLogSettings(coordinate_decimals=coordinate_decimals),
                console=ConsoleSettings(map_sales=map_sales),
                http=msgspec.structs.replace(SMALL, max_batch_kb=max_batch_kb, rate_limit=rate_limit),
            ),
            log_stream=providers.Object(self.screen),
            clock=providers.Object(self.clock),
            key_store=providers.Object(self.keys),
            pepper_store=providers.Object(InMemoryPepperStore()),
            model_repository=providers.Object(self.models),
            valuation_log=providers.Object(log),
            evidence_archive=providers.Object(self.valuations),
        )
        self.refresh_seconds = refresh_seconds
        self.client: TestClient[Observed]

    @cached_property
    def app(self) -> Observed:
        """The application, made when it is first wanted: by then a test may have put parts of its own in."""
        return make_app(self.container, self.refresh_seconds)

    @contextmanager
    def running(self) -> Iterator["Service"]:
        """The service, started, and stopped at the end."""
        with TestClient(self.app, raise_server_exceptions=False) as self.client:
            self.client.follow_redirects = False
            yield self

    def token(self, *scopes: Scope) -> str:
        """The token of a new key; with no scopes named, of one that may do everything."""
        return self.container.issue_key()("a test", scopes or list(Scope), KeyAdmin("a test")).token

    def key(self, *scopes: Scope) -> dict[str, str]:
        """The header with a new key."""
        return {"X-API-Key": self.token(*scopes)}

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        """The answer to a JSON body, sent with a key that may do everything."""
        return self.client.post(path, json=body, headers={**self.key(), **(headers or {})})

    def post_bytes(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        """The answer to these very bytes, said to be JSON."""
        return self.client.post(
            path, content=content, headers=self.key() | {"Content-Type": "application/json"} | headers
        )

    def log(self, event: str = "request") -> list[dict[str, Any]]:
        """The lines of this event in the service's log."""
        lines = [
            json.loads(line) for file in self.folder.glob("tasador-*.log") for line in file.read_text().splitlines()
        ]
        return [line for line in lines if line["event"] == event]

    def everything_written(self) -> str:
        """All log files and all that went to standard error."""
        return "".join(file.read_text() for file in self.folder.glob("*.log")) + self.screen.getvalue()


def two_models(clock: FixedClock) -> InMemoryModelRepository:
    """A repository with v1, served, and v2."""
    models = InMemoryModelRepository()
    models.store(a_trained_model(2000.0, log_ratios=ERRORS), a_card())
    models.store(a_trained_model(3000.0, log_ratios=ERRORS), a_card(recipe="forest"))
    models.promote("v1", clock.now(), "a test")
    return models


def serving(trained: TrainedModel, card: ModelCard | None = None) -> InMemoryModelRepository:
    """A repository whose v1 is this model, and served."""
    models = InMemoryModelRepository()
    models.store(trained, card or a_card())
    models.promote("v1", NOON, "a test")
    return models


def with_extras(schema: FeatureSchema = SCHEMA_WITH_EXTRAS) -> InMemoryModelRepository:
    """A repository whose served model was trained with further features."""
    trained = a_trained_model(log_ratios=ERRORS, model=ConstantPricePerArea(2000.0, schema))
    return serving(trained, a_card(features=schema))


def fields(answer: httpx.Response) -> dict[str, str]:
    """The bad fields that a problem names, with what was expected of them."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == 400
    return {problem["field"]: problem["message"] for problem in answer.json()["errors"]}
