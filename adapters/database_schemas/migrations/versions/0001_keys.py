"""The keys, as Tasador kept them before it had migrations."""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the table of keys."""
    moment = sql.DateTime(timezone=True).with_variant(sql.Text(), "sqlite")
    op.create_table(
        "api_keys",
        sql.Column("id", sql.Text, primary_key=True),
        sql.Column("label", sql.Text, nullable=False),
        sql.Column("secret_hash", sql.Text, nullable=False),
        sql.Column("pepper_id", sql.Text, nullable=False),
        sql.Column("scopes", sql.Text, nullable=False),
        sql.Column("created_at", moment, nullable=False),
        sql.Column("expires_at", moment, nullable=False),
        sql.Column("revoked_at", moment),
    )
