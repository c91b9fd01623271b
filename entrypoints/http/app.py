"""The HTTP service, put together."""

from litestar import Litestar, Router
from litestar.di import Provide

from config.container import Container
from entrypoints.http.bodies import RawRequest
from entrypoints.http.documentation import Documentation, openapi_config
from entrypoints.http.health import Health
from entrypoints.http.metrics import Metrics, MetricsPage, Traffic
from entrypoints.http.models import Models
from entrypoints.http.observation import Observed
from entrypoints.http.predictions import BatchPredictions, Predictions
from entrypoints.http.problems import answer
from entrypoints.http.refreshing import ModelRefresher
from entrypoints.http.roster import Roster
from entrypoints.http.security import key_guard
from entrypoints.http.slow_threads import WAITING_AT_ONCE, SlowThreads
from entrypoints.http.valuations import BatchValuations, Valuations
from entrypoints.http.valuing import Valuing

_KIB = 1024


def make_app(container: Container, refresh_seconds: float = 0.5, roster: Roster | None = None) -> Observed:
    """The ASGI application of what `container` holds; it looks for another promoted model every `refresh_seconds`.

    `roster` names the other workers, where there are any.
    """
    http = container.settings().http
    log = container.loggers().service
    roster = roster or Roster.alone()
    refresher = ModelRefresher(container.served_model(), log, refresh_seconds, roster)
    batches, details = SlowThreads("batch"), SlowThreads("details")
    records = SlowThreads("records", WAITING_AT_ONCE)
    metrics = Metrics(roster)
    app = Litestar(
        route_handlers=[
            Predictions,
            Router(
                "/",
                route_handlers=[BatchPredictions, BatchValuations],
                request_max_body_size=http.max_batch_kb * _KIB,
            ),
            Valuations,
            Models,
            Health,
            MetricsPage,
            Documentation,
        ],
        dependencies=_provided(
            valuing=Valuing(
                container.value_property(),
                container.what_if(),
                container.record_valuations(),
                container.served_model(),
                details,
                batches,
                records,
            ),
            list_models=container.list_models(),
            served_model=container.served_model(),
            promote_model=container.promote_model(),
            roll_back_model=container.roll_back_model(),
            check_readiness=container.check_readiness(),
            refresher=refresher,
            roster=roster,
            metrics=metrics,
        ),
        guards=[key_guard(container.authenticate_key())],
        exception_handlers={Exception: answer},
        lifespan=[refresher.running, batches.running, details.running, records.running, roster.on_duty],
        request_max_body_size=http.max_body_kb * _KIB,
        request_class=RawRequest,
        openapi_config=openapi_config(),
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    return Observed(app, log, Traffic(metrics, (route.path_format for route in app.routes)))


def _provided(**parts: object) -> dict[str, Provide]:
    """Dependencies that give handlers these parts by their names."""
    return {name: _provide(part) for name, part in parts.items()}


def _provide(part: object) -> Provide:
    return Provide(lambda: part, sync_to_thread=False)
