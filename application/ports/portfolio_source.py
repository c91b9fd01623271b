"""Where homes to be valued come from, by the million: in parts that fit in memory."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file writes its rows, so that an answer may be written likewise.

    byte_order_mark: whether the file begins with one. line_end: a line feed, with a carriage return before it or not.
    """

    separator: str = ","
    decimal_comma: bool = False
    byte_order_mark: bool = False
    line_end: str = "\n"


@dataclass(frozen=True, slots=True)
class PortfolioHead:
    """What is known of a portfolio before its rows are read.

    name: what to call it in a message, without secrets. place: the word for a place in a message: "line" or "row".
    columns: the caller's own, in their order. header: the header as the file writes it, of a text file with `dialect`.
    identity: changes where the source does (of a file: its address, size and last change); a stream that cannot be
    read twice has its name alone. notes: what was detected and assumed, one sentence each.
    """

    name: str
    place: str
    columns: tuple[str, ...]
    identity: str
    header: str | None = None
    dialect: Dialect | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortfolioRows:
    """The n rows of a part, none left out.

    cells: the columns that were asked for, cells as in `SourceTable.frame`; RangeIndex. Rows that could not be read
    into columns have no cell.
    places: where a person finds each row: the line, or the row counted from 1.
    broken: by position (0 to n - 1), why a row could not be read into columns.
    own: gives all of the caller's columns, n rows, Arrow-backed, in the types and with the content of the source.
    lines: of a text file, each row as it is written, without its end; padded or cut to the header's columns where it
    is broken.
    """

    cells: "pd.DataFrame"
    places: Sequence[int]
    own: Callable[[], "pd.DataFrame"]
    broken: Mapping[int, str] = field(default_factory=dict)
    lines: Sequence[str] | None = None


class PortfolioPart(Protocol):
    """Some rows that follow one another. It can be pickled, and is read where it is valued."""

    @property
    @abstractmethod
    def number(self) -> int:
        """Its place among the parts, from 0."""

    @property
    @abstractmethod
    def first(self) -> int:
        """Where a person finds its first row: the line, or the row counted from 1."""

    @property
    @abstractmethod
    def share(self) -> float | None:
        """How much of the source has been read with this part, 0 to 1; None where nobody knows."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """Of its content: equal for equal rows in equal form."""

    @abstractmethod
    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        """Its rows; `wanted`: the caller's names of the columns whose cells are needed.

        Raises SourceMalformed where it is not what the head promised.
        """


class PortfolioSource(Protocol):
    """A portfolio to be valued."""

    @abstractmethod
    def head(self) -> PortfolioHead:
        """What comes before the rows; asked again after them, its notes may tell more.

        Raises SourceUnavailable, SourceMalformed.
        """

    @abstractmethod
    def parts(self) -> Iterator[PortfolioPart]:
        """All rows in their order, in parts that are the same each time. Memory is that of a few parts.

        Without any row there may be one empty part, which tells the types of the columns. A stream can be asked once.
        Raises SourceUnavailable, SourceMalformed; a file that ends in mid-row is malformed, or its last row is broken,
        never left out.
        """
