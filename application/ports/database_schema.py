"""The tables of Tasador's own database."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SchemaUpgrade:
    """What came of an upgrade: of which database, from which revision (None: it was empty) to which.

    backup: the copy that was made before, where there is one.
    """

    database: str
    before: str | None
    after: str
    backup: Path | None = None


class DatabaseSchema(Protocol):
    """Knows which tables this version of the program needs, and brings a database of an older one to them.

    Both methods raise KeyStoreUnavailable where the database cannot be reached, read or written, and KeyStoreMalformed
    where it is none, or somebody else's.
    """

    @abstractmethod
    def check(self) -> None:
        """Raises SchemaOutdated where the tables are of an older or a newer version of the program.

        An empty database is as good as a current one: it is set up when it is first used.
        """

    @abstractmethod
    def upgrade(self) -> SchemaUpgrade:
        """Brings the database to the newest revision, all of the way or not at all.

        May be run again, and twice at once. Raises SchemaOutdated where the tables are of a newer program.
        """
