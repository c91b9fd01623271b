"""`tasador config`: whether the configuration can be used, and what it comes to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from config.loader import LoadedSettings, shown_settings
from entrypoints.cli.prerequisites import faults_of
from entrypoints.cli.session import configured, json_option, print_json, tell


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@configured
def check(loaded: LoadedSettings) -> None:
    """Say whether the settings can be used; exit code 2 if not."""
    source = loaded.settings.data_source
    for key, path in (("path", source.path), ("test_path", source.test_path)):
        if (
            source.kind != "sql"
            and path
            and not path.is_url
            and not _is_there(Path(path), folder=source.kind == "parquet")
        ):
            tell(f"note: data_source.{key}: there is no file {path} yet")
    faults = faults_of(loaded.settings)
    for fault in faults:
        tell(fault)
    if faults:
        click.get_current_context().exit(2)
    click.echo(f"{loaded.file or 'built-in defaults'}: the settings are valid.")


@config.command()
@json_option
@configured
def show(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Show every setting as it is resolved, passwords masked."""
    shown = shown_settings(loaded.settings)
    if as_json:
        print_json(shown)
        return
    click.echo(f"# from {loaded.file or 'built-in defaults'} and TASADOR_* variables")
    for key, value in _flat(shown):
        click.echo(f"{key} = {'(not set)' if value is None else json.dumps(value, ensure_ascii=False)}")


def _is_there(path: Path, *, folder: bool) -> bool:
    return path.is_file() or (folder and path.is_dir())


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its full key; an empty table as it is."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
