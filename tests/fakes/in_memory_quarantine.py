"""A quarantine in memory."""

from typing import TYPE_CHECKING

from application.ports.quarantine import Quarantine
from domain.errors import QuarantineUnavailable

if TYPE_CHECKING:
    import pandas as pd


class InMemoryQuarantine(Quarantine):
    """Keeps rows in `kept`, by where they can be found. `full` makes it refuse."""

    def __init__(self, *, full: bool = False) -> None:
        self.kept: dict[str, pd.DataFrame] = {}
        self._full = full

    def keep(self, run: str, rows: "pd.DataFrame") -> str:
        if self._full:
            raise QuarantineUnavailable(f"The quarantine cannot take the rows of {run}: it is full.")
        place, copies = f"memory:{run}", 1
        while place in self.kept:
            copies += 1
            place = f"memory:{run}-{copies}"
        self.kept[place] = rows.copy()
        return place
