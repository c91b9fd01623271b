"""Where rows go that cannot be used."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Quarantine(Protocol):
    """Keeps the rows that were set aside, so that none is lost in silence."""

    @abstractmethod
    def keep(self, run: str, rows: "pd.DataFrame") -> str:
        """Keeps `rows` (the source's own columns, led by `row` and `reason`) under the name of the run.

        Returns where they can be found. Raises QuarantineUnavailable.
        """
