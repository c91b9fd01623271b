"""Sales in files, of whatever format."""

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from adapters.files.location import Location
from application.ports.data_source import DataSource, SourceTable


@dataclass(frozen=True, slots=True)
class FilesOfSales(DataSource):
    """Sales, and a holdout where one is given, at paths or URLs. Nothing is opened before it is asked for.

    wanted: what must lie there, such as "a CSV file of sales". path_key: what messages call the path.
    """

    path: str | Path
    holdout_path: str | Path | None = None
    path_key: str = field(default="data_source.path", kw_only=True)

    wanted: ClassVar[str]

    def __post_init__(self) -> None:
        """Raises SourceUnavailable where a URL cannot be used, whatever lies there."""
        for location in (self._sales, self._holdout):
            if location is not None:
                location.check()

    def sales(self) -> SourceTable:
        """All that lies at the path. Raises SourceUnavailable, SourceMalformed."""
        return self.read(self._sales)

    def holdout(self) -> SourceTable | None:
        """All that lies at the holdout's path, or None. Raises as `sales` does."""
        return None if self._holdout is None else self.read(self._holdout)

    @abstractmethod
    def read(self, location: Location) -> SourceTable:
        """The sales that lie there. Raises SourceUnavailable, SourceMalformed."""

    @property
    def _sales(self) -> Location:
        return Location(str(self.path), f"set {self.path_key} to {self.wanted}")

    @property
    def _holdout(self) -> Location | None:
        if self.holdout_path is None:
            return None
        return Location(str(self.holdout_path), f"set data_source.test_path to {self.wanted}")
