"""The names of log files: `<log>-<day>.log` is written to, `<log>-<day>.<number>.log` closed, with `.age` encrypted."""

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ENCRYPTED = ".age"
_DAY = r"\d{4}-\d\d-\d\d"


@dataclass(frozen=True, slots=True, order=True)
class Closed:
    """A closed file: the day that its lines are of, and its number among the day's, from 1. They sort by age."""

    day: str
    number: int


class FileNames:
    """The files of one log in a folder. Whatever has another name is none of ours. All of it raises OSError."""

    def __init__(self, folder: Path, log: str) -> None:
        self.folder = folder
        self.log = log
        self._open = re.compile(rf"{log}-({_DAY})\.log")
        self._numbered = re.compile(rf"{log}-({_DAY})\.(\d{{4,}})\.log(.*)")
        self._half_encrypted = re.compile(rf"\.({log}-{_DAY}\.\d{{4,}}\.log)\.age\.tmp")

    def open_on(self, day: date | str) -> Path:
        """The file that the lines of this day go to."""
        return self.folder / f"{self.log}-{day}.log"

    def plain(self, closed: Closed) -> Path:
        """Where a closed file is until it is encrypted."""
        return self.folder / f"{self.log}-{closed.day}.{closed.number:04}.log"

    def encrypted(self, closed: Closed) -> Path:
        """Where it is once it is encrypted; a moment longer it may be in both places."""
        return self.folder / f"{self.plain(closed).name}{ENCRYPTED}"

    def half_encrypted(self, closed: Closed) -> Path:
        """Where it is put while it is being encrypted."""
        return self.folder / f".{self.plain(closed).name}{ENCRYPTED}.tmp"

    def open_before(self, day: date) -> list[str]:
        """The days before this one whose files nobody has closed, the oldest first."""
        days = (found[1] for found in self._found(self._open))
        return sorted(each for each in days if each < str(day))

    def next_of(self, day: str) -> Closed:
        """The name for the next file of the day to be closed: one that no file has, whatever was done to it since."""
        found = self._found(self._numbered)
        return Closed(day, max((int(each[2]) for each in found if each[1] == day), default=0) + 1)

    def closed(self, *, plain: bool = False) -> list[Closed]:
        """The closed files, the oldest first; with `plain` those alone of which there is one that is not encrypted."""
        found = self._found(self._numbered)
        endings = {""} if plain else {"", ENCRYPTED}
        return sorted({Closed(each[1], int(each[2])) for each in found if each[3] in endings})

    def forsaken(self) -> list[Path]:
        """What is left of encrypting files that are gone."""
        found = self._found(self._half_encrypted)
        return [self.folder / each[0] for each in found if not (self.folder / each[1]).exists()]

    def _found(self, names: re.Pattern[str]) -> list[re.Match[str]]:
        return [found for found in map(names.fullmatch, os.listdir(self.folder)) if found]  # noqa: PTH208
