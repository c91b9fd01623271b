"""Where a portfolio comes from or goes to, as the command line names it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.faults import ConfigurationError
from config.loader import shown_url
from config.url_passwords import refuse_password_in

Format = Literal["csv", "parquet"]
Kind = Literal["csv", "parquet", "sql"]

STREAM = "-"
_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET = (".parquet", ".pq", ".parq")
_DATABASE = re.compile(r"(postgresql|postgres|sqlite|mysql|mariadb|mssql|oracle)(\+\w+)?:", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PortfolioPlace:
    """A file, a folder, a URL, a database or a standard stream; what is None, its name tells.

    told_by: what the command line calls it. query: what to read from a database. table: what to write there; `replace`
    one of that name.
    """

    told_by: Literal["INPUT", "OUTPUT"]
    location: str
    form: Format | None = None
    password_file: Path | None = None
    query: str | None = None
    table: str | None = None
    replace: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether it is standard input or output."""
        return self.location == STREAM

    @property
    def is_database(self) -> bool:
        """Whether it is a database."""
        return _DATABASE.match(self.location) is not None

    @property
    def shown(self) -> str:
        """What to call it: without passwords."""
        return shown_url(self.location) if _URL.match(self.location) else self.location

    @property
    def kind(self) -> Kind:
        """What reads or writes it. Raises ConfigurationError where nobody can know, or may: a url with a password."""
        if _URL.match(self.location):
            refuse_password_in(self.location, self.told_by)
        if self.is_database:
            return "sql"
        if self.form:
            return self.form
        name = self.location.lower().partition("?")[0].rstrip("/")
        if self.is_stream or name.endswith(_CSV):
            return "csv"
        if name.endswith(_PARQUET) or (not _URL.match(self.location) and Path(self.location).is_dir()):
            return "parquet"
        raise ConfigurationError(
            f"{self.told_by}: is {self.shown} CSV or Parquet? Give it an ending such as .csv or .parquet, or say so "
            f"with --{self.told_by.lower()}-format."
        )
