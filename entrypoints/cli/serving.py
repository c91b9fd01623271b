"""`tasador serve` and `tasador quickstart`."""

import errno
import json
import shlex
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
import msgspec

from application.issue_key import IssuedKey
from config.checks import check_http
from config.loader import LoadedSettings
from config.settings import HttpSettings
from domain.api_key import Scope
from domain.errors import KeyStoreMalformed, KeyStoreUnavailable, ModelStoreUnavailable, NoModelServed, SchemaOutdated
from entrypoints.cli.database import told
from entrypoints.cli.endings import CannotListen
from entrypoints.cli.keys import local_admin
from entrypoints.cli.prerequisites import address_to_listen_on, advice_on_door, make_parts
from entrypoints.cli.session import configured, container_of, tell
from entrypoints.cli.training import train_with
from entrypoints.http.private_memory import keep_memory_private

if TYPE_CHECKING:
    from config.container import Container

_BACKLOG = 2048
_FILE = click.Path(path_type=Path)


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--host", help="The address to listen on (default: http.host)."),
        click.option("--port", type=click.IntRange(0, 65535), help="The port (default: http.port)."),
        click.option("--workers", type=click.IntRange(1, 256), help="Worker processes (default: http.workers)."),
        click.option("--behind-proxy", is_flag=True, default=None, help="A proxy in front of it speaks TLS."),
        click.option("--tls-certificate", metavar="FILE", type=_FILE, help="The certificate and its chain, in PEM."),
        click.option("--tls-key", metavar="FILE", type=_FILE, help="The certificate's private key, in PEM."),
    ):
        command = option(command)
    return command


@click.command()
@_options
@configured
def serve(loaded: LoadedSettings, /, **options: Any) -> None:
    """Serve valuations over HTTP."""
    loaded = _with_options(loaded, **options)
    _check_door(loaded.settings.http)
    with _listening(loaded) as listener:
        container = container_of(loaded, log_stream=sys.stderr)
        make_parts(container)
        _check_database(container)
        tell(f"serving on {_address(loaded, listener)}")
        _serve(loaded, container, listener)


@click.command()
@_options
@configured
def quickstart(loaded: LoadedSettings, /, **options: Any) -> None:
    """Serve, after training and creating a key if need be."""
    loaded = _with_options(loaded, **options)
    _check_door(loaded.settings.http)
    with _listening(loaded) as listener:
        container = container_of(loaded, log_stream=sys.stderr)
        make_parts(container)
        _upgrade_database(container)
        stored = container.list_models()()
        if not any(model.description for model in stored):
            for model in stored:
                tell(str(model.refused))
            which = "no stored model can be used" if stored else "no model is stored yet"
            tell(f"{which}: training on the configured sales, about a minute ...")
            report = train_with(container)
            metrics = report.stored.card.metrics
            tell(f"{report.stored.version} is trained: half of its values are within {metrics.mdape:.1%} of the price")
        first = None
        listed = container.list_keys()()
        for fault in listed.faults:
            tell(fault)
        if not listed.keys and not listed.faults:
            first = container.issue_key()("first key", list(Scope), local_admin())
        _introduce(container, _address(loaded, listener), first)
        _serve(loaded, container, listener)


def _check_database(container: "Container") -> None:
    """Raises SchemaOutdated. A database that is down may come up later; /health/ready says so until then."""
    for schema in container.database_schemas():
        try:
            schema.check()
        except SchemaOutdated:
            raise
        except (KeyStoreUnavailable, KeyStoreMalformed):
            continue


def _upgrade_database(container: "Container") -> None:
    """Brings the databases of an older Tasador to this one, and says so."""
    for schema in container.database_schemas():
        done = schema.upgrade()
        if done.before not in {None, done.after}:
            tell(told(done))


def _with_options(loaded: LoadedSettings, /, **options: Any) -> LoadedSettings:
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("tls_certificate", "tls_key"):
        if name in given:
            given[name] = given[name].absolute()
    http = msgspec.structs.replace(loaded.settings.http, **given)
    check_http(http)
    return replace(loaded, settings=msgspec.structs.replace(loaded.settings, http=http))


def _check_door(http: HttpSettings) -> None:
    """Tells what is amiss with how callers come in before anything is done. Raises CertificateUnusable."""
    for advice in advice_on_door(http):
        tell(f"note: {advice}")


def _listening(loaded: LoadedSettings) -> socket.socket:
    """A socket that is bound and listens, so that requests wait from now on and a taken port is told at once."""
    host, port = loaded.settings.http.host, loaded.settings.http.port
    try:
        family, address = address_to_listen_on(loaded.settings.http)
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason, advice = "is in use", "stop the program that has it, or choose another with --port"
        else:
            reason, advice = f"cannot be listened on ({error.strerror})", "choose another with --host and --port"
        raise CannotListen(f"port {port} of {host} {reason}: {advice}.") from None
    return listener


def _address(loaded: LoadedSettings, listener: socket.socket) -> str:
    scheme = "https" if loaded.settings.http.tls_certificate else "http"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _introduce(container: "Container", address: str, first: IssuedKey | None) -> None:
    """Prints where everything is, and a request to try."""
    click.echo(f"\nConsole   {address}/\nAPI docs  {address}/docs\n")
    try:
        container.served_model().refresh()
        home = container.served_model().current().description.card.typical_home
    except (NoModelServed, ModelStoreUnavailable) as error:
        tell(str(error))
        home = None
    if first:
        click.echo(f"Your first key, shown only now and good for everything until {first.key.expires_at:%Y-%m-%d}:")
        click.echo(f"  {first.token}\n\nTry it:")
    else:
        click.echo(
            f"Try it with a key of yours in $TASADOR_KEY (`{_command()} keys create --label ...` makes another):"
        )
    key = f"'X-API-Key: {first.token}'" if first else '"X-API-Key: $TASADOR_KEY"'
    body = shlex.quote(json.dumps(dict(home or {}), ensure_ascii=False))
    click.echo(f"  curl -s {address}/predict -H {key} -H 'Content-Type: application/json' -d {body}")
    click.echo("\nCtrl-C stops it.")
    sys.stdout.flush()


def _command() -> str:
    """How the user called the program: inside a virtual environment it is not on the path."""
    return sys.argv[0] if Path(sys.argv[0]).name == "tasador" else "tasador"


def _serve(loaded: LoadedSettings, container: "Container", listener: socket.socket) -> None:
    """Serves until a signal says stop; requests in progress have 10 seconds to finish."""
    for sort in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sort, _stop)
    keep_memory_private()
    if loaded.settings.http.workers > 1:
        from entrypoints.http.workers import Workers

        Workers(loaded.settings, listener, container.loggers().service).run()
    else:
        from entrypoints.http.app import make_app
        from entrypoints.http.roster import Roster
        from entrypoints.http.server import make_server

        roster = Roster.alone()
        app = make_app(container, roster=roster)
        make_server(loaded.settings.http, app, roster, alone=True).run(sockets=[listener])


def _stop(_: int, __: FrameType | None) -> None:
    """Before anything is served: a stop that was asked for is no failure."""
    sys.exit(0)
