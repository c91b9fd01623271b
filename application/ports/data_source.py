"""Where sales come from."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class SourceTable:
    """Sales as their source holds them, before anything is checked.

    frame: one row a sale, in the source's order, the source's own column names, cells as they came: text, numbers,
        dates, or missing (also for an empty text cell), which is None in a column of objects and null in one that is
        Arrow-backed. Its index is where a person finds the row: the line of the file, or the row of the result or of
        the table counted from 1.
    broken: rows that could not be read into the columns at all, by their place, with the reason.
    name: what to call the source in a message, without secrets.
    place: the word for an index value in a message: "line" or "row".
    notes: what was detected and assumed, one sentence each.
    """

    frame: "pd.DataFrame"
    name: str
    place: str
    broken: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class DataSource(Protocol):
    """A table of sales."""

    @abstractmethod
    def sales(self) -> SourceTable:
        """All sales to train on.

        Raises SourceUnavailable where the source cannot be reached, SourceMalformed where it is no table.
        """

    @abstractmethod
    def holdout(self) -> SourceTable | None:
        """The sales given to judge a model by, or None where none are given. Raises as `sales` does."""
