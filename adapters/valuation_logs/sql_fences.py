"""The triggers by which a database itself keeps evidence from being changed."""

from collections.abc import Sequence

import sqlalchemy as sql

_IN_SQLITE = sql.text("""SELECT name FROM sqlite_master WHERE type = 'trigger'
    AND tbl_name IN ('evidence_register', 'evidence_entries')""")
_IN_POSTGRESQL = sql.text("""SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')
    AND tgrelid IN ('evidence_register'::regclass, 'evidence_entries'::regclass)""")
_FENCES = {
    "sqlite": (
        "evidence_register_is_not_changed",
        "evidence_register_is_not_removed",
        "evidence_register_is_not_replaced",
        "evidence_entries_are_not_changed",
        "evidence_entries_are_not_removed",
        "evidence_entries_are_not_added",
    ),
    "postgresql": ("evidence_register_is_kept", "evidence_entries_are_kept", "evidence_entries_are_not_emptied"),
}
"""By name, as `adapters.database_schemas.migrations` makes them."""


def fences_gone(connection: sql.Connection) -> Sequence[str]:
    """Those that are not there, or switched off. Raises SQLAlchemyError."""
    dialect = connection.dialect.name
    there = set(connection.scalars(_IN_POSTGRESQL if dialect == "postgresql" else _IN_SQLITE))
    gone = [name for name in _FENCES[dialect] if name not in there]
    return [f"triggers of the database against changes are gone or switched off: {', '.join(gone)}"] if gone else []
