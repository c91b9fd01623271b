"""What no single type of a setting can tell: which go together, and which texts are of any use."""

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from application.sales.table import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from config.faults import ConfigurationError, dotted, nearest
from config.settings import (
    DataSourceSettings,
    HttpSettings,
    KeyStoreSettings,
    LoggingSettings,
    ModelRepositorySettings,
    Settings,
)
from domain.rate_limit import parse_rate_limit

_ORIGIN = re.compile(r"https?://([a-z0-9-]+\.)*[a-z0-9-]+(:[0-9]{1,5})?")
_REDIS_URL = re.compile(r"rediss?://([^@/?#\s]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[0-9]{1,2})?")
_SYSLOG_URL = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}")
_OTLP_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")

_TILE_URL = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?/[A-Za-z0-9._~/?&=%+@:{}-]*")
_BRACED = re.compile(r"\{[^{}]*\}|[{}]")


def check_settings(settings: Settings) -> None:
    """Raises ConfigurationError, which names the key."""
    _check_source(settings.data_source)
    _check_models(settings.model_repository)
    _check_keys(settings.key_store)
    check_http(settings.http)
    _check_limits(settings.http)
    _check_recipients(settings.logging)
    _check_shipping(settings.logging)
    _check_otlp("tracing.otlp_url", settings.tracing.otlp_url)
    _check_tiles(settings.console.tile_url)


def _check_source(source: DataSourceSettings) -> None:
    """What no single type can tell: keys that need each other, and columns that are none of ours."""
    if source.kind == "sql":
        for name in ("url", "query"):
            if getattr(source, name) is None:
                raise ConfigurationError(f"data_source.{name} is needed where data_source.kind is 'sql'.")
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, *source.extra.numeric, *source.extra.categorical)
    for name in source.columns:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean '{near}'?" if near else f"known here: {', '.join(known)}."
            raise ConfigurationError(f"data_source.columns.{dotted([name])}: there is no such column; {hint}")


def _check_models(models: ModelRepositorySettings) -> None:
    """That models lie somewhere, and the key that signs them elsewhere."""
    if models.kind == "object_storage":
        if not models.url or "://" not in models.url or "@" in models.url:
            raise ConfigurationError(
                "model_repository.url: expected s3://bucket/folder or the like where model_repository.kind is "
                "'object_storage'; credentials come from the environment."
            )
    elif Path(os.path.realpath(models.signing_key_file)).is_relative_to(os.path.realpath(models.path)):
        raise ConfigurationError(
            "model_repository.signing_key_file: it lies inside of model_repository.path, where whoever can write "
            "models could sign them too; set it to a file elsewhere."
        )


def check_http(http: HttpSettings) -> None:
    """What no single type can tell of these settings. Raises ConfigurationError."""
    for missing, given in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
        if getattr(http, missing) is None and getattr(http, given) is not None:
            raise ConfigurationError(f"http.{missing} is needed where http.{given} is set.")
    for number, proxy in enumerate(http.trusted_proxies):
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise ConfigurationError(
                f"http.trusted_proxies[{number}]: {dotted([proxy])} is neither an address nor a network: write such "
                "as '10.0.0.7' or '10.0.0.0/8', without bits behind the network's."
            ) from None
    for number, origin in enumerate(http.cors_origins):
        if origin == "*":
            raise ConfigurationError(
                f"http.cors_origins[{number}]: '*' would let the pages of any web site call with their readers' keys; "
                "name each site, such as 'https://desk.example'."
            )
        if not _ORIGIN.fullmatch(origin):
            raise ConfigurationError(
                f"http.cors_origins[{number}]: {dotted([origin])} is no origin as browsers send it: write such as "
                "'https://desk.example', in small letters, without a path or a slash at its end."
            )


def _check_limits(http: HttpSettings) -> None:
    for key in ("rate_limit", "failed_keys_limit"):
        try:
            parse_rate_limit(getattr(http, key))
        except ValueError as error:
            raise ConfigurationError(f"http.{key}: {error}.") from None
    if http.rate_limit_password_file is not None and http.rate_limit_url is None:
        raise ConfigurationError("http.rate_limit_url is needed where http.rate_limit_password_file is set.")
    if http.rate_limit_url is not None and not _REDIS_URL.fullmatch(http.rate_limit_url):
        raise ConfigurationError(
            "http.rate_limit_url: expected such as redis://counts.internal:6379/0 or rediss://user:password@host "
            "(TLS), with what is no letter or digit in a password written as %40 and the like."
        )


def _check_keys(keys: KeyStoreSettings) -> None:
    """That a secrets server is named, and one way to be let in there."""
    if keys.kind != "vault":
        return
    if not keys.url.startswith(("https://", "http://")):
        raise ConfigurationError(
            "key_store.url: expected the server's address, such as https://vault.example:8200, where key_store.kind is "
            "'vault'."
        )
    if keys.url.startswith("http://") and not _is_local(keys.url):
        raise ConfigurationError(
            "key_store.url: over http:// the server's token could be read on the way: give https://, and "
            "key_store.ca_file where the certificate is from an authority of your own."
        )
    for name, other in (("role_id", "secret_id_file"), ("secret_id_file", "role_id")):
        if getattr(keys, name) and not getattr(keys, other):
            raise ConfigurationError(f"key_store.{other} is needed where key_store.{name} is given.")
    if keys.role_id and keys.token_file:
        raise ConfigurationError("key_store.token_file and key_store.role_id: give one of them, not both.")


def _check_recipients(logging: LoggingSettings) -> None:
    """That closed files can be encrypted to each of them: a letter may have gone wrong on the way here."""
    if not logging.age_recipients:
        return
    import pyrage

    for number, recipient in enumerate(logging.age_recipients):
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            raise ConfigurationError(
                f"logging.age_recipients[{number}]: nothing can be encrypted to this: copy the public key anew from "
                "where age-keygen has printed it."
            ) from None


def _check_shipping(logging: LoggingSettings) -> None:
    """That the servers which lines go to can be found by their addresses."""
    url = logging.syslog_url
    if url is not None and not (_SYSLOG_URL.fullmatch(url) and _has_port(url)):
        raise ConfigurationError(
            "logging.syslog_url: expected such as tcp://logs.example:514 or tls://logs.example:6514, and nothing more: "
            "syslog knows no users."
        )
    if logging.syslog_ca_file is not None and not (url or "").startswith("tls://"):
        raise ConfigurationError("logging.syslog_ca_file: it is for a logging.syslog_url with tls:// only.")
    _check_otlp("logging.otlp_url", logging.otlp_url)


def _check_otlp(key: str, url: str | None) -> None:
    if url is not None and not (_OTLP_URL.fullmatch(url) and _has_port(url)):
        raise ConfigurationError(
            f"{key}: expected a collector's address, such as http://127.0.0.1:4318; what lets Tasador in there stands "
            "in the environment, as OTEL_EXPORTER_OTLP_HEADERS."
        )


def _check_tiles(url: str | None) -> None:
    """That a browser can make addresses of tiles of it, and their host can be named in a Content-Security-Policy."""
    if url is None:
        return
    found = _TILE_URL.fullmatch(url)
    if not (found and sorted(_BRACED.findall(url)) == ["{x}", "{y}", "{z}"] and _has_port(_BRACED.sub("0", url))):
        raise ConfigurationError(
            "console.tile_url: expected such as https://tiles.example/{z}/{x}/{y}.png, with each of {z}, {x} and {y} "
            "once, in the path or behind it, and nothing else in braces."
        )


def _has_port(url: str) -> bool:
    """Whether what follows the host, if anything does, is a port that there can be; and the host is one."""
    try:
        place = urlsplit(url)
        return place.port != 0 and bool(place.hostname)
    except ValueError:
        return False


def _is_local(url: str) -> bool:
    """Whether what is sent to this url never leaves the machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
