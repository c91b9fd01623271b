"""Where a portfolio comes from or goes to, as the command line names it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.faults import ConfigurationError
from config.loader import shown_url
from config.settings import Location
from config.url_passwords import refuse_password_in, without_empty_password

Format = Literal["csv", "parquet"]
Kind = Literal["csv", "parquet", "sql"]

STREAM = "-"
_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET = (".parquet", ".pq", ".parq")
_PASSWORD = re.compile(r"(password|pwd)\s*=", re.IGNORECASE)  # as databases' own tools write it
_DATABASE = re.compile(r"(postgresql|postgres|sqlite|mysql|mariadb|mssql|oracle)(\+\w+)?:", re.IGNORECASE)


def is_parquet(location: str) -> bool:
    """Whether a path or a URL is Parquet, as its ending tells, or its being a folder of this machine."""
    is_folder = not Location(location).is_url and Path(location).is_dir()
    return is_folder or _name_of(location).endswith(_PARQUET)


def _name_of(location: str) -> str:
    path = location.partition("?")[0] if Location(location).is_url else location
    return path.lower().rstrip("/")


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
        if Location(self.location).is_url:
            return shown_url(without_empty_password(self.location))
        return "***" if _PASSWORD.search(self.location) else self.location

    @property
    def kind(self) -> Kind:
        """What reads or writes it. Raises ConfigurationError where nobody can know, or may: a url with a password."""
        if Location(self.location).is_url:
            refuse_password_in(self.location, self.told_by)
        if self.is_database:
            return "sql"
        if self.form:
            return self.form
        if self.is_stream or _name_of(self.location).endswith(_CSV):
            return "csv"
        if is_parquet(self.location):
            return "parquet"
        raise ConfigurationError(
            f"{self.told_by}: is {self.shown} CSV or Parquet? Give it an ending such as .csv or .parquet, or say so "
            f"with --{self.told_by.lower()}-format."
        )
