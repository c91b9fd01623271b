"""Parts that are but numbers, and what values them: small enough for a process that knows nothing of homes."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from application.ports.portfolio_source import PortfolioPart, PortfolioRows
from application.ports.valuation_engine import PartValuer, ValuedPart
from domain.portfolio_totals import PortfolioTotals


@dataclass(frozen=True, slots=True)
class NumberedPart(PortfolioPart):
    """A part that nobody reads."""

    number: int = field()
    share: float | None = None

    @property
    def first(self) -> int:
        return 10 * self.number + 1

    @property
    def digest(self) -> str:
        return f"part {self.number}"

    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class NumbersValuer(PartValuer):
    """Values a part at its number.

    fails_at: raises `failure` at that part. dies_at: its process is killed there, until `deaths` have been marked in
    the folder.
    """

    fails_at: int | None = None
    failure: Exception | None = None
    dies_at: int | None = None
    deaths: int = 0
    folder: Path | None = None

    def key(self, part: PortfolioPart) -> str:
        return part.digest

    def __call__(self, part: PortfolioPart) -> ValuedPart:
        if part.number == self.fails_at and self.failure is not None:
            raise self.failure
        if part.number == self.dies_at and self.folder is not None:
            marked = len(list(self.folder.iterdir()))
            if marked < self.deaths:
                (self.folder / f"death-{marked}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        totals = PortfolioTotals(valued=1, value=float(part.number))
        return ValuedPart(part.number, self.key(part), part.share, str(part.number).encode(), totals)


class Busy(PartValuer):
    """Says who it is, and is busy then for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, part: PortfolioPart) -> str:
        return part.digest

    def __call__(self, part: PortfolioPart) -> ValuedPart:
        sys.stdout.write("noise")
        (self.folder / str(os.getpid())).touch()
        while True:
            sum(range(1000))


class Noisy(PartValuer):
    """Writes to standard output what it has done, and ends the process with a word."""

    def key(self, part: PortfolioPart) -> str:
        return part.digest

    def __call__(self, part: PortfolioPart) -> ValuedPart:
        os.write(1, b"noise\n")
        if part.number == 1:
            os.write(2, b"the kernel is broken\n")
            os._exit(7)
        return ValuedPart(part.number, "", None, os.environ["OMP_NUM_THREADS"].encode(), PortfolioTotals())
