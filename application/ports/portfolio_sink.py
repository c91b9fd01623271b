"""Where valued homes go."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from application.ports.portfolio_source import PortfolioHead, PortfolioRows

if TYPE_CHECKING:
    import pandas as pd


class PieceEncoder(Protocol):
    """Makes of a part's rows and their answers what a sink takes. It can be pickled; it runs where a part is valued."""

    @abstractmethod
    def __call__(self, rows: PortfolioRows, answers: "pd.DataFrame") -> bytes:
        """The caller's own columns of each row, untouched, then the answers; in the order of the rows."""


class PortfolioWriter(Protocol):
    """An output that is being written."""

    @abstractmethod
    def append(self, piece: bytes) -> None:
        """Adds the next part. Raises OutputUnavailable."""


class PortfolioSink(Protocol):
    """Where a valued portfolio goes."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in a message, without secrets: the same for one place, whoever asks."""

    @abstractmethod
    def check(self, head: PortfolioHead, answers: Sequence[str]) -> None:
        """Tells before the long work whether these columns and answers can be put there. Raises OutputUnavailable."""

    @abstractmethod
    def encoder(self, head: PortfolioHead, answers: Sequence[str]) -> PieceEncoder:
        """What makes its pieces."""

    @abstractmethod
    def writing(self, head: PortfolioHead, answers: Sequence[str]) -> AbstractContextManager[PortfolioWriter]:
        """Pieces that are appended are in their place, all of them, once the block ends well; else none is.

        Standard output has no such choice: it has what was appended. Raises OutputUnavailable.
        """
