"""The composition root: the only place that names adapters.

Adapters are imported when they are first needed, so that a serving process never loads what only training uses. To add
one: its kind in `settings.py`, a function below, a line in its Selector.
"""

import dataclasses
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dependency_injector import containers, providers
from msgspec import structs

from application.authenticate_key import AuthenticateKey
from application.check_readiness import CheckReadiness
from application.describe_market import DescribeMarket
from application.erase_evidence import EraseEvidence
from application.export_client import ExportClient
from application.export_heads import ExportHeads
from application.issue_key import IssueKey
from application.key_uses import KeyUses, StoreKeyUses
from application.known_keys import KnownKeys
from application.list_keys import ListKeyEvents, ListKeys
from application.list_models import ListModels
from application.list_valuations import ListValuations
from application.locate_evidence import LocateEvidence
from application.map_sales import MapSales
from application.override_valuation import OverrideValuation
from application.ports.clock import Clock
from application.ports.data_source import DataSource
from application.ports.database_schema import DatabaseSchema
from application.ports.evidence_signer import EvidenceSigner
from application.ports.finished_parts import FinishedParts
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.log_decryption import LogDecryption
from application.ports.log_sink import LogSink
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import ModelTrainer
from application.ports.pepper_store import PepperStore
from application.ports.portfolio_sink import PieceEncoder, PortfolioSink
from application.ports.portfolio_source import PortfolioSource
from application.ports.quarantine import Quarantine
from application.ports.rate_limiter import RateLimiter
from application.ports.training_lock import TrainingLock
from application.ports.valuation_engine import PartValuer, ValuationEngine
from application.ports.valuation_log import ValuationLog
from application.ports.workforce import Workforce
from application.promote_model import PromoteModel, RollBackModel
from application.prune_evidence import PruneEvidence
from application.prune_models import PruneModels
from application.record_outcomes import RecordOutcomes
from application.record_valuations import RecordValuations
from application.replay_valuations import ReplayValuations
from application.revoke_key import RevokeKey
from application.rotate_key import RotateKey
from application.rotate_pepper import RotatePepper
from application.sample_valuations import SampleValuations
from application.served_model import ServedModel
from application.show_evaluation import ShowEvaluation
from application.show_evidence import ShowEvidence
from application.show_valuation import ShowValuation
from application.study_coverage import StudyCoverage
from application.study_drift import StudyDrift
from application.value_property import ValueProperty
from application.verify_evidence import VerifyEvidence
from application.verify_models import VerifyModels
from application.version import VERSION
from application.vouch_for_evidence import VouchForEvidence
from application.what_if import WhatIf
from config.faults import ConfigurationError
from config.log_lines import local_time
from config.logs import Loggers
from config.portfolio_places import PortfolioPlace, is_parquet
from config.settings import (
    DataSourceSettings,
    HttpSettings,
    KeyStoreSettings,
    LoggingSettings,
    ModelRepositorySettings,
    PortfolioSettings,
    Settings,
    TracingSettings,
    ValuationLogSettings,
)
from domain.drift_judgement import DriftLimits
from domain.errors import InstallationIncomplete, KeyStoreUnavailable, ValuationLogUnavailable

if TYPE_CHECKING:
    from adapters.log_sinks.closed_files import Encrypt
    from adapters.span_exporters.otlp_collector import OtlpTraces
    from adapters.valuation_logs.jsonl_files import JsonlValuationLog
    from adapters.valuation_logs.segment_limits import SegmentLimits
    from adapters.valuation_logs.sql_database import SqlValuationLog
    from application.build_report import BuildReport
    from application.evaluate_model import EvaluateModel
    from application.portfolio_order import PortfolioOrder
    from application.read_sales import SalesReading
    from application.train_model import TrainModel
    from application.value_portfolio import ValuePortfolio


def _csv_sales(settings: DataSourceSettings) -> DataSource:
    from adapters.data_sources.csv_file import CsvDataSource

    if settings.path is None:
        from adapters.data_sources.none_configured import NoDataSource

        return NoDataSource()
    return CsvDataSource(settings.path, settings.test_path)


def _parquet_sales(settings: DataSourceSettings) -> DataSource:
    from adapters.data_sources.parquet_files import ParquetDataSource

    if settings.path is None:
        from adapters.data_sources.none_configured import NoDataSource

        return NoDataSource()
    return ParquetDataSource(settings.path, settings.test_path)


def _sales_file(location: str) -> DataSource:
    """A file of sales that is given by itself, CSV or Parquet."""
    if is_parquet(location):
        from adapters.data_sources.parquet_files import ParquetDataSource

        return ParquetDataSource(location, path_key="--data")
    from adapters.data_sources.csv_file import CsvDataSource

    return CsvDataSource(location, path_key="--data")


def _sql_sales(settings: DataSourceSettings) -> DataSource:
    from adapters.data_sources.sql_database import SqlDataSource
    from adapters.databases import with_password

    url = with_password(settings.url or "", settings.password_file)
    return SqlDataSource(url, settings.query or "", settings.test_query)


def _quarantine(folder: Path) -> Quarantine:
    from adapters.quarantines.csv_folder import CsvFolderQuarantine

    return CsvFolderQuarantine(folder)


def _trainer() -> ModelTrainer:
    from adapters.valuation_models.trainer import RecipeTrainer

    return RecipeTrainer()


def _dask_workforce(scheduler: str | None) -> AbstractContextManager[Workforce]:
    try:
        from adapters.workforces.dask_cluster import dask_workforce
    except ImportError:
        raise _extra_missing("--engine dask", "dask") from None
    return dask_workforce(scheduler)


def _joblib_models(settings: ModelRepositorySettings) -> ModelRepository:
    from adapters.model_repositories.joblib_folder import JoblibModelRepository
    from adapters.model_repositories.signatures import SigningKeys

    return JoblibModelRepository(settings.path, SigningKeys(settings.signing_key_file, settings.trusted_keys))


def _stored_models(settings: ModelRepositorySettings) -> ModelRepository:
    from adapters.model_repositories.object_storage import ObjectStorageModelRepository
    from adapters.model_repositories.signatures import SigningKeys

    keys = SigningKeys(settings.signing_key_file, settings.trusted_keys)
    return ObjectStorageModelRepository(settings.url or "", keys)


def _training_lock(settings: ModelRepositorySettings) -> TrainingLock:
    """In the folder of the models; for those elsewhere, beside the key that signs them: of this machine alone."""
    from adapters.training_locks.lock_file import LockFileTrainingLock

    if settings.kind == "joblib":
        return LockFileTrainingLock(settings.path / "training.lock")
    name = hashlib.sha256((settings.url or "").encode()).hexdigest()[:12]
    return LockFileTrainingLock(settings.signing_key_file.parent / f"training-{name}.lock")


def _csv_keys(settings: KeyStoreSettings) -> KeyStore:
    from adapters.key_stores.csv_file import CsvKeyStore

    return CsvKeyStore(settings.path)


def _sql_keys(settings: KeyStoreSettings) -> KeyStore:
    from adapters.databases import with_password
    from adapters.key_stores.sql_database import SqlKeyStore

    with _read_from_settings():
        return SqlKeyStore(with_password(settings.url, settings.password_file))


def _vault_keys(settings: KeyStoreSettings) -> KeyStore:
    try:
        from adapters.key_stores.vault_secrets import VaultSecrets
    except ImportError:
        raise _extra_missing("key_store.kind 'vault'", "vault") from None
    from adapters.key_stores.vault_server import VaultKeyStore
    from adapters.key_stores.vault_tokens import AppRole, GivenToken, TokenFile, Tokens

    tokens: Tokens = GivenToken(os.environ.get("VAULT_TOKEN", ""))
    if settings.token_file:
        tokens = TokenFile(settings.token_file)
    elif settings.role_id and settings.secret_id_file:
        tokens = AppRole(settings.role_id, settings.secret_id_file)
    with _read_from_settings():
        server = VaultSecrets(settings.url, settings.mount, tokens, settings.namespace, settings.ca_file)
        return VaultKeyStore(server, settings.prefix)


def _database_schemas(settings: Settings) -> Sequence[DatabaseSchema]:
    """Those of the databases that keys and valuations are kept in, each once."""
    sections: dict[str, KeyStoreSettings | ValuationLogSettings] = {
        "key_store": settings.key_store,
        "valuation_log": settings.valuation_log,
    }
    in_databases = {name: section for name, section in sections.items() if section.kind == "sql"}
    if not in_databases:
        return ()
    from adapters.database_schemas.sql_database import SqlDatabaseSchema
    from adapters.databases import with_password

    named: dict[str, str] = {}
    for name, section in in_databases.items():
        named.setdefault(with_password(section.url, section.password_file), f"{name}.url")
    with _read_from_settings():
        return tuple(SqlDatabaseSchema(url, setting) for url, setting in named.items())


@contextmanager
def _read_from_settings() -> Iterator[None]:
    """Raises ConfigurationError where something refuses to be made: it connects to nothing, so the settings are it."""
    try:
        yield
    except (KeyStoreUnavailable, ValuationLogUnavailable) as error:
        raise ConfigurationError(str(error)) from None


def _extra_missing(setting: str, extra: str) -> InstallationIncomplete:
    file = "dask" if extra == "dask" else "serve"
    return InstallationIncomplete(
        f"{setting} needs a further library: install requirements/{file}.txt of the release, or run "
        f"pip install '.[{extra}]' in the checkout."
    )


def _peppers(settings: KeyStoreSettings) -> PepperStore:
    if settings.pepper_variable:
        from adapters.pepper_stores.environment import EnvironmentPepperStore

        return EnvironmentPepperStore(settings.pepper_variable, os.environ)
    from adapters.pepper_stores.secret_file import SecretFilePepperStore

    return SecretFilePepperStore(settings.pepper_file)


def _loggers(settings: LoggingSettings, stream: TextIO | None) -> Loggers:
    from adapters.log_sinks.stream import StreamSink

    return Loggers(
        settings,
        (_log_file(settings, "tasador"), _log_file(settings, "keys")),
        StreamSink(stream, settings.queue_lines) if stream else None,
        _shipped_logs(settings),
        on_terminal=stream is not None and stream.isatty(),
    )


def _log_file(settings: LoggingSettings, log: str) -> LogSink:
    from adapters.log_sinks.closed_files import ClosedFiles
    from adapters.log_sinks.file_names import FileNames
    from adapters.log_sinks.rotating_files import RotatingFile

    closed = ClosedFiles(FileNames(settings.directory, log), settings.keep_files, _encryption(settings))
    return RotatingFile(closed, settings.rotate_mb * 2**20, local_time)


def _encryption(settings: LoggingSettings) -> "Encrypt | None":
    if not settings.age_recipients:
        return None
    from adapters.log_sinks.age_encryption import AgeEncryption

    return AgeEncryption(settings.age_recipients).encrypt


def _log_decryption(identity_file: Path) -> LogDecryption:
    from adapters.log_sinks.age_encryption import AgeDecryption

    return AgeDecryption(identity_file)


def _key_events(loggers: Loggers) -> KeyEventLog:
    from adapters.key_event_logs.structured_log import StructuredKeyEventLog

    return StructuredKeyEventLog(loggers.keys)


def _failure_counter(rows: Sequence[memoryview], own: int, secret: bytes) -> RateLimiter:
    from adapters.rate_limiters.shared_memory import SharedMemoryRateLimiter

    return SharedMemoryRateLimiter(rows, own, secret)


def _rate_limiter(
    settings: HttpSettings, loggers: Loggers, rows: Sequence[memoryview], own: int, secret: bytes
) -> RateLimiter:
    from adapters.rate_limiters.shared_memory import SharedMemoryRateLimiter

    in_memory = SharedMemoryRateLimiter(rows, own, secret)
    if settings.rate_limit_url is None:
        return in_memory
    from adapters.passwords import password_in

    try:
        from adapters.rate_limiters.redis_server import RedisRateLimiter
    except ImportError:
        raise _extra_missing("http.rate_limit_url", "redis") from None
    password = password_in(settings.rate_limit_password_file)
    return RedisRateLimiter(settings.rate_limit_url, password, in_memory, loggers.service)


def _evidence_signer(settings: ValuationLogSettings) -> EvidenceSigner:
    from adapters.evidence_signers.ed25519_file import Ed25519EvidenceSigner

    return Ed25519EvidenceSigner(settings.signing_key_file, settings.trusted_keys)


def _jsonl_evidence(settings: ValuationLogSettings, signer: EvidenceSigner, clock: Clock) -> "JsonlValuationLog":
    from adapters.valuation_logs.jsonl_files import JsonlValuationLog

    return JsonlValuationLog(
        settings.path,
        signer,
        clock.now,
        to_disk=settings.durability == "disk",
        limits=_segment_limits(settings),
    )


def _sql_evidence(settings: ValuationLogSettings, signer: EvidenceSigner, clock: Clock) -> "SqlValuationLog":
    from adapters.databases import with_password
    from adapters.valuation_logs.sql_database import SqlValuationLog

    with _read_from_settings():
        return SqlValuationLog(
            with_password(settings.url, settings.password_file),
            signer,
            clock.now,
            to_disk=settings.durability == "disk",
            limits=_segment_limits(settings),
        )


def _segment_limits(settings: ValuationLogSettings) -> "SegmentLimits":
    from adapters.valuation_logs.segment_limits import SegmentLimits

    return SegmentLimits(timedelta(minutes=settings.segment_minutes), settings.segment_mb * 2**20)


def _traces(settings: TracingSettings, loggers: Loggers) -> "OtlpTraces | None":
    if settings.otlp_url is None:
        return None
    try:
        from adapters.span_exporters.otlp_collector import OtlpTraces
    except ImportError:
        raise _extra_missing("tracing.otlp_url", "otel") from None
    return OtlpTraces(settings.otlp_url, settings.share, VERSION, loggers.service.warning)


def _syslog(settings: LoggingSettings) -> LogSink | None:
    if settings.syslog_url is None:
        return None
    from adapters.log_sinks.shipped_log import ShippedLog
    from adapters.log_sinks.syslog_server import SyslogServer

    server = SyslogServer(settings.syslog_url, settings.syslog_ca_file)
    return ShippedLog("syslog", server, settings.queue_lines)


def _otlp_logs(settings: LoggingSettings) -> LogSink | None:
    if settings.otlp_url is None:
        return None
    from adapters.log_sinks.shipped_log import ShippedLog

    try:
        from adapters.log_sinks.otlp_collector import OtlpLogs
        from adapters.otlp_exports import SECONDS_TO_GATHER
    except ImportError:
        raise _extra_missing("logging.otlp_url", "otel") from None
    collector = OtlpLogs(settings.otlp_url, VERSION)
    return ShippedLog("otlp", collector, settings.queue_lines, gather=SECONDS_TO_GATHER)


def _shipped_logs(settings: LoggingSettings) -> list[LogSink]:
    return [sink for sink in (_syslog(settings), _otlp_logs(settings)) if sink is not None]


def _valuation_log(settings: ValuationLogSettings, evidence: ValuationLog, loggers: Loggers) -> ValuationLog:
    if settings.durability == "none":
        from adapters.valuation_logs.nowhere import NoValuationLog

        return NoValuationLog()
    if settings.when_unwritable == "serve":
        from adapters.valuation_logs.best_effort import BestEffortValuationLog

        return BestEffortValuationLog(evidence, loggers.service)
    return evidence


def _clock() -> Clock:
    from adapters.clocks.system import SystemClock

    return SystemClock()


def _train_model(
    settings: Settings,
    sales: DataSource,
    quarantine: Quarantine,
    trainer: ModelTrainer,
    models: ModelRepository,
    clock: Clock,
) -> "TrainModel":
    from application.train_model import TrainingPlan, TrainModel

    plan = TrainingPlan(
        reading=_reading(settings, clock),
        currency=settings.market.currency,
        recipe=settings.training.recipe,
        validation=settings.training.validation,
        test_fraction=settings.training.test_fraction,
        seed=settings.training.seed,
        interval_level=settings.training.interval_level,
        equity_calibration=settings.training.equity_calibration,
    )
    return TrainModel(sales, quarantine, trainer, models, clock, plan)


def _evaluate_model(
    settings: Settings, models: ModelRepository, sales: DataSource, quarantine: Quarantine, clock: Clock
) -> "EvaluateModel":
    from application.evaluate_model import EvaluateModel

    return EvaluateModel(models, sales, quarantine, clock, _reading(settings, clock))


def _build_report(
    settings: Settings, models: ModelRepository, sales: DataSource, trainer: ModelTrainer, clock: Clock
) -> "BuildReport":
    from application.build_report import BuildReport
    from application.compare_versions import CompareVersions

    return BuildReport(models, CompareVersions(models, sales, trainer, _reading(settings, clock)), clock)


def _reading(settings: Settings, clock: Clock) -> "SalesReading":
    from application.ports.model_trainer import Extras
    from application.read_sales import SalesReading
    from application.sales.layout import SalesLayout
    from application.screening.thresholds import ScreeningThresholds

    source, screening = settings.data_source, settings.screening
    layout = SalesLayout(
        columns=source.columns,
        area_unit=settings.market.area_unit,
        extras=Extras(source.extra.numeric, source.extra.categorical),
    )
    limits = {limit.name: getattr(screening, limit.name) for limit in dataclasses.fields(ScreeningThresholds)}
    return SalesReading(layout, ScreeningThresholds(**limits) if screening.enabled else None, clock)


def _value_portfolio(settings: Settings, models: ModelRepository, clock: Clock) -> "ValuePortfolio":
    from application.value_portfolio import ValuePortfolio
    from config.portfolio_worker import PortfolioWorker

    def worker(order: "PortfolioOrder", encoder: PieceEncoder) -> PartValuer:
        repository = settings.model_repository
        trusted = repository.trusted_keys or (models.public_key(),)
        return PortfolioWorker.of(structs.replace(repository, trusted_keys=trusted), order, encoder, VERSION)

    return ValuePortfolio(models, clock, _reading(settings, clock).layout, worker, VERSION)


def _portfolio_source(settings: PortfolioSettings, place: PortfolioPlace) -> PortfolioSource:
    match place.kind:
        case "csv":
            from adapters.portfolio_sources.csv_file import CsvPortfolio

            return CsvPortfolio((lambda: sys.stdin.buffer) if place.is_stream else place.location)
        case "parquet" if place.is_stream:
            from adapters.portfolio_sources.parquet_stream import ParquetStream

            return ParquetStream(lambda: sys.stdin.buffer, settings.path)
        case "parquet":
            from adapters.portfolio_sources.parquet_files import ParquetPortfolio

            return ParquetPortfolio(place.location)
        case "sql":
            from adapters.portfolio_sources.sql_database import SqlPortfolio

            return SqlPortfolio(_address(place), place.query or "")


def _portfolio_sink(place: PortfolioPlace) -> PortfolioSink:
    match place.kind:
        case "csv":
            from adapters.portfolio_sinks.csv_file import CsvSink

            return CsvSink(sys.stdout.buffer if place.is_stream else place.location)
        case "parquet":
            from adapters.portfolio_sinks.parquet_file import ParquetSink

            return ParquetSink(sys.stdout.buffer if place.is_stream else place.location)
        case "sql":
            from adapters.portfolio_sinks.sql_table import SqlTableSink

            return SqlTableSink(_address(place), place.table or "", replace=place.replace)


def _address(place: PortfolioPlace) -> str:
    from adapters.databases import with_password

    return with_password(place.location, place.password_file)


def _finished_parts(settings: PortfolioSettings, place: PortfolioPlace, sink: PortfolioSink) -> FinishedParts:
    if place.is_stream:
        from adapters.finished_parts.nowhere import NoFinishedParts

        return NoFinishedParts()
    from adapters.finished_parts.folder import FinishedPartsFolder

    folder = settings.path / hashlib.sha256(sink.name.encode()).hexdigest()[:32]
    return FinishedPartsFolder(folder, settings.keep_days)


def _processes(workers: int | None, _scheduler: str | None) -> ValuationEngine:
    from adapters.valuation_engines.processes import Processes

    return Processes(workers)


def _dask(workers: int | None, scheduler: str | None) -> ValuationEngine:
    try:
        from adapters.valuation_engines.dask_cluster import DaskEngine
    except ImportError:
        raise _extra_missing("--engine dask", "dask") from None
    return DaskEngine(scheduler, workers)


def _study_drift(settings: Settings, log: ValuationLog, clock: Clock) -> StudyDrift:
    monitoring = settings.monitoring
    limits = DriftLimits(monitoring.drift_level, monitoring.drift_psi)
    return StudyDrift(log, clock, limits, monitoring.drift_days, settings.valuation_log.coordinate_decimals)


class Container(containers.DeclarativeContainer):
    """All that is wired. Tests put their own in: `Container(settings=..., key_store=providers.Object(fake))`."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)

    log_stream: providers.Provider[TextIO | None] = providers.Object(None)
    loggers = providers.Singleton(_loggers, settings.provided.logging, log_stream)
    log_decryption = providers.Factory(_log_decryption)
    clock = providers.Singleton(_clock)
    data_source = providers.Selector(
        settings.provided.data_source.kind,
        csv=providers.Singleton(_csv_sales, settings.provided.data_source),
        parquet=providers.Singleton(_parquet_sales, settings.provided.data_source),
        sql=providers.Singleton(_sql_sales, settings.provided.data_source),
    )
    sales_file = providers.Factory(_sales_file)
    quarantine = providers.Singleton(_quarantine, settings.provided.screening.quarantine)
    model_trainer = providers.Singleton(_trainer)
    dask_workforce = providers.Factory(_dask_workforce)
    model_repository = providers.Selector(
        settings.provided.model_repository.kind,
        joblib=providers.Singleton(_joblib_models, settings.provided.model_repository),
        object_storage=providers.Singleton(_stored_models, settings.provided.model_repository),
    )
    training_lock = providers.Singleton(_training_lock, settings.provided.model_repository)
    key_store = providers.Selector(
        settings.provided.key_store.kind,
        csv=providers.Singleton(_csv_keys, settings.provided.key_store),
        sql=providers.Singleton(_sql_keys, settings.provided.key_store),
        vault=providers.Singleton(_vault_keys, settings.provided.key_store),
    )
    database_schemas = providers.Singleton(_database_schemas, settings)
    pepper_store = providers.Singleton(_peppers, settings.provided.key_store)
    key_event_log = providers.Singleton(_key_events, loggers)
    rate_limiter = providers.Factory(_rate_limiter, settings.provided.http, loggers)
    failure_counter = providers.Factory(_failure_counter)
    evidence_signer = providers.Singleton(_evidence_signer, settings.provided.valuation_log)
    evidence_archive = providers.Selector(
        settings.provided.valuation_log.kind,
        jsonl=providers.Singleton(_jsonl_evidence, settings.provided.valuation_log, evidence_signer, clock),
        sql=providers.Singleton(_sql_evidence, settings.provided.valuation_log, evidence_signer, clock),
    )
    traces = providers.Singleton(_traces, settings.provided.tracing, loggers)
    valuation_log = providers.Singleton(_valuation_log, settings.provided.valuation_log, evidence_archive, loggers)

    train_model = providers.Singleton(
        _train_model, settings, data_source, quarantine, model_trainer, model_repository, clock
    )
    evaluate_model = providers.Singleton(_evaluate_model, settings, model_repository, data_source, quarantine, clock)
    build_report = providers.Singleton(_build_report, settings, model_repository, data_source, model_trainer, clock)
    list_models = providers.Singleton(ListModels, model_repository)
    show_evaluation = providers.Singleton(ShowEvaluation, model_repository)
    promote_model = providers.Singleton(PromoteModel, model_repository, clock)
    roll_back_model = providers.Singleton(RollBackModel, model_repository, clock)
    prune_models = providers.Singleton(PruneModels, model_repository, clock)
    verify_models = providers.Singleton(VerifyModels, model_repository)

    served_model = providers.Singleton(ServedModel, model_repository)
    value_property = providers.Singleton(ValueProperty, served_model, clock)
    record_valuations = providers.Singleton(
        RecordValuations, valuation_log, clock, settings.provided.valuation_log.coordinate_decimals
    )
    value_portfolio = providers.Singleton(_value_portfolio, settings, model_repository, clock)
    portfolio_source = providers.Factory(_portfolio_source, settings.provided.portfolios)
    portfolio_sink = providers.Factory(_portfolio_sink)
    valuation_engine = providers.FactoryAggregate(local=providers.Factory(_processes), dask=providers.Factory(_dask))
    finished_parts = providers.Factory(_finished_parts, settings.provided.portfolios)
    what_if = providers.Singleton(WhatIf, value_property, served_model)
    describe_market = providers.Singleton(DescribeMarket, settings.provided.console.map_sales)
    map_sales = providers.Singleton(MapSales, settings.provided.console.map_sales)
    study_drift = providers.Singleton(_study_drift, settings, evidence_archive, clock)
    check_readiness = providers.Singleton(
        CheckReadiness, served_model, model_repository, key_store, pepper_store, valuation_log
    )

    show_valuation = providers.Singleton(ShowValuation, evidence_archive, key_store)
    list_valuations = providers.Singleton(ListValuations, evidence_archive, key_store)
    record_outcomes = providers.Singleton(RecordOutcomes, evidence_archive, clock)
    override_valuation = providers.Singleton(OverrideValuation, evidence_archive, clock)
    study_coverage = providers.Singleton(StudyCoverage, evidence_archive, clock, model_repository)
    sample_valuations = providers.Singleton(SampleValuations, evidence_archive, clock)
    verify_evidence = providers.Singleton(VerifyEvidence, evidence_archive, evidence_signer)
    vouch_for_evidence = providers.Singleton(VouchForEvidence, evidence_archive, verify_evidence)
    show_evidence = providers.Singleton(ShowEvidence, evidence_archive, evidence_archive, vouch_for_evidence)
    locate_evidence = providers.Singleton(LocateEvidence, evidence_archive)
    export_heads = providers.Singleton(ExportHeads, evidence_archive, evidence_signer, clock)
    export_client = providers.Singleton(ExportClient, evidence_archive)
    erase_evidence = providers.Singleton(EraseEvidence, evidence_archive, evidence_archive, clock)
    prune_evidence = providers.Singleton(PruneEvidence, evidence_archive, clock)
    replay_valuations = providers.Singleton(ReplayValuations, evidence_archive, model_repository)

    issue_key = providers.Singleton(IssueKey, key_store, pepper_store, clock, key_event_log)
    known_keys = providers.Singleton(KnownKeys)
    rotate_key = providers.Singleton(RotateKey, key_store, pepper_store, clock, key_event_log, known_keys)
    key_uses = providers.Singleton(KeyUses)
    authenticate_key = providers.Singleton(
        AuthenticateKey, key_store, pepper_store, clock, key_event_log, known=known_keys, uses=key_uses
    )
    store_key_uses = providers.Singleton(StoreKeyUses, key_store, key_uses)
    revoke_key = providers.Singleton(RevokeKey, key_store, clock, key_event_log, known_keys)
    list_keys = providers.Singleton(ListKeys, key_store, clock)
    list_key_events = providers.Singleton(ListKeyEvents, key_store)
    rotate_pepper = providers.Singleton(RotatePepper, key_store, pepper_store, clock, key_event_log)
