"""Which schema a database has. It is asked without alembic, which a serving process has no other use for."""

import sqlalchemy as sql

from adapters.key_stores.row import FIRST_COLUMNS
from domain.errors import KeyStoreSpoiled, SchemaOutdated

FIRST, NEWEST = "0001", "0003"
TABLE = "tasador_schema"
"""Where alembic keeps the revision: its usual `alembic_version` may be that of another program in the database."""


def found(connection: sql.Connection, name: str) -> str | None:
    """The revision of the database that is shown as `name`, or None where it holds nothing of Tasador's yet.

    The first version kept none: its table tells it. Raises KeyStoreSpoiled where `api_keys` is somebody else's.
    """
    inspector = sql.inspect(connection)
    if inspector.has_table(TABLE):
        revision = connection.scalar(sql.select(sql.column("version_num")).select_from(sql.table(TABLE)))
        if revision is not None:
            return str(revision)
    if not inspector.has_table("api_keys"):
        return None
    columns = {column["name"] for column in inspector.get_columns("api_keys")}
    if missing := [column for column in FIRST_COLUMNS if column not in columns]:
        raise KeyStoreSpoiled(
            f"The table api_keys in {name} is not Tasador's: it lacks {', '.join(missing)}. Name another database."
        )
    return FIRST


def check(revision: str, name: str) -> None:
    """Raises SchemaOutdated unless this program works with that revision."""
    if revision < NEWEST:
        raise SchemaOutdated(
            f"The database {name} has the schema {revision} of an older Tasador, and this one needs {NEWEST}: "
            "run `tasador db upgrade`."
        )
    if revision > NEWEST:
        raise SchemaOutdated(
            f"The database {name} was made by a newer Tasador: it has the schema {revision}, and this one knows "
            f"{NEWEST}. Install the newer one."
        )
