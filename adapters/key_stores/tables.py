"""The tables of keys and of what happened to them, in SQLite and PostgreSQL."""

from datetime import UTC
from typing import Any

import sqlalchemy as sql


class _Moment(sql.types.TypeDecorator[object]):
    """A time in UTC. SQLite has no type for it: it holds ISO 8601 text there, which comes back as text."""

    impl = sql.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sql.Dialect) -> sql.types.TypeEngine[Any]:
        return dialect.type_descriptor(sql.Text() if dialect.name == "sqlite" else sql.DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: sql.Dialect) -> Any:
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.isoformat() if dialect.name == "sqlite" else in_utc


TABLES = sql.MetaData()
"""As `adapters.database_schemas.migrations` makes them."""

KEYS = sql.Table(
    "api_keys",
    TABLES,
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("label", sql.Text, nullable=False),
    sql.Column("secret_hash", sql.Text, nullable=False),
    sql.Column("pepper_id", sql.Text, nullable=False),
    sql.Column("scopes", sql.Text, nullable=False),
    sql.Column("created_at", _Moment, nullable=False),
    sql.Column("expires_at", _Moment, nullable=False),
    sql.Column("revoked_at", _Moment),
    sql.Column("revoked_by", sql.Text, nullable=False),
    sql.Column("revoked_because", sql.Text, nullable=False),
    sql.Column("created_by", sql.Text, nullable=False),
    sql.Column("last_used_at", _Moment),
    sql.Column("replaced_by", sql.Text),
)
EVENTS = sql.Table(
    "key_events",
    TABLES,
    sql.Column("number", sql.BigInteger, primary_key=True),
    sql.Column("at", _Moment, nullable=False),
    sql.Column("action", sql.Text, nullable=False),
    sql.Column("key_id", sql.Text, nullable=False),
    sql.Column("by_whom", sql.Text, nullable=False),
    sql.Column("detail", sql.Text, nullable=False),
)
