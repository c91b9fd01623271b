"""The composition root: the only place that names adapters.

Adapters are imported when they are first needed, so that a serving process never loads what only training uses. To add
one: its kind in `settings.py`, a function below, a line in its Selector.
"""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dependency_injector import containers, providers

from application.authenticate_key import AuthenticateKey
from application.check_readiness import CheckReadiness
from application.issue_key import IssueKey
from application.key_uses import KeyUses, StoreKeyUses
from application.known_keys import KnownKeys
from application.list_keys import ListKeyEvents, ListKeys
from application.list_models import ListModels
from application.ports.clock import Clock
from application.ports.data_source import DataSource
from application.ports.database_schema import DatabaseSchema
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import ModelTrainer
from application.ports.pepper_store import PepperStore
from application.ports.quarantine import Quarantine
from application.ports.rate_limiter import RateLimiter
from application.ports.valuation_log import ValuationLog
from application.promote_model import PromoteModel, RollBackModel
from application.prune_models import PruneModels
from application.record_valuations import RecordValuations
from application.revoke_key import RevokeKey
from application.rotate_key import RotateKey
from application.rotate_pepper import RotatePepper
from application.served_model import ServedModel
from application.value_property import ValueProperty
from application.verify_models import VerifyModels
from application.what_if import WhatIf
from config.faults import ConfigurationError
from config.logs import Loggers
from config.settings import (
    DataSourceSettings,
    HttpSettings,
    KeyStoreSettings,
    ModelRepositorySettings,
    Settings,
    ValuationLogSettings,
)
from domain.errors import InstallationIncomplete, KeyStoreUnavailable

if TYPE_CHECKING:
    from application.build_report import BuildReport
    from application.evaluate_model import EvaluateModel
    from application.read_sales import SalesReading
    from application.train_model import TrainModel


def _csv_sales(settings: DataSourceSettings) -> DataSource:
    from adapters.data_sources.csv_file import CsvDataSource

    if settings.path is None:
        from adapters.data_sources.none_configured import NoDataSource

        return NoDataSource()
    return CsvDataSource(settings.path, settings.test_path)


def _csv_file(path: Path) -> DataSource:
    from adapters.data_sources.csv_file import CsvDataSource

    return CsvDataSource(path, None)


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


def _joblib_models(settings: ModelRepositorySettings) -> ModelRepository:
    from adapters.model_repositories.joblib_folder import JoblibModelRepository
    from adapters.model_repositories.signatures import SigningKeys

    return JoblibModelRepository(settings.path, SigningKeys(settings.signing_key_file, settings.trusted_keys))


def _stored_models(settings: ModelRepositorySettings) -> ModelRepository:
    from adapters.model_repositories.object_storage import ObjectStorageModelRepository
    from adapters.model_repositories.signatures import SigningKeys

    keys = SigningKeys(settings.signing_key_file, settings.trusted_keys)
    return ObjectStorageModelRepository(settings.url or "", keys)


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


def _database_schema(settings: KeyStoreSettings) -> DatabaseSchema:
    if settings.kind != "sql":
        from adapters.database_schemas.none_needed import NoDatabaseSchema

        return NoDatabaseSchema()
    from adapters.database_schemas.sql_database import SqlDatabaseSchema
    from adapters.databases import with_password

    with _read_from_settings():
        return SqlDatabaseSchema(with_password(settings.url, settings.password_file))


@contextmanager
def _read_from_settings() -> Iterator[None]:
    """Raises ConfigurationError where something refuses to be made: it connects to nothing, so the settings are it."""
    try:
        yield
    except KeyStoreUnavailable as error:
        raise ConfigurationError(str(error)) from None


def _extra_missing(setting: str, extra: str) -> InstallationIncomplete:
    return InstallationIncomplete(f"{setting} needs a further library: run pip install '.[{extra}]' in the checkout.")


def _peppers(settings: KeyStoreSettings) -> PepperStore:
    if settings.pepper_variable:
        from adapters.pepper_stores.environment import EnvironmentPepperStore

        return EnvironmentPepperStore(settings.pepper_variable, os.environ)
    from adapters.pepper_stores.secret_file import SecretFilePepperStore

    return SecretFilePepperStore(settings.pepper_file)


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


def _valuation_log(settings: ValuationLogSettings, loggers: Loggers) -> ValuationLog:
    if settings.durability == "none":
        from adapters.valuation_logs.nowhere import NoValuationLog

        return NoValuationLog()
    from adapters.valuation_logs.jsonl_files import JsonlValuationLog

    log = JsonlValuationLog(settings.path, to_disk=settings.durability == "disk")
    if settings.when_unwritable == "serve":
        from adapters.valuation_logs.best_effort import BestEffortValuationLog

        return BestEffortValuationLog(log, loggers.service)
    return log


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
    from application.sales.table import SalesLayout
    from application.screening.thresholds import ScreeningThresholds

    source, screening = settings.data_source, settings.screening
    layout = SalesLayout(
        columns=source.columns,
        area_unit=settings.market.area_unit,
        extras=Extras(source.extra.numeric, source.extra.categorical),
    )
    limits = {limit.name: getattr(screening, limit.name) for limit in dataclasses.fields(ScreeningThresholds)}
    return SalesReading(layout, ScreeningThresholds(**limits) if screening.enabled else None, clock)


class Container(containers.DeclarativeContainer):
    """All that is wired. Tests put their own in: `Container(settings=..., key_store=providers.Object(fake))`."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)

    log_stream: providers.Provider[TextIO | None] = providers.Object(None)
    loggers = providers.Singleton(Loggers, settings.provided.logging, log_stream)
    clock = providers.Singleton(_clock)
    data_source = providers.Selector(
        settings.provided.data_source.kind,
        csv=providers.Singleton(_csv_sales, settings.provided.data_source),
        sql=providers.Singleton(_sql_sales, settings.provided.data_source),
    )
    sales_file = providers.Factory(_csv_file)
    quarantine = providers.Singleton(_quarantine, settings.provided.screening.quarantine)
    model_trainer = providers.Singleton(_trainer)
    model_repository = providers.Selector(
        settings.provided.model_repository.kind,
        joblib=providers.Singleton(_joblib_models, settings.provided.model_repository),
        object_storage=providers.Singleton(_stored_models, settings.provided.model_repository),
    )
    key_store = providers.Selector(
        settings.provided.key_store.kind,
        csv=providers.Singleton(_csv_keys, settings.provided.key_store),
        sql=providers.Singleton(_sql_keys, settings.provided.key_store),
        vault=providers.Singleton(_vault_keys, settings.provided.key_store),
    )
    database_schema = providers.Singleton(_database_schema, settings.provided.key_store)
    pepper_store = providers.Singleton(_peppers, settings.provided.key_store)
    key_event_log = providers.Singleton(_key_events, loggers)
    rate_limiter = providers.Factory(_rate_limiter, settings.provided.http, loggers)
    failure_counter = providers.Factory(_failure_counter)
    valuation_log = providers.Singleton(_valuation_log, settings.provided.valuation_log, loggers)

    train_model = providers.Singleton(
        _train_model, settings, data_source, quarantine, model_trainer, model_repository, clock
    )
    evaluate_model = providers.Singleton(_evaluate_model, settings, model_repository, data_source, quarantine, clock)
    build_report = providers.Singleton(_build_report, settings, model_repository, data_source, model_trainer, clock)
    list_models = providers.Singleton(ListModels, model_repository)
    promote_model = providers.Singleton(PromoteModel, model_repository, clock)
    roll_back_model = providers.Singleton(RollBackModel, model_repository, clock)
    prune_models = providers.Singleton(PruneModels, model_repository, clock)
    verify_models = providers.Singleton(VerifyModels, model_repository)

    served_model = providers.Singleton(ServedModel, model_repository)
    value_property = providers.Singleton(ValueProperty, served_model, clock)
    record_valuations = providers.Singleton(RecordValuations, valuation_log, clock)
    what_if = providers.Singleton(WhatIf, value_property, served_model)
    check_readiness = providers.Singleton(
        CheckReadiness, served_model, model_repository, key_store, pepper_store, valuation_log
    )

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
