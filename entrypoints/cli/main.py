"""The `tasador` command: its groups, and what a user sees when something goes wrong."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from application.version import VERSION
from entrypoints.cli import (
    audit,
    configuration,
    database,
    keys,
    logs,
    models,
    monitoring,
    portfolio,
    serving,
    training,
)
from entrypoints.cli.endings import INTERRUPTED, REFUSED, TERMINATED, WRONG_USAGE, Terminated, ending_of
from entrypoints.cli.session import CONFIG_HELP, tell


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "config_file", metavar="FILE", help=CONFIG_HELP)
@click.version_option(VERSION, message="tasador %(version)s")
@click.pass_context
def tasador(context: click.Context, config_file: str | None) -> None:
    """Tasador values homes: train it on your sales, serve valuations over HTTP, keep the keys."""
    context.obj = config_file


for command in (
    training.train,
    training.evaluate,
    portfolio.value,
    models.models,
    keys.keys,
    audit.audit,
    monitoring.monitor,
    database.database,
    serving.serve,
    serving.quickstart,
    logs.logs,
    configuration.config,
):
    tasador.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 done, 1 refused or failed, 2 wrong usage or configuration; see `endings`."""
    for descriptor in range(3):  # a missing one would be given to the next file or socket that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to fail
    code = exit_code(arguments)
    if code in {INTERRUPTED, TERMINATED}:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)  # threads that grow a tree would hold it up, and nobody wants what they make
    sys.exit(code)


def exit_code(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line. Whatever goes wrong is told in one line, never as a traceback."""
    try:
        return int(tasador.main(arguments, prog_name="tasador", standalone_mode=False) or 0)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: nothing more to flush
        return REFUSED
    except (Exception, KeyboardInterrupt, Terminated) as error:
        code, message = ending_of(error)
        tell(message)
        return code
