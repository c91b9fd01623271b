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
    """The currency of all prices and values: shown, never converted."""
    area_unit: Literal["m2", "ft2"] = "m2"
    """The unit of the areas in the sales table and in the requests' source data."""


class FurtherColumns(Section, frozen=True):
    """Columns that the model learns from beside the eight features, by their names in the sales table."""

    numeric: tuple[Name, ...] = ()
    """Columns of numbers; gaps are allowed."""
    categorical: tuple[Name, ...] = ()
    """Columns of texts; gaps are allowed."""


class DataSourceSettings(Section, frozen=True):
    """Where the sales come from. csv and parquet need `path`; sql needs `url` and `query`."""

    kind: Literal["csv", "parquet", "sql"] = "csv"
    """What holds the sales."""
    path: Location | None = None
    """A file, or a URL such as s3://bucket/sales.csv (credentials from the environment); of parquet also a folder."""
    test_path: Location | None = None
    """A file like `path` with sales to judge the model by. Without it a part is set aside."""
    url: str | None = None
    """The database, such as postgresql://reader@db.example/sales."""
    password_file: Path | None = None
    """A file whose content becomes the password of `url`."""
    query: str | None = None
    """What selects the sales; run in a read-only transaction."""
    test_query: str | None = None
    """A query like `query`, for sales to judge the model by."""
    columns: dict[str, Name] = {}
    """Tasador's names of columns, each with the source's own."""
    extra: FurtherColumns = FurtherColumns()
    """Columns to learn from beside the eight features."""


class TrainingSettings(Section, frozen=True):
    """How a model is trained and judged."""

    recipe: Literal["notebook", "forest", "boosted"] = "boosted"
    """The learner."""
    validation: Literal["random", "spatial", "temporal", "auto"] = "auto"
    """How the holdout and the folds are chosen. auto: temporal where `sold_on` is known, else random."""
    test_fraction: Share = 0.25
    """The share of the sales that judges the model, where none is given for that."""
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    """What all that is random begins with: the same sales and seed give the same model."""
    interval_level: Share = 0.9
    """The probability of the intervals, unless a request asks for another."""
    equity_calibration: bool = False
    """Stretch values so that PRD and PRB come within the standard's ranges; training tells what accuracy that costs."""


class ScreeningSettings(Section, frozen=True):
    """Whether implausible sales are screened out before training, and the limits.

    A rule with two limits takes a sale only beyond both. A robust SD is that of the middle of the market's own sales,
    of logarithms.
    """

    enabled: bool = True
    """Whether sales are screened at all."""
    quarantine: Path = Path("var/quarantine")
    """The folder for rows that are set aside, with their reasons."""
    price_deviations: AboveNought = 5.0
    """Robust SDs between a sale's price and what its neighbours and features say."""
    price_factor: AboveNought = 2.5
    """And how many times above or below that it must be."""
    area_deviations: AboveNought = 6.0
    """Robust SDs between an area and the market's."""
    usable_to_whole: AboveNought = 2.0
    """How many times the whole area the usable one may be."""
    smallest_room: AboveNought = 3.0
    """The least usable area a room, m2."""
    largest_room: AboveNought = 300.0
    """The most usable area a room, m2."""
    far_km: AboveNought = 20.0
    """Kilometres from the nearest other homes."""
    most_screened: Share = 0.1
    """A rule that would take more than this share of the sales takes none, and that is said."""
    most_duplicates: Share = 0.5
    """The same for sales that are listed twice."""


class ModelRepositorySettings(Section, frozen=True):
    """Where the models are kept: joblib takes the folder `path`, object_storage a `url`."""

    kind: Literal["joblib", "object_storage"] = "joblib"
    """What holds the models."""
    path: Path = Path("var/models")
    """The folder."""
    url: str | None = None
    """The bucket and folder, such as s3://bucket/folder."""
    signing_key_file: Path = Path("var/model-signing-key.pem")
    """The private key that signs what is stored; made at first use. Serving needs none."""
    trusted_keys: tuple[PublicKey, ...] = ()
    """Served is only what one of these signed (`tasador models signing-key` shows one); none given: the key in
    `signing_key_file`.
    """


class KeyStoreSettings(Section, frozen=True):
    """Where the keys are kept: sql takes `url`, csv `path`, vault the `url` of the server.

    vault logs in with the token in `token_file` or that of an AppRole (`role_id`, `secret_id_file`), else with that in
    $VAULT_TOKEN.
    """

    kind: Literal["csv", "sql", "vault"] = "sql"
    """What holds the keys."""
    url: str = "sqlite:///var/tasador.db"
    """The database, or the server of Vault."""
    password_file: Path | None = None
    """sql: a file whose content becomes the password of `url`."""
    path: Path = Path("var/keys.csv")
    """csv: the file."""
    mount: Name = "secret"
    """vault: the KV engine."""
    prefix: Name = "tasador"
    """vault: the folder in it."""
    namespace: Name | None = None
    """vault: the namespace."""
    token_file: Path | None = None
    """vault: a file with the token, read again when it changes."""
    role_id: Name | None = None
    """vault: of the AppRole."""
    secret_id_file: Path | None = None
    """vault: a file with the secret id of the AppRole."""
    ca_file: Path | None = None
    """vault: certificates of who signed the server's, where not everybody trusts those."""
    pepper_file: Path = Path("var/pepper.json")
    """The secret under which keys are hashed; made with the first key. Without it no key can be checked."""
    pepper_variable: Name | None = None
    """The environment variable that holds the pepper instead."""


class ValuationLogSettings(Section, frozen=True):
    """Where valuations are put on record before they are answered: jsonl takes the folder `path`, sql a `url`.

    Records are chained in segments; each is closed and signed.
    """

    kind: Literal["jsonl", "sql"] = "jsonl"
    """What holds the records."""
    path: Path = Path("var/valuations")
    """jsonl: the folder."""
    url: str = "sqlite:///var/tasador.db"
    """sql: SQLite or PostgreSQL."""
    password_file: Path | None = None
    """sql: a file whose content becomes the password of `url`."""
    durability: Literal["process", "disk", "none"] = "process"
    """What an answered valuation survives: a kill of the process, also a loss of power (disk); or there is no record
    (none).
    """
    when_unwritable: Literal["refuse", "serve"] = "refuse"
    """Refuse valuations, or serve them without a record and say how many in the log."""
    signing_key_file: Path = Path("var/evidence-signing-key.pem")
    """The private key that signs segments; made at first use."""
    trusted_keys: tuple[PublicKey, ...] = ()
    """The public keys that verify signatures (`tasador audit signing-key` shows one); none given: the key in
    `signing_key_file`.
    """
    segment_minutes: Annotated[int, Meta(ge=1, le=1440)] = 60
    """A segment is closed after so long,"""
    segment_mb: Annotated[int, Meta(ge=1, le=1024)] = 32
    """or once it is as large as this."""
    coordinate_decimals: Annotated[int, Meta(ge=0, le=8)] | None = None
    """Latitude and longitude are rounded to so many before they are kept, so that replays of them only come close."""
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    """What is older goes when `tasador audit prune` runs."""


class PortfolioSettings(Section, frozen=True):
    """What `tasador value` keeps of its work until its output is whole, for --resume. It holds the clients' rows."""

    path: Path = Path("var/portfolios")
    """The folder."""
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] = 30
    """Each run removes what interrupted ones have left there for so long."""


class MonitoringSettings(Section, frozen=True):
    """The served model against the world."""

    drift_days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = 30
    """Drift is of the valuations of so many last days."""
    drift_level: Share = 0.01
    """How often an alarm may come without a shift, all features together."""
    drift_psi: AboveNought = 0.1
    """How large a shift must be for an alarm, as a population stability index."""


class LoggingSettings(Section, frozen=True):
    """The form of the logs, the folder of their files, and where else lines go."""

    format: Literal["auto", "console", "json", "classic"] = "auto"
    """auto: for people on a terminal, JSON elsewhere. classic: the lines of the original service."""
    directory: Path = Path("var/logs")
    """The folder of the files."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    rotate_mb: Annotated[float, Meta(gt=0, le=1e6)] = 100.0
    """A file is closed at midnight, and once it is as large as this."""
    keep_files: Annotated[int, Meta(ge=1, le=1_000_000)] = 30
    """So many closed files of each log stay."""
    age_recipients: tuple[AgeRecipient, ...] = ()
    """Closed files are encrypted to these (age1...), where there are any; `tasador logs decrypt` reads them elsewhere.
    """
    syslog_url: Name | None = None
    """tcp://host:514 or tls://host:6514 (RFC 5424)."""
    syslog_ca_file: Path | None = None
    """Certificates of who signed the syslog server's, where not everybody trusts those."""
    otlp_url: Name | None = None
    """The OTLP/HTTP address of a collector, such as http://127.0.0.1:4318."""
    queue_lines: Annotated[int, Meta(ge=10, le=10_000_000)] = 10_000
    """So many lines at most wait for each server; what comes beyond is dropped and counted."""


class TracingSettings(Section, frozen=True):
    """Traces of requests."""

    otlp_url: Name | None = None
    """The OTLP/HTTP address of a collector."""
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """The share of the requests that is traced, drawn by their ids."""


class HttpSettings(Section, frozen=True):
    """The HTTP service. Beyond loopback it is served over TLS, or behind a proxy that speaks it."""

    host: Name = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    """0: any free one."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """Processes that serve."""
    max_connections: Annotated[int, Meta(ge=10, le=1_000_000)] = 1000
    """Connections that are open at once in each worker."""
    drain_seconds: Annotated[int, Meta(ge=0, le=300)] = 0
    """For so long at least after the signal to stop it takes whoever comes, while /health/ready says no: longer than a
    balancer needs to notice. What stops it must wait for that and 10 seconds more before it kills.
    """
    behind_proxy: bool = False
    """Whether a proxy that speaks TLS stands before it, so that it may listen beyond loopback without."""
    trusted_proxies: tuple[Name, ...] = ()
    """Addresses and networks whose X-Forwarded-For is believed."""
    tls_certificate: Path | None = None
    """A PEM file, taken anew when it changes."""
    tls_key: Path | None = None
    """A PEM file, taken anew when it changes."""
    cors_origins: tuple[Name, ...] = ()
    """The web sites whose pages may call, such as https://desk.example."""
    max_body_kb: Annotated[int, Meta(ge=1)] = 64
    """The largest body of a request, KiB;"""
    max_batch_kb: Annotated[int, Meta(ge=1)] = 4096
    """and of the batch routes, KiB."""
    rate_limit: Rate = "600/minute"
    """How often a key may ask, such as 600/minute, 100 per 5 minutes, or off; over all workers."""
    rate_limit_url: Name | None = None
    """redis:// or rediss://: counted over all machines."""
    rate_limit_password_file: Path | None = None
    """A file whose content becomes the password of `rate_limit_url`."""
    failed_keys_limit: Rate = "60/minute"
    """How many wrong keys from one address, or with one key's id, are told so at once and have a line each in the log.
    """


class ConsoleSettings(Section, frozen=True):
    """The page for people, at /."""

    enabled: bool = True
    """Whether there is a page."""
    tile_url: Name | None = None
    """Map tiles beneath the sales, such as https://tiles.example/{z}/{x}/{y}.png: the browsers of those who look fetch
    them, and a key in it is seen by all.
    """
    tile_attribution: str = ""
    """Whose the tiles are."""
    map_sales: Annotated[int, Meta(ge=0, le=MOST_MAPPED)] = 20_000
    """So many of the sales that the model learned from are on the map at most; 0: none (comparables and evaluations
    still show sales).
    """


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
