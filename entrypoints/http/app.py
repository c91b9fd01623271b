"""The HTTP service, put together."""

from typing import TYPE_CHECKING, TypeVar

from litestar import Litestar, Router
from litestar.di import Provide

from config.container import Container
from entrypoints.http.bodies import RawRequest
from entrypoints.http.console.page import ConsolePage
from entrypoints.http.cors import cors_config
from entrypoints.http.coverage import CoverageMonitoring
from entrypoints.http.current_key import CurrentKey
from entrypoints.http.documentation import Documentation, StartAtDocumentation, openapi_config
from entrypoints.http.drift import Drift
from entrypoints.http.evaluations import Evaluations
from entrypoints.http.evidence import Evidence, Outcomes, RecordedValuations
from entrypoints.http.evidence_keeper import EvidenceKeeper
from entrypoints.http.forwarded import TrustedProxies
from entrypoints.http.health import Health
from entrypoints.http.kept_answers import KeptAnswers
from entrypoints.http.key_uses import KeyUseKeeper
from entrypoints.http.keys import Keys
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.log_metrics import LogMetrics
from entrypoints.http.market import Market
from entrypoints.http.metrics import Metrics, MetricsPage, Traffic
from entrypoints.http.model_metrics import ModelInfo, ModelTrained
from entrypoints.http.models import Models
from entrypoints.http.notices import Notices
from entrypoints.http.observation import Observed
from entrypoints.http.predictions import BatchPredictions, Predictions
from entrypoints.http.problems import answer
from entrypoints.http.recording import Recorder
from entrypoints.http.refreshing import ModelRefresher
from entrypoints.http.roster import Roster
from entrypoints.http.security import key_guard
from entrypoints.http.shared_readiness import SharedReadiness
from entrypoints.http.slow_threads import MOST_WAITING, SlowThreads
from entrypoints.http.throttling import FailedKeys
from entrypoints.http.valuations import BatchValuations, Valuations
from entrypoints.http.valuing import Valuing

if TYPE_CHECKING:
    from entrypoints.http.tracing import Tracing

T = TypeVar("T")

_KIB = 1024
_MOST_LISTS = 16
"""Each may look through thousands of records: more that wait would wait for minutes."""


def make_app(container: Container, refresh_seconds: float = 0.5, roster: Roster | None = None) -> Observed:
    """The ASGI application of what `container` holds; it looks for another promoted model every `refresh_seconds`.

    `roster` names the other workers, where there are any.
    """
    http, console = container.settings().http, container.settings().console
    log = container.loggers().service
    roster = roster or Roster.alone()
    refresher = ModelRefresher(container.served_model(), log, refresh_seconds, roster)
    batches, details = SlowThreads("batches", most=MOST_WAITING), SlowThreads("details", most=MOST_WAITING)
    studies = SlowThreads("studies", at_once=1, most=MOST_WAITING)
    surveys = SlowThreads("surveys of the market", at_once=1, most=MOST_WAITING)
    lookups, lists = (SlowThreads(kind, most=MOST_WAITING) for kind in ("lookups", "lists of outcomes"))
    pages = SlowThreads("lists of valuations", at_once=1, most=_MOST_LISTS)
    shared_readiness = SharedReadiness(container.check_readiness())
    metrics = Metrics(roster)
    tracing = _tracing(container)
    part = tracing.part if tracing else _as_it_is
    tracing_queue = [tracing.traces] if tracing else []
    recorder = Recorder(part("record valuations", container.record_valuations()), metrics)
    metrics.declare(ModelInfo(container.served_model()))
    metrics.declare(ModelTrained(container.served_model()))
    notices = Notices()
    limits, failed = KeyLimits.of(container, roster, metrics), FailedKeys.of(container, roster, metrics)
    app = Litestar(
        route_handlers=[
            Predictions,
            Router(
                "/",
                route_handlers=[BatchPredictions, BatchValuations, Outcomes],
                request_max_body_size=http.max_batch_kb * _KIB,
            ),
            Valuations,
            RecordedValuations,
            Models,
            Evaluations,
            Market,
            Drift,
            CoverageMonitoring,
            Keys,
            CurrentKey,
            Health,
            MetricsPage,
            Documentation,
            ConsolePage if console.enabled else StartAtDocumentation,
        ],
        dependencies=_provided(
            valuing=Valuing(
                part("value", container.value_property()),
                part("value what-if", container.what_if()),
                recorder,
                container.served_model(),
                details,
                batches,
            ),
            evidence=Evidence(
                container.show_valuation(),
                container.list_valuations(),
                container.record_outcomes(),
                container.override_valuation(),
                lookups,
                lists,
                pages,
            ),
            describe_market=container.describe_market(),
            map_sales=container.map_sales(),
            kept_answers=KeptAnswers(surveys),
            study_coverage=container.study_coverage(),
            study_drift=container.study_drift(),
            studies=studies,
            list_models=container.list_models(),
            show_evaluation=container.show_evaluation(),
            served_model=container.served_model(),
            promote_model=container.promote_model(),
            roll_back_model=container.roll_back_model(),
            issue_key=container.issue_key(),
            rotate_key=container.rotate_key(),
            revoke_key=container.revoke_key(),
            list_keys=container.list_keys(),
            shared_readiness=shared_readiness,
            refresher=refresher,
            roster=roster,
            metrics=metrics,
            limits=limits,
            notices=notices,
            console=console,
        ),
        guards=[key_guard(container.authenticate_key(), limits, failed)],
        exception_handlers={Exception: answer},
        lifespan=[
            refresher.running,
            KeyUseKeeper(container.store_key_uses(), log).running,
            EvidenceKeeper(container.evidence_archive(), log).running,
            batches.running,
            details.running,
            studies.running,
            surveys.running,
            lookups.running,
            lists.running,
            pages.running,
            shared_readiness.running,
            recorder.running,
            LogMetrics([*container.loggers().sinks, *tracing_queue], metrics).running,
            limits.running,
            failed.running,
            roster.on_duty,
            *([tracing.running] if tracing else ()),
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
    traffic = Traffic(metrics, (route.path_format for route in app.routes))
    return Observed(app, log, traffic, proxies, notices, roster, tracing)


def _tracing(container: Container) -> "Tracing | None":
    traces = container.traces()
    if traces is None:
        return None
    from entrypoints.http.tracing import Tracing

    return Tracing(traces)


def _as_it_is(_: str, work: T) -> T:
    return work


def _provided(**parts: object) -> dict[str, Provide]:
    """Dependencies that give handlers these parts by their names."""
    return {name: _provide(part) for name, part in parts.items()}


def _provide(part: object) -> Provide:
    return Provide(lambda: part, sync_to_thread=False)
