"""What every command shares: the configuration it runs under, and how it speaks to its user."""

import getpass
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TextIO, TypeVar

import click
import msgspec
from rich.console import Console, RenderableType

from config.loader import LoadedSettings, load_settings
from config.log_lines import masked, on_one_line

if TYPE_CHECKING:
    from config.container import Container

P = ParamSpec("P")
R = TypeVar("R")

_UNWRAPPED = 1_000
CONFIG_HELP = "The configuration file (default: $TASADOR_CONFIG, then ./tasador.toml)."

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def tell(message: str) -> None:
    """One line on standard error, whatever `message` holds, and no secret of a key in it."""
    click.echo(f"tasador: {on_one_line(masked(message))}", err=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output, in UTF-8 whatever the terminal is set to."""
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def print_table(table: RenderableType) -> None:
    """Something for people on standard output: fitted to a terminal, never wrapped where a program reads it."""
    on_screen = sys.stdout is not None and sys.stdout.isatty()
    Console(width=None if on_screen else _UNWRAPPED).print(table)


def operator() -> str:
    """Who runs the command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _remember(context: click.Context, _: click.Parameter, file: str | None) -> None:
    """Lets --config stand behind the command as well as before it."""
    if file:
        context.find_root().obj = file


def configured(command: Callable[Concatenate[LoadedSettings, P], R]) -> Callable[P, R]:
    """Gives a command the option --config and, as its first argument, the settings."""

    @click.option("--config", metavar="FILE", expose_value=False, callback=_remember, help=CONFIG_HELP)
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        loaded = load_settings(context.find_root().obj, os.environ, Path.cwd())
        return command(loaded, *args, **kwargs)

    return run


def container_of(loaded: LoadedSettings, log_stream: TextIO | None = None) -> "Container":
    """All that is wired for these settings, its log files open; a service logs to `log_stream` too.

    Raises LogFolderUnavailable.
    """
    from config.container import Container

    container = Container(settings=loaded.settings, log_stream=log_stream)
    container.loggers().prepare()
    return container


def on_terminal() -> bool:
    """Whether standard error is a terminal, so that a person may watch progress there."""
    return sys.stderr is not None and sys.stderr.isatty()
