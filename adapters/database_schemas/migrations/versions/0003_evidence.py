"""The valuations on record, chained, and the signed register of the segments that they stand in."""

import sqlalchemy as sql
from alembic import op

revision = "0003"
down_revision = "0002"

_REGISTER = "evidence_register is append-only: what happened to the evidence is never changed or removed"
_CHANGED = "evidence_entries are never changed: their content may be erased where evidence_register says so"
_REMOVED = "evidence_entries are removed with their whole segment, where evidence_register says that it is pruned"
_ADDED = "evidence_entries are never replaced, and a closed segment takes no more"


def upgrade() -> None:
    """Makes both tables, which the database itself keeps from being changed."""
    text = sql.Text().with_variant(sql.Text(collation="C"), "postgresql")
    op.create_table(
        "evidence_register",
        sql.Column(
            "number", sql.BigInteger().with_variant(sql.Integer(), "sqlite"), primary_key=True, autoincrement=False
        ),
        sql.Column("segment", text, nullable=False),
        sql.Column("action", text, nullable=False),
        sql.Column("content", text, nullable=False),
        sql.Column("public_key", text, nullable=False),
        sql.Column("signature", text, nullable=False),
    )
    once = sql.text("action <> 'erased'")
    op.create_index(
        "evidence_register_once",
        "evidence_register",
        ["segment", "action"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
    op.create_table(
        "evidence_entries",
        sql.Column("segment", text, primary_key=True),
        sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
        sql.Column("kind", text, nullable=False),
        sql.Column("subject", text, nullable=False),
        sql.Column("at", text, nullable=False),
        sql.Column("client_ref", text),
        sql.Column("salt", text),
        sql.Column("digest", text, nullable=False),
        sql.Column("link", text, nullable=False),
        sql.Column("content", sql.LargeBinary),
    )
    op.create_index("evidence_entries_by_subject", "evidence_entries", ["subject"])
    op.create_index("evidence_entries_by_time", "evidence_entries", ["kind", "at", "segment", "number"])
    referred = sql.text("client_ref IS NOT NULL")
    op.create_index(
        "evidence_entries_by_client_ref",
        "evidence_entries",
        ["client_ref", "at", "segment", "number"],
        sqlite_where=referred,
        postgresql_where=referred,
    )
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _TRIGGERS_OF_SQLITE if on_sqlite else _TRIGGERS_OF_POSTGRESQL:
        op.execute(statement)


_KEPT = ("segment", "number", "kind", "subject", "at", "digest", "link")


def _registered(action: str, segment: str) -> str:
    return f"EXISTS (SELECT 1 FROM evidence_register WHERE segment = {segment} AND action = '{action}')"  # noqa: S608


def _erases(differs: str) -> str:
    """Whether an update does nothing but erase. differs: how the database compares what may be null."""
    kept = " AND ".join(f"NOT NEW.{column} {differs} OLD.{column}" for column in _KEPT)
    gone = " AND ".join(f"NEW.{column} IS NULL" for column in ("salt", "content", "client_ref"))
    return f"{kept} AND {gone} AND {_registered('erased', 'OLD.segment')}"


_TRIGGERS_OF_SQLITE = (
    f"""CREATE TRIGGER evidence_register_is_not_changed BEFORE UPDATE ON evidence_register
    BEGIN SELECT RAISE(ABORT, '{_REGISTER}'); END""",
    f"""CREATE TRIGGER evidence_register_is_not_removed BEFORE DELETE ON evidence_register
    BEGIN SELECT RAISE(ABORT, '{_REGISTER}'); END""",
    f"""CREATE TRIGGER evidence_register_is_not_replaced BEFORE INSERT ON evidence_register
    WHEN EXISTS (SELECT 1 FROM evidence_register WHERE number = NEW.number)
    OR NEW.action <> 'erased' AND EXISTS
    (SELECT 1 FROM evidence_register WHERE segment = NEW.segment AND action = NEW.action AND action <> 'erased')
    BEGIN SELECT RAISE(ABORT, '{_REGISTER}'); END""",  # noqa: S608
    f"""CREATE TRIGGER evidence_entries_are_not_changed BEFORE UPDATE ON evidence_entries
    WHEN NOT ({_erases("IS NOT")})
    BEGIN SELECT RAISE(ABORT, '{_CHANGED}'); END""",
    f"""CREATE TRIGGER evidence_entries_are_not_removed BEFORE DELETE ON evidence_entries
    WHEN NOT {_registered("pruned", "OLD.segment")}
    BEGIN SELECT RAISE(ABORT, '{_REMOVED}'); END""",
    f"""CREATE TRIGGER evidence_entries_are_not_added BEFORE INSERT ON evidence_entries
    WHEN {_registered("closed", "NEW.segment")}
    OR EXISTS (SELECT 1 FROM evidence_entries WHERE segment = NEW.segment AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, '{_ADDED}'); END""",  # noqa: S608
)
_TRIGGERS_OF_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION evidence_register_is_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REGISTER}'; END $$""",
    """CREATE TRIGGER evidence_register_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_register
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_register_is_kept()""",
    f"""CREATE OR REPLACE FUNCTION evidence_entries_are_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            IF {_registered("closed", "NEW.segment")} THEN RAISE EXCEPTION '{_ADDED}'; END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            IF NOT ({_erases("IS DISTINCT FROM")}) THEN RAISE EXCEPTION '{_CHANGED}'; END IF;
        ELSIF TG_OP = 'DELETE' THEN
            IF NOT {_registered("pruned", "OLD.segment")} THEN RAISE EXCEPTION '{_REMOVED}'; END IF;
            RETURN OLD;
        ELSE
            RAISE EXCEPTION '{_REMOVED}';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER evidence_entries_are_kept BEFORE INSERT OR UPDATE OR DELETE ON evidence_entries
    FOR EACH ROW EXECUTE FUNCTION evidence_entries_are_kept()""",
    """CREATE TRIGGER evidence_entries_are_not_emptied BEFORE TRUNCATE ON evidence_entries
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_entries_are_kept()""",
)
