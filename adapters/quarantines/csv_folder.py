"""Rows set aside, one CSV file a run."""

import csv
import math
import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from application.ports.quarantine import Quarantine
from domain.errors import QuarantineUnavailable

if TYPE_CHECKING:
    import pandas as pd

# What spreadsheets take for the start of a formula (OWASP, "CSV Injection"); the last four are full-width = + - @.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_DAY = 86_400.0
_NUMBER = re.compile(r"[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")


class CsvFolderQuarantine(Quarantine):
    """Writes `<folder>/<run>.csv`, UTF-8, whole or not at all. A run that has a file already gets `<run>-2.csv`.

    The cells are a stranger's: one that a spreadsheet would take for a formula is led by a single quote.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, run: str, rows: "pd.DataFrame") -> str:
        """Writes the rows and returns the path. Raises QuarantineUnavailable."""
        path = self._folder / f"{run}.csv"
        temporary = self._folder / f".{run}.{os.getpid()}.tmp"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()
            copies = 1
            while path.exists():
                copies += 1
                path = self._folder / f"{run}-{copies}.csv"
            private = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # a client's own sales
            with open(private, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:  # noqa: PTH123
                _write(csv.writer(file).writerow, rows)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise QuarantineUnavailable(
                f"The rows set aside cannot be written to {path}: {error.strerror or error}. "
                "Make room there, or make the folder writable."
            ) from error
        finally:  # also of a training that is interrupted
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        return str(path)

    def _sweep(self) -> None:
        """Removes what trainings that were killed left unfinished, a day ago or earlier."""
        for leftover in self._folder.glob(".*.tmp"):
            with suppress(OSError):  # gone already, or another user's
                if leftover.stat().st_mtime < time.time() - _DAY:
                    leftover.unlink()


def _write(write_row: Callable[[Iterable[object]], object], rows: "pd.DataFrame") -> None:
    write_row([_harmless(name) for name in rows.columns])
    for row in rows.itertuples(index=False, name=None):
        write_row([_harmless(cell) for cell in row])


def _harmless(cell: object) -> object:
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
