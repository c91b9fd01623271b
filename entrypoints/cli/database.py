"""`tasador db`: the tables of the databases in which keys and valuations are kept."""

from typing import TYPE_CHECKING

import click

from config.loader import LoadedSettings
from entrypoints.cli.session import configured, container_of, json_option, print_json

if TYPE_CHECKING:
    from application.ports.database_schema import SchemaUpgrade


@click.group("db")
def database() -> None:
    """Upgrade the databases after an upgrade of Tasador."""


@database.command()
@json_option
@configured
def upgrade(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Bring the databases' tables to this version of Tasador; a copy of a SQLite file is made first."""
    done = []
    for schema in container_of(loaded).database_schemas():
        done.append(schema.upgrade())
        if not as_json:
            click.echo(told(done[-1]))
    if as_json:
        print_json([_as_json(each) for each in done])
    elif not done:
        click.echo("There is nothing to upgrade: neither keys nor valuations are kept in a database.")


def _as_json(done: "SchemaUpgrade") -> dict[str, str | None]:
    backup = str(done.backup) if done.backup else None
    return {"database": done.database, "before": done.before, "after": done.after, "backup": backup}


def told(done: "SchemaUpgrade") -> str:
    """What was upgraded, in one line."""
    if done.before == done.after:
        return f"There is nothing to upgrade: {done.database} has the schema {done.after} already."
    if done.before is None:
        return f"{done.database} was empty and is set up with the schema {done.after}."
    copy = f" As it was before, it is kept in {done.backup}." if done.backup else ""
    return f"{done.database} is upgraded from the schema {done.before} to {done.after}.{copy}"
