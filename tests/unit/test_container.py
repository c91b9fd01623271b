"""What is wired: for every kind that can be configured, and with whatever is put in instead."""

import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from dependency_injector import providers
from sqlalchemy import make_url

from adapters.data_sources.none_configured import NoDataSource
from adapters.data_sources.sql_database import SqlDataSource
from adapters.rate_limiters.redis_server import RedisRateLimiter
from adapters.rate_limiters.shared_memory import SharedMemoryRateLimiter
from adapters.valuation_logs.best_effort import BestEffortValuationLog
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.nowhere import NoValuationLog
from application.ports.data_source import DataSource
from application.ports.key_store import KeyStore
from application.ports.model_repository import ModelRepository
from application.ports.valuation_log import ValuationLog
from config.container import Container
from config.faults import ConfigurationError
from config.portfolio_places import PortfolioPlace
from config.settings import (
    DataSourceSettings,
    HttpSettings,
    KeyStoreSettings,
    LoggingSettings,
    ModelRepositorySettings,
    ScreeningSettings,
    Settings,
    TrainingSettings,
    ValuationLogSettings,
)
from domain.api_key import Scope
from domain.errors import InstallationIncomplete, SecretUnavailable, SourceUnavailable
from tests.contracts.test_valuation_log import VALUED
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fakes.in_memory_portfolio_sink import InMemorySink

PORTS: dict[str, type] = {
    "data_source": DataSource,
    "model_repository": ModelRepository,
    "key_store": KeyStore,
    "valuation_log": ValuationLog,
}


def choices(section: str, field: str) -> tuple[str, ...]:
    """What the settings allow for a field."""
    (kind,) = [f.type for f in msgspec.structs.fields(Settings) if f.name == section]
    (choice,) = [f.type for f in msgspec.structs.fields(kind) if f.name == field]
    return get_args(choice)


def configured_kinds() -> list[tuple[str, str]]:
    """Every section that has kinds, with each of them."""
    return [
        (field.name, kind)
        for field in msgspec.structs.fields(Settings)
        if "kind" in field.type.__struct_fields__
        for kind in choices(field.name, "kind")
    ]


def settings_of_kind(folder: Path, section: str, kind: str) -> Settings:
    """Settings that name this kind, with all that any kind of the section may need."""
    whole = {"kind": kind, "path": folder / section, "url": f"sqlite:///{folder}/{section}.db", "query": "select 1"}
    own = getattr(settings_in(folder), section)
    if kind == "object_storage":
        whole["url"] = "memory://models"
    if kind == "vault":
        whole["url"] = "https://vault.example:8200"
    fitting = {key: value for key, value in whole.items() if key in own.__struct_fields__}
    return msgspec.structs.replace(settings_in(folder), **{section: msgspec.structs.replace(own, **fitting)})


def settings_in(folder: Path) -> Settings:
    """Settings under which nothing is read or written outside of `folder`."""
    return Settings(
        logging=LoggingSettings(directory=folder / "logs"),
        model_repository=ModelRepositorySettings(path=folder / "models", signing_key_file=folder / "signing-key.pem"),
        key_store=KeyStoreSettings(
            url=f"sqlite:///{folder}/keys.db", path=folder / "keys.csv", pepper_file=folder / "pepper.json"
        ),
        screening=ScreeningSettings(quarantine=folder / "quarantine"),
        valuation_log=ValuationLogSettings(
            path=folder / "valuations",
            url=f"sqlite:///{folder}/evidence.db",
            signing_key_file=folder / "evidence-signing-key.pem",
        ),
    )


class TestEveryKind:
    def test_is_one_of_a_section_whose_port_is_known_here(self) -> None:
        assert {section for section, _ in configured_kinds()} == set(PORTS)

    @pytest.mark.parametrize(("section", "kind"), configured_kinds())
    def test_that_can_be_configured_is_built(self, tmp_path: Path, section: str, kind: str) -> None:
        container = Container(settings=settings_of_kind(tmp_path, section, kind))
        built = getattr(container, section)()
        assert PORTS[section] in type(built).__mro__
        assert getattr(container, section)() is built
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("section", list(PORTS))
    def test_has_an_adapter_of_its_own(self, tmp_path: Path, section: str) -> None:
        kinds = choices(section, "kind")
        built = {
            type(getattr(Container(settings=settings_of_kind(tmp_path, section, kind)), section)()) for kind in kinds
        }
        assert len(built) == len(kinds)

    def test_of_recipe_is_one_that_the_trainer_knows(self, tmp_path: Path) -> None:
        assert Container(settings=settings_in(tmp_path)).model_trainer().recipes() == choices("training", "recipe")


class TestTheContainer:
    def test_builds_all_that_it_names(self, tmp_path: Path) -> None:
        container = Container(settings=settings_in(tmp_path))
        counted_in = ([memoryview(bytearray(192)).cast("Q")], 0, b"secret")
        needed = {
            "sales_file": (str(tmp_path / "sales.csv"),),
            "log_decryption": (tmp_path / "key.txt",),
            "rate_limiter": counted_in,
            "failure_counter": counted_in,
            "dask_workforce": (None,),
            "portfolio_source": (PortfolioPlace("INPUT", "homes.csv"),),
            "portfolio_sink": (PortfolioPlace("OUTPUT", "valued.parquet"),),
            "valuation_engine": ("local", None, None),
            "finished_parts": (PortfolioPlace("OUTPUT", "valued.csv"), InMemorySink()),
        }
        for name, provider in container.providers.items():
            assert provider(*needed.get(name, ())) or name in {"log_stream", "traces"}

    def test_counts_in_redis_where_there_is_one(self, tmp_path: Path) -> None:
        settings = msgspec.structs.replace(settings_in(tmp_path), http=HttpSettings(rate_limit_url="redis://h"))
        container = Container(settings=settings)
        row = memoryview(bytearray(192)).cast("Q")
        assert isinstance(container.rate_limiter([row], 0, b"secret"), RedisRateLimiter)
        assert isinstance(container.failure_counter([row], 0, b"secret"), SharedMemoryRateLimiter)

    def test_needs_the_library_of_redis_where_there_is_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "adapters.rate_limiters.redis_server", None)
        settings = msgspec.structs.replace(settings_in(tmp_path), http=HttpSettings(rate_limit_url="redis://h"))
        with pytest.raises(InstallationIncomplete, match=r"^http\.rate_limit_url needs .*pip install '\.\[redis\]'"):
            Container(settings=settings).rate_limiter([memoryview(bytearray(192)).cast("Q")], 0, b"secret")

    def test_makes_each_thing_once(self, tmp_path: Path) -> None:
        container = Container(settings=settings_in(tmp_path))
        assert container.issue_key().keys is container.authenticate_key().keys
        assert container.train_model().models is container.promote_model().models
        assert container.value_property() is container.value_property()

    def test_takes_what_is_put_in_instead(self, tmp_path: Path) -> None:
        keys, models, clock, events = (
            InMemoryKeyStore(),
            InMemoryModelRepository(),
            FixedClock(),
            InMemoryKeyEventLog(),
        )
        container = Container(
            settings=settings_in(tmp_path),
            key_store=providers.Object(keys),
            pepper_store=providers.Object(InMemoryPepperStore()),
            model_repository=providers.Object(models),
            clock=providers.Object(clock),
            key_event_log=providers.Object(events),
        )
        issued = container.issue_key()("ours", [Scope.VALUE], OPERATOR)
        assert container.authenticate_key().ask(issued.token) == keys.find(issued.key.id) == issued.key
        assert issued.key.created_at == clock.now()
        assert container.train_model().models is container.list_models().models is models
        assert list(tmp_path.iterdir()) == []

    def test_trains_as_the_settings_say(self, tmp_path: Path) -> None:
        training = TrainingSettings(
            recipe="forest", validation="spatial", test_fraction=0.5, seed=7, interval_level=0.8
        )
        source = DataSourceSettings(columns={"price": "precio"})
        settings = msgspec.structs.replace(settings_in(tmp_path), training=training, data_source=source)
        plan = Container(settings=settings).train_model().plan
        assert (plan.recipe, plan.validation, plan.test_fraction, plan.seed, plan.interval_level) == (
            *("forest", "spatial", 0.5, 7, 0.8),
        )
        assert plan.reading.layout.columns == {"price": "precio"}

    @pytest.mark.parametrize(
        ("durability", "when_unwritable", "kind"),
        [
            ("process", "refuse", JsonlValuationLog),
            ("disk", "refuse", JsonlValuationLog),
            ("process", "serve", BestEffortValuationLog),
            ("none", "refuse", NoValuationLog),
        ],
    )
    def test_records_valuations_as_the_settings_say(
        self, tmp_path: Path, durability: Any, when_unwritable: Any, kind: type
    ) -> None:
        wanted = ValuationLogSettings(
            path=tmp_path / "valuations",
            durability=durability,
            when_unwritable=when_unwritable,
            signing_key_file=tmp_path / "evidence-signing-key.pem",
        )
        log = Container(settings=msgspec.structs.replace(settings_in(tmp_path), valuation_log=wanted)).valuation_log()
        assert type(log) is kind
        log.record([VALUED])
        assert log.is_slow is (durability == "disk")
        assert list(log.records()) == ([] if durability == "none" else [VALUED])

    def test_without_sales_says_what_to_configure(self, tmp_path: Path) -> None:
        source = Container(settings=settings_in(tmp_path)).data_source()
        assert isinstance(source, NoDataSource)
        with pytest.raises(SourceUnavailable, match=r"set data_source\.path"):
            source.sales()


class TestThePasswordFile:
    def source(self, folder: Path, url: str, content: bytes | None) -> Any:
        """The configured sales, where the password file holds `content`."""
        if content is not None:
            (folder / "password").write_bytes(content)
        settings = DataSourceSettings(kind="sql", url=url, query="select 1", password_file=folder / "password")
        return Container(settings=msgspec.structs.replace(settings_in(folder), data_source=settings)).data_source()

    @pytest.mark.parametrize("password", ["simple", "p@w/x%y:z?a=b#c", "mit ñ"])
    def test_gives_the_address_its_password(self, tmp_path: Path, password: str) -> None:
        source = self.source(tmp_path, "postgresql://ana@host/sales", f"{password}\n".encode())
        assert isinstance(source, SqlDataSource)
        assert make_url(source.url).password == password
        assert make_url(source.url).host == "host"
        assert password not in repr(source)

    def test_must_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(SecretUnavailable, match="password cannot be read: No such file or directory"):
            self.source(tmp_path, "postgresql://ana@host/sales", None)

    def test_must_be_text(self, tmp_path: Path) -> None:
        with pytest.raises(SecretUnavailable, match="password is not UTF-8 text"):
            self.source(tmp_path, "postgresql://ana@host/sales", b"\xff\xfe")

    def test_leaves_what_is_wrong_with_the_address_to_the_adapter(self, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match=r"data_source\.url cannot be used") as raised:
            self.source(tmp_path, "nonsense", b"geheim").sales()
        assert "geheim" not in str(raised.value)
        keys = KeyStoreSettings(url="nonsense", password_file=tmp_path / "password")
        with pytest.raises(ConfigurationError, match=r"key_store\.url is of no use"):
            Container(settings=msgspec.structs.replace(settings_in(tmp_path), key_store=keys)).key_store()
