"""Every setting, its type, its default and its meaning. `loader.py` fills them in; the container reads them."""

import re
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from domain.drift import MOST_DAYS
from domain.market_survey import MOST_MAPPED

Share = Annotated[float, Meta(gt=0, lt=1)]
AboveNought = Annotated[float, Meta(gt=0, le=1e6)]
Name = Annotated[str, Meta(min_length=1)]
Rate = Annotated[str, Meta(max_length=40)]
"""A number of times in a time, as `domain.rate_limit.parse_rate_limit` reads it."""
AgeRecipient = Annotated[str, Meta(pattern="^age1[02-9ac-hj-np-z]{58}$")]
PublicKey = Annotated[str, Meta(pattern="^ed25519:[A-Za-z0-9+/]{43}=$")]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Location(str):
    """A file or a folder: a path, or a URL such as s3://bucket/sales.csv."""

    __slots__ = ()

    @property
    def is_url(self) -> bool:
        """Whether it is a URL, which stays as it is."""
        return _URL.match(self) is not None


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the configuration file."""


class Market(Section, frozen=True):
    """The market: its currency, and the unit of the areas in the sales table and in the requests' source data."""

    currency: Annotated[str, Meta(pattern=r"^\S{1,8}$")] = "USD"
    area_unit: Literal["m2", "ft2"] = "m2"


class FurtherColumns(Section, frozen=True):
    """Columns that the model learns from beside the eight features, by their names in the sales table."""

    numeric: tuple[Name, ...] = ()
    categorical: tuple[Name, ...] = ()


class DataSourceSettings(Section, frozen=True):
    """Where the sales come from. csv and parquet need `path`; sql needs `url` and `query`.

    A path may be a URL such as s3://bucket/sales.csv, and of parquet also a folder; credentials for it stand in the
    environment.

    `columns` maps Tasador's column names to the source's own. `test_path` or `test_query` give a holdout.
    """

    kind: Literal["csv", "parquet", "sql"] = "csv"
    path: Location | None = None
    test_path: Location | None = None
    url: str | None = None
    password_file: Path | None = None
    query: str | None = None
    test_query: str | None = None
    columns: dict[str, Name] = {}
    extra: FurtherColumns = FurtherColumns()


class TrainingSettings(Section, frozen=True):
    """How a model is trained and judged. `auto` validates out of time where `sold_on` is known, else at random.

    `equity_calibration`: stretch values so that PRD and PRB come within the standard's ranges, at the cost in accuracy
    that training tells.
    """

    recipe: Literal["notebook", "forest", "boosted"] = "boosted"
    validation: Literal["random", "spatial", "temporal", "auto"] = "auto"
    test_fraction: Share = 0.25
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    interval_level: Share = 0.9
    equity_calibration: bool = False


class ScreeningSettings(Section, frozen=True):
    """Whether implausible sales are screened out before training, and the folder for rows that are set aside.

    The limits; a rule with two of them takes a sale only beyond both. A robust SD is that of the middle of the market's
    own sales, of logarithms:
    `price_deviations` robust SDs between a sale's price and what its neighbours and features say, and `price_factor`
    times above or below it; `area_deviations` robust SDs between an area and the market's, and `usable_to_whole` times
    the usable area above the whole area, or less usable area a room than `smallest_room` or more than `largest_room`
    (m2); `far_km` kilometres from the nearest other homes. A rule that would take more than the share `most_screened`
    of the sales (`most_duplicates` for sales listed twice) takes none, and that is said.
    """

    enabled: bool = True
    quarantine: Path = Path("var/quarantine")
    price_deviations: AboveNought = 5.0
    price_factor: AboveNought = 2.5
    area_deviations: AboveNought = 6.0
    usable_to_whole: AboveNought = 2.0
    smallest_room: AboveNought = 3.0
    largest_room: AboveNought = 300.0
    far_km: AboveNought = 20.0
    most_screened: Share = 0.1
    most_duplicates: Share = 0.5


class ModelRepositorySettings(Section, frozen=True):
    """Where the models are kept: joblib takes the folder `path`, object_storage a `url` such as s3://bucket/folder.

    What is stored is signed with the private key in `signing_key_file`, made at first use. Served is only what a key of
    `trusted_keys` signed (`tasador models signing-key` shows one); with none given, the key in that file.
    """

    kind: Literal["joblib", "object_storage"] = "joblib"
    path: Path = Path("var/models")
    url: str | None = None
    signing_key_file: Path = Path("var/model-signing-key.pem")
    trusted_keys: tuple[PublicKey, ...] = ()


class KeyStoreSettings(Section, frozen=True):
    """Where the keys are kept: sql takes `url` (and `password_file`, whose content becomes its password), csv `path`.

    vault takes the `url` of the server and, in its KV engine `mount`, the folder `prefix`, with the token in
    `token_file` or that of an AppRole login (`role_id`, `secret_id_file`), else that in $VAULT_TOKEN. `ca_file` holds
    the certificates of who signed the server's, where not everybody trusts those.

    `pepper_file` holds the secret under which they are hashed; without it no key can be checked. With
    `pepper_variable`, the environment variable of that name holds it instead.
    """

    kind: Literal["csv", "sql", "vault"] = "sql"
    url: str = "sqlite:///var/tasador.db"
    password_file: Path | None = None
    path: Path = Path("var/keys.csv")
    mount: Name = "secret"
    prefix: Name = "tasador"
    namespace: Name | None = None
    token_file: Path | None = None
    role_id: Name | None = None
    secret_id_file: Path | None = None
    ca_file: Path | None = None
    pepper_file: Path = Path("var/pepper.json")
    pepper_variable: Name | None = None


class ValuationLogSettings(Section, frozen=True):
    """Where valuations are put on record before they are answered: jsonl takes the folder `path`, sql a `url`.

    sql takes `password_file` too, whose content becomes the url's password. `durability`: an answered valuation
    survives a kill of the process, or also a loss of power (disk), or there is no record (none). `when_unwritable`:
    refuse valuations, or serve them without a record and say how many in the log.

    Records are chained in segments, each closed after `segment_minutes` or `segment_mb` and signed with the private key
    in `signing_key_file`, made at first use. `trusted_keys`: the public keys that verify signatures (`tasador audit
    signing-key` shows one); with none given, the key in that file.

    `coordinate_decimals`: latitude and longitude are rounded to so many before they are kept, so that replays of them
    only come close. `retention_days`: what is older goes when `tasador audit prune` runs.
    """

    kind: Literal["jsonl", "sql"] = "jsonl"
    path: Path = Path("var/valuations")
    url: str = "sqlite:///var/tasador.db"
    password_file: Path | None = None
    durability: Literal["process", "disk", "none"] = "process"
    when_unwritable: Literal["refuse", "serve"] = "refuse"
    signing_key_file: Path = Path("var/evidence-signing-key.pem")
    trusted_keys: tuple[PublicKey, ...] = ()
    segment_minutes: Annotated[int, Meta(ge=1, le=1440)] = 60
    segment_mb: Annotated[int, Meta(ge=1, le=1024)] = 32
    coordinate_decimals: Annotated[int, Meta(ge=0, le=8)] | None = None
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class PortfolioSettings(Section, frozen=True):
    """Where `tasador value` keeps what it has valued until its output is whole, for --resume: the folder `path`.

    It holds the clients' rows. Each run removes what interrupted ones have left there for `keep_days`.
    """

    path: Path = Path("var/portfolios")
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] = 30


class MonitoringSettings(Section, frozen=True):
    """The served model against the world. Drift is of the valuations of the last `drift_days`.

    `drift_level`: how often an alarm may come without a shift, all features together. `drift_psi`: how large a shift
    must be for one, as a population stability index.
    """

    drift_days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = 30
    drift_level: Share = 0.01
    drift_psi: AboveNought = 0.1


class LoggingSettings(Section, frozen=True):
    """The form of the logs and the folder of their files. `auto`: for people on a terminal, JSON elsewhere.

    A file is closed at midnight and at `rotate_mb`; of each log the newest `keep_files` closed ones stay. Closed files
    are encrypted to `age_recipients` (age1...), where there are any; `tasador logs decrypt` reads them elsewhere.

    Beside the files, lines go to `syslog_url` (tcp://host:514 or tls://host:6514, RFC 5424; `syslog_ca_file` holds the
    certificates of who signed the server's, where not everybody trusts those) and to `otlp_url`, the OTLP/HTTP address
    of a collector, such as http://127.0.0.1:4318. At most `queue_lines` wait for each of them; what comes beyond is
    dropped and counted.
    """

    format: Literal["auto", "console", "json", "classic"] = "auto"
    directory: Path = Path("var/logs")
    level: Literal["debug", "info", "warning", "error"] = "info"
    rotate_mb: Annotated[float, Meta(gt=0, le=1e6)] = 100.0
    keep_files: Annotated[int, Meta(ge=1, le=1_000_000)] = 30
    age_recipients: tuple[AgeRecipient, ...] = ()
    syslog_url: Name | None = None
    syslog_ca_file: Path | None = None
    otlp_url: Name | None = None
    queue_lines: Annotated[int, Meta(ge=10, le=10_000_000)] = 10_000


class TracingSettings(Section, frozen=True):
    """Traces of requests to `otlp_url`, the OTLP/HTTP address of a collector; `share` of them, drawn by their ids."""

    otlp_url: Name | None = None
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0


class HttpSettings(Section, frozen=True):
    """The HTTP service. Bodies are limited in KiB; `max_batch_kb` is for the batch routes.

    `max_connections`: open at once in each worker. Beyond loopback it is served over TLS, with the PEM files
    `tls_certificate` and `tls_key`, or `behind_proxy`. `trusted_proxies` are addresses and networks whose
    X-Forwarded-For is believed; `cors_origins` the web sites whose pages may call, such as https://desk.example.

    `rate_limit`: how often a key may ask, such as 600/minute, 100 per 5 minutes, or off; counted by all workers
    together, and with `rate_limit_url` (redis:// or rediss://, and `rate_limit_password_file`, whose content becomes
    its password) by all machines. `failed_keys_limit`: how many wrong keys from one address, or with one key's id, are
    told so at once and have a line each in the log.
    """

    host: Name = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    max_connections: Annotated[int, Meta(ge=10, le=1_000_000)] = 1000
    behind_proxy: bool = False
    trusted_proxies: tuple[Name, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    cors_origins: tuple[Name, ...] = ()
    max_body_kb: Annotated[int, Meta(ge=1)] = 64
    max_batch_kb: Annotated[int, Meta(ge=1)] = 4096
    rate_limit: Rate = "600/minute"
    rate_limit_url: Name | None = None
    rate_limit_password_file: Path | None = None
    failed_keys_limit: Rate = "60/minute"


class ConsoleSettings(Section, frozen=True):
    """The page for people, at /; with `enabled` off there is none.

    Its map shows at most `map_sales` of the sales that the served model learned from; with 0 it and /v1/market/sales
    show none (comparables and evaluations still do). Beneath them lie the tiles of `tile_url`, such as
    https://tiles.example/{z}/{x}/{y}.png, where one is given: the browsers of those who look at it fetch them, and a
    key in it is seen by all. `tile_attribution` names whose they are.
    """

    enabled: bool = True
    tile_url: Name | None = None
    tile_attribution: str = ""
    map_sales: Annotated[int, Meta(ge=0, le=MOST_MAPPED)] = 20_000


class Settings(Section, frozen=True):
    """All of it. Paths are absolute once loaded."""

    market: Market = Market()
    data_source: DataSourceSettings = DataSourceSettings()
    training: TrainingSettings = TrainingSettings()
    screening: ScreeningSettings = ScreeningSettings()
    model_repository: ModelRepositorySettings = ModelRepositorySettings()
    key_store: KeyStoreSettings = KeyStoreSettings()
    valuation_log: ValuationLogSettings = ValuationLogSettings()
    portfolios: PortfolioSettings = PortfolioSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    logging: LoggingSettings = LoggingSettings()
    tracing: TracingSettings = TracingSettings()
    http: HttpSettings = HttpSettings()
    console: ConsoleSettings = ConsoleSettings()
