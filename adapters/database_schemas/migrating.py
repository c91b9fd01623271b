"""Alembic, run over a connection that is open already."""

import logging
from pathlib import Path

import sqlalchemy as sql
from alembic import command
from alembic.config import Config

from adapters.database_schemas.revisions import TABLE

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(connection: sql.Connection, revision: str | None, to: str = "head") -> None:
    """Brings a database of this revision, or an empty one, to the newest or `to`, in the transaction that is open."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would tell the service's log each of its steps
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=TABLE)
    if revision is not None:
        command.stamp(config, revision)  # that of the first version is written nowhere yet
    command.upgrade(config, to)
