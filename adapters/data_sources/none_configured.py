"""No sales at all: what a configuration without a source of sales gets, for it may well serve a model."""

from application.ports.data_source import DataSource, SourceTable
from domain.errors import SourceUnavailable


class NoDataSource(DataSource):
    """Says, when it is asked, what to configure."""

    def sales(self) -> SourceTable:
        """Raises SourceUnavailable."""
        raise SourceUnavailable("No sales are configured: set data_source.path to a CSV file of sales (tasador.toml).")

    def holdout(self) -> SourceTable | None:
        """Raises SourceUnavailable."""
        return self.sales()
