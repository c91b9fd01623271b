"""What the settings ask for beyond themselves: addresses, certificates, files, secrets, further libraries.

It is looked at before anything is done, and nothing is connected to.
"""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.faults import ConfigurationError
from config.settings import HttpSettings, KeyStoreSettings, Settings
from domain.errors import DomainError
from entrypoints.http.roster import Roster

if TYPE_CHECKING:
    from config.container import Container


def address_to_listen_on(http: HttpSettings) -> tuple[socket.AddressFamily, Any]:
    """The family and the address that `http.host` and `http.port` name. Raises ConfigurationError, OSError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(http.host, http.port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, ValueError) as error:  # the latter where a name cannot even be asked for
        reason = f": {error.strerror}" if isinstance(error, socket.gaierror) else ""
        raise ConfigurationError(f"http.host: '{http.host}' is no address or name of this machine{reason}.") from None
    _refuse_in_the_clear(http, str(address[0]))
    return family, address


def advice_on_door(http: HttpSettings) -> Iterator[str]:
    """What is amiss with how callers come in, and no reason not to serve. Raises CertificateUnusable."""
    if http.tls_certificate and http.tls_key:
        from entrypoints.http.tls import Certificate

        if advice := Certificate(http.tls_certificate, http.tls_key).advice():
            yield advice
    if http.behind_proxy and not http.trusted_proxies:
        yield "http.trusted_proxies is not set: every caller goes by the proxy's address in the log and the limits"


def make_parts(container: "Container") -> None:
    """Makes what a service cannot do without. Raises ConfigurationError, or the DomainError that says what is missing.

    A server that is down is none of that: it may come up later.
    """
    for _, make in _parts(container):
        make()


def faults_of(settings: Settings) -> list[str]:
    """Why `serve` or `keys` would refuse these settings, or be of no use under them: a line for each reason."""
    from config.container import Container

    container, http, keys = Container(settings=settings), settings.http, settings.key_store
    looks: list[tuple[str, Callable[[], object]]] = [
        ("http", lambda: address_to_listen_on(http)),
        ("http", lambda: list(advice_on_door(http))),
        *_parts(container),
        ("key_store", lambda: container.pepper_store().is_empty()),
    ]
    source = settings.data_source
    if source.kind == "sql" or any(path and path.is_url for path in (source.path, source.test_path)):
        looks.append(("data_source", container.data_source))
    if os.path.exists(settings.valuation_log.signing_key_file):  # noqa: PTH110 (Path.exists raises) else it is made
        looks.append(("valuation_log", lambda: container.evidence_signer().sign(b"")))
    faults: dict[str, str] = {}  # by what was said: what is made of a part that is amiss says the same again
    for section, look in looks:
        try:
            look()
        except (ConfigurationError, DomainError) as error:
            said = str(error)
            faults.setdefault(said, said if f"{section}." in said else f"{section}: {said}")
    return [*faults.values(), *(_faults_of_vault(keys) if keys.kind == "vault" else ())]


def _parts(container: "Container") -> list[tuple[str, Callable[[], object]]]:
    """What is made of the settings, by their section."""
    memory = Roster.alone().memory
    parts: list[tuple[str, Callable[[], object]]] = [
        ("logging", container.loggers),
        ("tracing", container.traces),
        ("key_store", container.key_store),
        ("http", lambda: container.rate_limiter(memory.counts_of_keys, 0, memory.secret)),
    ]
    if container.settings().model_repository.kind != "joblib":  # which lacks nothing, and takes a while to import
        parts.append(("model_repository", container.model_repository))
    if container.settings().valuation_log.kind == "sql":
        parts.append(("valuation_log", container.evidence_archive))
    return parts


def _faults_of_vault(keys: KeyStoreSettings) -> Iterator[str]:
    """What the secrets server would not be asked without."""
    for name in ("token_file", "secret_id_file", "ca_file"):
        file: Path | None = getattr(keys, name)
        try:
            if file:
                file.read_bytes()
        except OSError as error:
            yield f"key_store.{name}: {file} cannot be read: {error.strerror}."
    if not (keys.token_file or keys.role_id or os.environ.get("VAULT_TOKEN")):
        yield "key_store.token_file: there is no token: give it, or key_store.role_id, or set $VAULT_TOKEN."


def _refuse_in_the_clear(http: HttpSettings, address: str) -> None:
    """Raises ConfigurationError where keys would pass over a network that others can read."""
    bound = ipaddress.ip_address(address.partition("%")[0])
    bound = getattr(bound, "ipv4_mapped", None) or bound
    if not (bound.is_loopback or http.behind_proxy or http.tls_certificate):
        raise ConfigurationError(
            f"http.host: {http.host} is reached from other machines, and without TLS keys could be read on the way: "
            "give --tls-certificate and --tls-key, or --behind-proxy where a proxy in front speaks TLS."
        )
