"""Where nothing is kept in a database."""

from application.ports.database_schema import DatabaseSchema, SchemaUpgrade


class NoDatabaseSchema(DatabaseSchema):
    """No database, no tables."""

    def check(self) -> None:
        """Nothing can be outdated."""

    def upgrade(self) -> SchemaUpgrade | None:
        """None."""
        return None
