"""`tasador db`: the tables of the database in which keys are kept."""

from typing import TYPE_CHECKING

import click

from config.loader import LoadedSettings
from entrypoints.cli.session import configured, container_of, json_option, print_json

if TYPE_CHECKING:
    from application.ports.database_schema import SchemaUpgrade


@click.group("db")
def database() -> None:
    """Upgrade the database after an upgrade of Tasador."""


@database.command()
@json_option
@configured
def upgrade(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Bring the database's tables to this version of Tasador; a copy of a SQLite file is made first."""
    done = container_of(loaded).database_schema().upgrade()
    if as_json:
        print_json(
            {
                "database": done and done.database,
                "before": done and done.before,
                "after": done and done.after,
                "backup": done and done.backup and str(done.backup),
            }
        )
        return
    click.echo(told(done) if done else "There is nothing to upgrade: the keys are not kept in a database.")


def told(done: "SchemaUpgrade") -> str:
    """What was upgraded, in one line."""
    if done.before == done.after:
        return f"There is nothing to upgrade: {done.database} has the schema {done.after} already."
    if done.before is None:
        return f"{done.database} was empty and is set up with the schema {done.after}."
    copy = f" As it was before, it is kept in {done.backup}." if done.backup else ""
    return f"{done.database} is upgraded from the schema {done.before} to {done.after}.{copy}"
