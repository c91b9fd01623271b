"""By whom and why keys come and go, their last use and their rotation; and every event, for good."""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"

_REFUSAL = "key_events is append-only: what happened to keys is never changed or removed"


def upgrade() -> None:
    """Adds to the table of keys, and makes that of the events, which the database itself keeps from being changed."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    moment = sql.DateTime(timezone=True).with_variant(sql.Text(), "sqlite")
    for name in ("revoked_by", "revoked_because", "created_by"):
        op.add_column("api_keys", sql.Column(name, sql.Text, nullable=False, server_default=""))
    op.add_column("api_keys", sql.Column("last_used_at", moment))
    op.add_column("api_keys", sql.Column("replaced_by", sql.Text))
    op.create_table(
        "key_events",
        sql.Column(
            "number",
            sql.BigInteger().with_variant(sql.Integer(), "sqlite"),
            sql.Identity(always=True),
            primary_key=True,
        ),
        sql.Column("at", moment, nullable=False),
        sql.Column("action", sql.Text, nullable=False),
        sql.Column("key_id", sql.Text, nullable=False),
        sql.Column("by_whom", sql.Text, nullable=False),
        sql.Column("detail", sql.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    for statement in _TRIGGERS_OF_SQLITE if on_sqlite else _TRIGGERS_OF_POSTGRESQL:
        op.execute(statement)


# The third is against INSERT OR REPLACE, which removes a row without asking the triggers on removal.
_TRIGGERS_OF_SQLITE = (
    f"""CREATE TRIGGER key_events_are_not_changed BEFORE UPDATE ON key_events
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
    f"""CREATE TRIGGER key_events_are_not_removed BEFORE DELETE ON key_events
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
    f"""CREATE TRIGGER key_events_are_not_replaced BEFORE INSERT ON key_events
    WHEN EXISTS (SELECT 1 FROM key_events WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",  # noqa: S608
)
_TRIGGERS_OF_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION key_events_are_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$""",
    """CREATE TRIGGER key_events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON key_events
    FOR EACH STATEMENT EXECUTE FUNCTION key_events_are_kept()""",
)
