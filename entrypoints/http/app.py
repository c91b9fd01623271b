"""The HTTP service, put together."""

from litestar import Litestar, Router
from litestar.di import Provide

from config.container import Container
from entrypoints.http.bodies import RawRequest
from entrypoints.http.cors import cors_config
from entrypoints.http.documentation import Documentation, openapi_config
from entrypoints.http.forwarded import TrustedProxies
from entrypoints.http.health import Health
from entrypoints.http.key_uses import KeyUseKeeper
from entrypoints.http.keys import Keys
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.metrics import Metrics, MetricsPage, Traffic
from entrypoints.http.models import Models
from entrypoints.http.notices import Notices
from entrypoints.http.observation import Observed
from entrypoints.http.predictions import BatchPredictions, Predictions
from entrypoints.http.problems import answer
from entrypoints.http.refreshing import ModelRefresher
from entrypoints.http.roster import Roster
from entrypoints.http.security import key_guard
from entrypoints.http.slow_threads import WAITING_AT_ONCE, SlowThreads
from entrypoints.http.throttling import FailedKeys
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
    notices = Notices()
    limits, failed = KeyLimits.of(container, roster, metrics), FailedKeys.of(container, roster, metrics)
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
            Keys,
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
            issue_key=container.issue_key(),
            rotate_key=container.rotate_key(),
            revoke_key=container.revoke_key(),
            list_keys=container.list_keys(),
            check_readiness=container.check_readiness(),
            refresher=refresher,
            roster=roster,
            metrics=metrics,
            limits=limits,
            notices=notices,
        ),
        guards=[key_guard(container.authenticate_key(), limits, failed)],
        exception_handlers={Exception: answer},
        lifespan=[
            refresher.running,
            KeyUseKeeper(container.store_key_uses(), log).running,
            batches.running,
            details.running,
            records.running,
            limits.running,
            failed.running,
            roster.on_duty,
        ],
        request_max_body_size=http.max_body_kb * _KIB,
        request_class=RawRequest,
        cors_config=cors_config(http.cors_origins),
        openapi_config=openapi_config(),
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    proxies = TrustedProxies(http.trusted_proxies) if http.trusted_proxies else None
    return Observed(app, log, Traffic(metrics, (route.path_format for route in app.routes)), proxies, notices, roster)


def _provided(**parts: object) -> dict[str, Provide]:
    """Dependencies that give handlers these parts by their names."""
    return {name: _provide(part) for name, part in parts.items()}


def _provide(part: object) -> Provide:
    return Provide(lambda: part, sync_to_thread=False)
